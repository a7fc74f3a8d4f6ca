"""Tokens and keys as they stand in a configuration: what copying added is taken off, the rest is checked."""

from __future__ import annotations

import re

from pydantic import SecretStr

_USABLE = re.compile(r"[\x21-\x7e]*")


def credential(value: SecretStr) -> SecretStr:
    """A token or key without blanks and line ends around it (a file's last one, as a rule).

    Raises ValueError when a header could not carry the rest; the sentence shows nothing of it.
    """
    text = value.get_secret_value().strip()
    if not _USABLE.fullmatch(text):
        raise ValueError(
            "must be letters, digits and signs of ASCII without blanks or line breaks between them:"
            " copy it again, and nothing but it"
        )
    return SecretStr(text)
