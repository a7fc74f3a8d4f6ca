"""What targets had before deliveries changed it, kept for some days, so that a run can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.codec import Codec, reading
from bridge.model import DAY, Key


@dataclass(frozen=True, slots=True)
class Former:
    """The values of the attributes that a delivery changed, by attribute as they were there before.

    `members`: by attribute the remote ids that were taken out of a list. `days` for which it is kept.
    """

    values: Mapping[str, Any] = field(default_factory=dict, hash=False)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    days: int = 0


def day_of(at: float) -> str:
    """The name of the hash in which stands what was changed `at` (epoch seconds)."""
    return f"former:{int(at // DAY)}"


def field_of(key: Key, at: float) -> str:
    """The field in which stands what a record had before it was changed `at`."""
    return f"{key} {at!r}"


def seal_former(codec: Codec, where: str, former: Former | None) -> str | bytes:
    """As it is kept at a place; "" for nothing."""
    if former is None or not former.days or not (former.values or former.members):
        return ""
    return codec.seal({"values": former.values, "members": former.members}, where)


def open_former(codec: Codec, where: str, blob: bytes) -> Former:
    """Read what `seal_former` wrote at a place. Raises Unreadable."""
    value = codec.open(blob, where)
    with reading(where):
        members = {str(name): tuple(map(str, ids)) for name, ids in value["members"].items()}
        return Former(dict(value["values"]), members)
