"""Permits to write, as tests need them."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.errors import LockLost


class Always:
    """Lets every write pass."""

    async def ask(self, *, paced: bool = False) -> None:
        """Say yes."""
        del paced


@dataclass
class Counted:
    """Lets so many writes pass; `order` has each question, among what else a test notes there."""

    allowed: int
    order: list[str] = field(default_factory=list)

    @property
    def asked(self) -> int:
        """How often it was asked."""
        return self.order.count("asked")

    async def ask(self, *, paced: bool = False) -> None:
        """Raises LockLost when the writes are used up."""
        del paced
        self.order.append("asked")
        if self.asked > self.allowed:
            raise LockLost("the lock passed on")
