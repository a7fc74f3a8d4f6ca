"""LDAP directories (RFC 4511): Microsoft Active Directory, OpenLDAP and 389 Directory Server."""

from workers.targets.ldap.target import ADAPTER

__all__ = ["ADAPTER"]
