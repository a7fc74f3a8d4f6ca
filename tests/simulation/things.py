"""What is at a directory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bridge.model import Kind


@dataclass
class Thing:
    """An object at a directory.

    `foreign`: not for the bridge to touch; `owner`: whom it was written for, and `losses`: how often Redis
    had lost data then; `given`: the record to which a person has given it, until the record's id is written
    there, and `given_at`: when that was.
    """

    id: str
    kind: Kind
    attributes: dict[str, Any]
    born: float
    foreign: bool = False
    owner: str = ""
    losses: int = 0
    given: str = ""
    given_at: float = -1.0

    @property
    def key(self) -> str:
        """The record that it is of: by a person's word, by its externalId, else by who adopted it."""
        id_ = self.attributes.get("externalId")
        return self.given or (f"{self.kind}:{id_}" if id_ else self.owner)

    @property
    def is_open(self) -> bool:
        """Whether it is an account that gives access."""
        return bool(self.attributes.get("active"))
