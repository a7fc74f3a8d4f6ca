"""Tokens and keys as they stand in a configuration: what copying added is taken off, the rest is checked."""

from __future__ import annotations

import re

from pydantic import SecretStr

_QUOTES = {'"': "double", "'": "single", "`": "back"}
_USABLE = re.compile(r"[\x21-\x7e]*")


def credential(value: SecretStr) -> SecretStr:
    """A token or key without blanks and line ends around it (a file's last one, as a rule).

    Raises ValueError when a header could not carry the rest, or when it stands in quotes, as a file of
    variables keeps them; the sentence shows nothing of it.
    """
    text = value.get_secret_value().strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES:
        raise ValueError(f"stands in {_QUOTES[text[0]]} quotes, which are a part of it here: take them away")
    if text.lower().startswith("bearer "):
        raise ValueError("begins with 'Bearer', which the bridge writes itself: take the word away")
    if not _USABLE.fullmatch(text):
        raise ValueError(
            "must be letters, digits and signs of ASCII without blanks or line breaks between them:"
            " copy it again, and nothing but it"
        )
    return SecretStr(text)
