"""What a server's refusals mean, by what happens next (RFC 4511 appendix A; Active Directory's own codes).

No text of a server is repeated: it may name people. Codes and names of attributes are.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from bridge.errors import BridgeError, Conflict, NotFound, RecordRejected, TargetHalted, TryLater

Asked = Literal["read", "add", "modify", "password", "rename", "delete"]

SUCCESS, SIZE_LIMIT, NO_SUCH_ATTRIBUTE, CONSTRAINT, VALUE_EXISTS = 0, 4, 16, 19, 20
INVALID_SYNTAX, NO_RIGHT = 21, 50
NO_SUCH_OBJECT, UNWILLING, OBJECT_CLASS, ENTRY_EXISTS = 32, 53, 65, 68

RESTRICTED = "0000052D"
"""Windows' ERROR_RESTRICTED: no password, or one that the domain's rules refuse."""

_PASSING = {3: "timeLimitExceeded", 51: "busy", 52: "unavailable", 80: "other"}
_ENCRYPT = {8: "strongerAuthRequired", 13: "confidentialityRequired"}
_NOT_UNIQUE = ("0000202F", "000021C7", "000021C8")
"""Another entry has the value: of Samba, and ERROR_DS_SPN_ and _UPN_VALUE_NOT_UNIQUE_IN_FOREST of Windows."""

_SIGN_IN = {
    "525": "there is no such account",
    "52e": "the name or the password is wrong",
    "530": "it may not sign in at this hour",
    "531": "it may not sign in from this machine",
    "532": "its password has expired",
    "533": "the account is disabled",
    "701": "the account has expired",
    "773": "its password has to be changed first",
    "775": "the account is locked",
}
"""What follows `data` in Active Directory's answer to a bind: Windows' error codes, hexadecimal."""

_CODE = re.compile(r"\b([0-9A-F]{8}):")
_DATA = re.compile(r"\bdata ([0-9a-f]{1,8})\b")
_ATTRIBUTE = re.compile(
    r"(?:^|\b(?:requires|attribute) ['\"(]?(?:attribute ['\"])?)([A-Za-z][A-Za-z0-9-]{1,60})"
    r"(?=: (?:value #|attribute type undefined|no equality)|['\"] not allowed|['\"]$)"
)


class Said(NamedTuple):
    """The result of an operation: its code (RFC 4511 section 4.1.9), that code's name, and a diagnostic."""

    code: int
    name: str
    text: str = ""

    @property
    def says_taken(self) -> bool:
        """Whether a constraint is that a value is another entry's already."""
        text = self.text.lower()
        return self.windows in _NOT_UNIQUE or "not unique" in text or "already exists" in text

    @property
    def windows(self) -> str:
        """Windows' error code, hexadecimal; "" where there is none."""
        match = _CODE.search(self.text)
        return match[1] if match else ""

    @property
    def words(self) -> str:
        """The result in words that name nobody."""
        attribute = _ATTRIBUTE.search(self.text)
        parts = (self.name, self.windows, attribute and f"attribute {attribute[1]}")
        return f"answered {self.code} ({', '.join(filter(None, parts))})"


def refusal(said: Said, asked: Asked) -> BridgeError:
    """What happens next where an operation was not done."""
    if said.code in _PASSING:
        return TryLater(said.words)
    if said.code in _ENCRYPT:
        return TargetHalted(
            f"{said.words}: the server wants an encrypted connection; use ldaps:// or start_tls"
        )
    if said.code == 49:
        return sign_in_refused(said)
    if said.code == NO_RIGHT:
        return _lacks_a_right(said, asked)
    if said.code == 10 or (said.code == UNWILLING and "shadow context" in said.text):
        return TargetHalted(f"{said.words}: it refers to another server; name the one that takes changes")
    if said.code == 1 and "bind must be completed" in said.text:
        return TargetHalted(f"{said.words}: it wants another sign-in; check bind_dn and password")
    return _read_refused(said) if asked == "read" else _write_refused(said, asked)


def sign_in_refused(said: Said) -> BridgeError:
    """What a refused bind means: whatever it is, a person has to act, unless the server is out of order."""
    if said.code in _PASSING:
        return TryLater(said.words)
    if said.code in _ENCRYPT:
        return refusal(said, "read")
    data = _DATA.search(said.text)
    why = _SIGN_IN.get(data[1] if data else "", "check bind_dn and password")
    code = f", data {data[1]}" if data else ""
    return TargetHalted(f"refused the sign-in with {said.code} ({said.name}{code}): {why}")


def _lacks_a_right(said: Said, asked: Asked) -> BridgeError:
    if asked == "read":
        return TargetHalted(f"{said.words}: bind_dn may not read below base; give it that right")
    right = {
        "add": "create entries in this container",
        "modify": "write each mapped attribute of this entry",
        "password": "reset people's passwords",
        "rename": "rename this entry, or move it between these containers",
        "delete": "delete this entry",
    }[asked]
    return RecordRejected(f"{said.words}: bind_dn has no right to {right}")


def _read_refused(said: Said) -> BridgeError:
    if said.code == NO_SUCH_OBJECT:
        return TargetHalted(f"{said.words}: base is not there, or bind_dn may not see it")
    return RecordRejected(said.words)


def _write_refused(said: Said, asked: Asked) -> BridgeError:
    if said.code == ENTRY_EXISTS:
        return Conflict(
            f"{said.words}: another entry has its name in this container, or (in Active Directory) its"
            " sAMAccountName anywhere in the domain"
        )
    if said.code == CONSTRAINT and said.says_taken:
        return Conflict(f"{said.words}: another entry has a value that no two may have")
    if said.code == NO_SUCH_OBJECT:
        if asked in ("add", "rename"):
            return RecordRejected(f"{said.words}: the container is not there; make it, or map another one")
        return NotFound(f"{said.words}: the entry is not there any more")
    if said.windows == RESTRICTED:
        return RecordRejected(f"{said.words}: the domain's rules for passwords refuse it")
    return RecordRejected(said.words)
