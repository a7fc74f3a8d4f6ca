"""ldap3, imported without the warnings that its release of 2021 meets in pyasn1 of today."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # ldap3 2.9.1 takes pyasn1's tables by names that pyasn1 0.6 calls deprecated, and still has.
    warnings.filterwarnings("ignore", r"(tagMap|typeMap) is deprecated", DeprecationWarning)
    import ldap3
    import ldap3.core.exceptions

__all__ = ["ldap3"]
