"""SCIM 2.0 servers (RFC 7643, RFC 7644): Slack, Okta, Entra, Leapsome, Staffbase and many more."""

from workers.targets.scim.target import ADAPTER

__all__ = ["ADAPTER"]
