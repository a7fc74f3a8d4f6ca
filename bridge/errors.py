"""Errors, named by what happens next.

Whoever raises one decides nothing else: the retry owner (the poll tick for Kenjo, `workers.delivery.deliver`
for targets) reads the class and acts. Messages are one sentence for a person and carry no personal value.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import PurePath


class BridgeError(Exception):
    """Everything that the bridge raises on purpose."""


class ConfigurationError(BridgeError):
    """A setting is missing or wrong: nothing starts; a person has to change it."""


class NotThere(ConfigurationError):
    """What a person has named is not there: the sentence says what is."""


class WhoIsMeant(ConfigurationError):
    """A name that nobody has (`none`), or that several have.

    `named`: the same sentence with people's names, for those who may see them. The text itself has none.
    """

    def __init__(self, reason: str, named: str = "", *, none: bool = False) -> None:
        super().__init__(reason)
        self.named = named or reason
        self.none = none


class Unreadable(ConfigurationError):
    """A value in Redis that our keys do not open, or that we did not write: it is not believed.

    Nothing is done, nothing is lost; a process that runs waits until a person has acted, and goes on.
    """


class Damaged(Unreadable):
    """A single value in Redis that we did not write as it stands: worth no more than a missing one."""


class StoreUnavailable(BridgeError):
    """Redis cannot be used now: nothing is done, nothing is lost, the next tick tries again."""


class SourceUnavailable(BridgeError):
    """Kenjo gave no whole snapshot: nothing changes anywhere, the next tick tries again.

    `after`: seconds for which Kenjo asked to be left alone, or None.
    """

    def __init__(self, reason: str, *, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class SourceRefused(SourceUnavailable):
    """Kenjo refused the key or a permission: trying again is useless until a person changes it."""


class SnapshotHeld(BridgeError):
    """A snapshot that is whole but hard to believe: nothing changes until the next one is plausible."""


class LeaseLost(BridgeError):
    """Another service polls this account now: what this one knew must not be written."""


class LockLost(BridgeError):
    """The lock of (target, record) passed to another worker: this one must not act any more."""


class WriteRefused(BridgeError):
    """A request that writes was sent where only reading is allowed (plan, check)."""


class TryLater(BridgeError):
    """A passing fault of the target: back off and try again.

    `after`: seconds that the target asked everybody to wait, or None. `unreachable`: no answer came at all.
    Either is the whole target's fault and not this record's. `counted`: it was noted as a request without an
    answer; the one error of a request that carried many records is noted once.
    """

    def __init__(self, reason: str, *, after: float | None = None, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.after = after
        self.unreachable = unreachable
        self.counted = False

    @property
    def of_the_target(self) -> bool:
        """Whether it is not this record's fault."""
        return self.unreachable or self.after is not None


class Unseen(TryLater):
    """A change was accepted, and nothing shows yet that it was done: never create a second account.

    `ticket` and `wait` (seconds) are those of `bridge.exchange.Accepted`: asking uses up no attempt.
    """

    def __init__(self, reason: str, ticket: str = "", wait: float = 0.0) -> None:
        super().__init__(reason)
        self.ticket = ticket
        self.wait = wait


class RecordRejected(BridgeError):
    """The target will not take this record as it is: park it until record, mapping or operator changes it."""


class NotFound(RecordRejected):
    """The object is not at the target (404, 410)."""


class Conflict(RecordRejected):
    """An object with this key exists already (409, or the dialect's word for it): look up and adopt."""


class NeedsPerson(RecordRejected):
    """Only a person can say whether an account is this record's: parked with `candidates` (ids there).

    `awaits`, `awaited`: the record that has one of them now, "" for none, as in AfterAnother.
    """

    def __init__(
        self, reason: str, candidates: Sequence[str] = (), awaits: str = "", awaited: str = ""
    ) -> None:
        super().__init__(reason)
        self.candidates = tuple(candidates)
        self.awaits = awaits
        self.awaited = awaited


class AmbiguousMatch(NeedsPerson):
    """Several objects at the target match one record: a person has to choose among them."""

    def __init__(self, candidates: Sequence[str], awaits: str = "", awaited: str = "") -> None:
        words = f"{len(candidates)} accounts at the target match: {', '.join(candidates)}"
        super().__init__(words, candidates, awaits, awaited)


class AfterAnother(TryLater):
    """Another record of ours has to be delivered first: soon tried again, and no attempt is used up.

    `awaits`: that record's key, `awaited`: how it stood when that was decided (`bridge.store.waiting`).
    `freed`: this one has just given up what others may be waiting for.
    """

    def __init__(self, reason: str, awaits: str, awaited: str, *, freed: bool = False) -> None:
        super().__init__(reason)
        self.awaits = awaits
        self.awaited = awaited
        self.freed = freed


class AfterTarget(TryLater):
    """Another target has to be done with this record first: soon tried again, and no attempt is used up.

    `refused`: its name, where it does not take the record as it is; "" where it is only not done yet.
    """

    def __init__(self, reason: str, refused: str = "") -> None:
        super().__init__(reason)
        self.refused = refused


class Taken(RecordRejected):
    """The record `awaits` has a value that this one needs, and keeps it: parked until that changes.

    `awaited`: how it stood when that was decided (`bridge.store.waiting`).
    """

    def __init__(self, reason: str, awaits: str, awaited: str) -> None:
        super().__init__(reason)
        self.awaits = awaits
        self.awaited = awaited


class TargetHalted(BridgeError):
    """Credentials or permission were refused: the whole target pauses until a person has acted."""


def unforeseen(error: Exception) -> TryLater:
    """What an exception of a type that nobody foresaw means for one record: a fault to try again, and count.

    It names the class and the place, never the text, which may have anybody's values.
    """
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, BridgeError):
        return TryLater(str(error))  # its text is ours
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f" in {PurePath(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return TryLater(f"an error that nobody foresaw ({type(error).__name__[:60]}{place}); please report it")


@contextlib.contextmanager
def of_one_record() -> Iterator[None]:
    """What is done here is about one record: so is any exception. Raises RecordRejected."""
    try:
        yield
    except BridgeError:
        raise
    except Exception as error:  # noqa: BLE001 - a bug, or data that nobody foresaw
        raise RecordRejected(str(unforeseen(error))) from None
