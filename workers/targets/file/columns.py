"""The columns of a file: which there are, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.model import Kind
from workers.targets.base import mapping_of

MAPPING = mapping_of(__package__)
ACTIVE: str = MAPPING["access"]
"""The column that is true as long as the person works here. Each row has it, if not each file."""

_LONGEST = 200  # characters of a column's name


def is_active(row: Mapping[str, Any]) -> bool:
    """Whether a row is of somebody who works here. As a mapping may say it: true, or the word."""
    value = row.get(ACTIVE)
    return value is True or (isinstance(value, str) and value.strip().casefold() == "true")


def mapped(own: Mapping[str, str | None]) -> list[str]:
    """The columns of the default mapping with a configured one laid over it, in order."""
    laid = {**MAPPING[Kind.PERSON], **own}
    return [name for name, source in laid.items() if source is not None]


def check_attribute(name: str) -> str | None:
    """A column may have any name that can be printed in a line."""
    if name.strip() and name.isprintable() and len(name) <= _LONGEST:
        return None
    return f"the name of a column is a line of at most {_LONGEST} printable characters"


def fitted(columns: Sequence[str]) -> Mapping[str, Any]:
    """The default mapping without what is in no column: that is neither read nor kept."""
    default = {name: source for name, source in MAPPING[Kind.PERSON].items() if name in {*columns, ACTIVE}}
    return {**MAPPING, Kind.PERSON: default}
