"""For administrators: the settings in use, trying an expression, and forgetting somebody."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from bridge.model import Key, Kind
from service.kenjo.client import utc_now
from service.operations import closing, forgetting
from service.operations.assembly import Bridge
from service.operations.comparing import compare
from service.operations.configured import mappings, settings_in_use
from service.operations.days import moment_of
from service.web.api.problems import of_what_was_asked
from service.web.api.turns import Turns
from service.web.api.values import Answer, Asked, MaybeText, MaybeWhen, Name


class Settings(Answer):
    """The settings in use."""

    settings: dict[str, Any]
    """Those that are not as by default; secrets are hidden."""
    mappings: dict[str, dict[str, dict[str, str]]]
    """By target and kind of record: the expression of each attribute."""


class Trial(Asked):
    """Expressions to try on somebody."""

    target: Name
    who: Name
    """Kenjo id, e-mail address or external id; a team's id."""
    map: dict[Name, str | None] = Field({}, max_length=100)
    """By attribute the new expression; null takes the attribute out. Without any, those in use."""


class Value(Answer):
    """An expression with its value, or why it has none."""

    source: MaybeText
    value: Any
    error: MaybeText


class TriedAttribute(Answer):
    """An attribute as it is, and as it would be."""

    attribute: str
    now: Value
    new: Value | None = None
    once: bool = False


class Tried(Answer):
    """What expressions give for somebody."""

    record: str
    target: str
    unserved: MaybeText
    """Why the target gets nothing of this record."""
    attributes: list[TriedAttribute]


class Given(Answer):
    """What a target has of a person."""

    account: MaybeText
    open: bool
    """Whether the account is open, as far as is known."""
    groups: list[str]
    """Groups that have it as a member."""
    people: list[str]
    """People who have it as their manager."""


class Leftover(Answer):
    """What targets have of a person: it is taken back or left when the person is forgotten."""

    record: str
    targets: dict[str, Given]


class Forgetting(Asked):
    """That somebody is to be forgotten."""

    close: bool = False
    """Close the accounts first; else they stay as they are."""
    for_good: Literal[True]
    """Nothing brings back what is erased."""


class Forgotten(Answer):
    """What was erased."""

    record: str
    erased: dict[str, int]
    """How many values, by what they were."""
    accounts_left: list[str]
    """Targets at which there is an account."""
    open: list[str]
    """Targets at which that account is open still."""


class Tombstone(Answer):
    """Somebody who is forgotten: nothing but this is stored."""

    record: str
    at: MaybeWhen
    """When that was; null where it was cut short."""
    kenjo: str
    """How Kenjo had them then or has them now: `active`, `left`, `back`, ..."""
    open: list[str]
    """Targets at which an account was left open."""
    whole: bool
    """Whether everything was erased, or a run was ended before that."""


class Tombstones(Answer):
    """Everybody who is forgotten, the latest last."""

    items: list[Tombstone]
    reminders: list[str]
    """What somebody has to do about them, a sentence each."""


class Return(Asked):
    """That somebody is to be read in again."""

    late: bool = False
    """Also after a poll: as somebody whom the bridge has never seen."""


class Returned(Answer):
    """Who is read in again, with the next poll."""

    record: str


class Administering:
    """`/settings`, `/try`, `/people/{id}/forget` and `/forgotten`."""

    def __init__(self, bridge: Bridge, turns: Turns) -> None:
        self._bridge = bridge
        self._turns = turns

    async def settings(self) -> Settings:
        """The settings in use, secrets hidden, and the mapping of each target."""
        return Settings(settings=settings_in_use(self._bridge), mappings=mappings(self._bridge))

    async def try_(self, body: Trial) -> Tried:
        """What expressions give for somebody before they are saved. Kenjo is asked; nothing is written."""
        moment = moment_of(self._bridge.values, None, utc_now())
        async with self._turns.one():
            with of_what_was_asked():
                found = await compare(self._bridge, body.target, body.who, body.map, moment)
        return Tried.model_validate(found)

    async def what_is_left(self, id: str) -> Leftover:  # noqa: A002 - it is the path's name
        """What targets have of a person who is to be forgotten."""
        key = await forgetting.find(self._bridge, str(Key(Kind.PERSON, id)))
        there = await closing.held(self._bridge, key)
        given = {
            name: Given(
                account=one.account,
                open=one.open,
                groups=[str(group) for group in one.groups],
                people=[str(person) for person in one.people],
            )
            for name, one in there.items()
        }
        return Leftover(record=str(key), targets=given)

    async def forget(self, id: str, body: Forgetting) -> Forgotten:  # noqa: A002 - it is the path's name
        """Erase everything that is stored about a person, and never read it in again."""
        key = await forgetting.find(self._bridge, str(Key(Kind.PERSON, id)))
        return Forgotten.model_validate(await forgetting.forget(self._bridge, key, close=body.close))

    async def forgotten(self) -> Tombstones:
        """Everybody who is forgotten, and what is left to do about them."""
        rows = await forgetting.forgotten(self._bridge)
        items = [Tombstone.model_validate(row) for row in rows]
        return Tombstones(items=items, reminders=list(forgetting.reminders(rows)))

    async def take_back(self, id: str, body: Return) -> Returned:  # noqa: A002 - it is the path's name
        """Let somebody who was forgotten be read in again; what was erased stays so."""
        key = await forgetting.undo(self._bridge, str(Key(Kind.PERSON, id)), late=body.late)
        return Returned(record=str(key))
