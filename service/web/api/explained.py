"""Everything about one record, as the API tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.model import Key, Lifecycle, Outcome, State
from service.operations.board import Sight
from service.operations.naming import name_of
from service.operations.standing import Standing
from service.operations.telling import HIDDEN
from service.web.api.events import Event, event
from service.web.api.values import Answer, MaybeText, MaybeWhen, Named, Place, When


class Change(Answer):
    """An attribute that would change."""

    attribute: str
    old: Any
    new: Any


class Step(Named):
    """What a delivery would do."""

    action: str
    """`create`, `adopt`, `update`, `deactivate`, `delete`, `skip`, `unchanged`, `fail` or `wait`."""
    reason: str
    account: MaybeText
    """The id of the account there is."""
    hold: MaybeText
    """The id of the hold that holds it back."""
    candidates: list[str]
    """Accounts among which somebody has to choose."""
    changes: list[Change]


class Lifetime(Answer):
    """Where a person stands today, and what makes it so."""

    state: Lifecycle | None
    """Null for who is gone from Kenjo."""
    why: str
    is_active: bool | None = None
    """As Kenjo says."""
    starts: MaybeText = None
    ends: MaybeText = None
    """The first day and the end of the contract, as Kenjo says."""
    trouble: MaybeText = None
    """Why Kenjo could not be asked for the days."""


class ScopePart(Answer):
    """A part of a scope."""

    source: str
    value: bool | str
    """True, false, or why that cannot be told."""
    decides: bool
    """Whether it makes the whole what it is."""


class Scope(Answer):
    """Who belongs to a target, and what that makes of this person."""

    source: str
    parts: list[ScopePart]


class Attribute(Answer):
    """An attribute with its expression and value; without a name: why there are none."""

    attribute: str
    source: str
    value: Any
    once: bool = False
    """Given to a new account only."""
    why: MaybeText = None
    """Of a unique value: why it is this one."""


class Delivered(Answer):
    """What was done last."""

    state: State
    outcome: Outcome
    revision: int
    reason: str
    attempts: int
    candidates: list[str]
    missing: list[str]
    at: MaybeWhen
    retry_at: MaybeWhen
    delete_at: MaybeWhen
    failed_since: MaybeWhen


class Call(Answer):
    """What a target was asked for this record, and how it answered; no values."""

    at: When
    seconds: float
    what: str
    answer: str


class WantedOf(Answer):
    """An attribute, and what the record wants of it."""

    attribute: str
    value: Any


class CandidateField(Answer):
    """What a candidate has of an attribute."""

    attribute: str
    value: Any
    differs: bool
    """Whether it is not what is wanted."""


class Candidate(Answer):
    """An account of which only a person can say whether it is this record's."""

    account: str
    """Its id at the target."""
    owner: MaybeText
    """Another record that has it; null for nobody."""
    why: MaybeText
    """Why that one should have none any more."""
    refused: MaybeText
    """Why it cannot be adopted as things stand."""
    facts: list[str]
    """What is known of it: `carries another external id`, `is inactive`, `its owner is protected`, ..."""
    fields: list[CandidateField]
    """In the order of `wanted`; none where it cannot be compared."""
    trouble: MaybeText
    """Why it cannot."""


class Candidates(Answer):
    """The accounts among which somebody has to choose, beside what is wanted."""

    wanted: list[WantedOf]
    accounts: list[Candidate]
    left_out: int
    """How many more there are."""
    trouble: MaybeText
    """Why none can be compared."""


class HeldBy(Answer):
    """The hold that holds it back."""

    id: str
    state: str
    reason: str


class Next(Answer):
    """What happens next."""

    what: str
    at: MaybeWhen


class AtTarget(Answer):
    """One record at one target."""

    kind: str
    mode: str
    served: bool
    """Whether the target gets records of this kind."""
    standing: Place
    why: str
    helps: MaybeText
    scope: Scope | None
    account: MaybeText
    """Its id there."""
    attributes: list[Attribute]
    delivered: Delivered | None
    calls: list[Call]
    """The last requests, the oldest first."""
    step: Step | None
    candidates: Candidates | None
    """Null where there is nothing to choose."""
    hold: HeldBy | None
    next: list[Next]


class Explained(Named):
    """Everything about one record. Values are for who may see them: else they are `…`."""

    revision: int
    seen: When
    """When this revision was seen in Kenjo."""
    gone: bool
    fields: dict[str, Any]
    """What is stored of it, by dotted name."""
    lifecycle: Lifetime | None
    unusable: list[str]
    """Why rows of Kenjo about it cannot be used."""
    targets: dict[str, AtTarget]
    events: list[Event]
    """What happened last, the newest first."""


def explained(found: Mapping[str, Any], sight: Sight, *, values: bool) -> Explained:
    """What `service.operations.explaining.explain` has found."""
    key = Key.parse(found["record"])
    return Explained(
        record=found["record"],
        name=name_of(sight.known.get(key)) if values else None,
        revision=found["revision"],
        seen=found["seen"],
        gone=found["gone"],
        fields=found["fields"],
        lifecycle=_lifetime(found["lifecycle"]) if found["lifecycle"] else None,
        unusable=found["unusable"],
        targets={name: _at_target(one, values=values) for name, one in found["targets"].items()},
        events=[event(one, sight, names=values) for one in reversed(found["events"])],
    )


def _lifetime(found: Mapping[str, Any]) -> Lifetime:
    return Lifetime(
        state=None if found["is"] == "gone" else found["is"],
        why=found["why"],
        is_active=found.get("isActive"),
        starts=found.get("startDate"),
        ends=found.get("contractEnd"),
        trouble=found.get("kenjo"),
    )


def _at_target(found: Mapping[str, Any], *, values: bool) -> AtTarget:
    standing, scope = found["standing"], found["scope"]
    return AtTarget.model_validate(
        {
            **found,
            "standing": Standing(standing["is"]).field,
            "why": standing["why"],
            "helps": standing["helps"],
            "scope": scope and _scope(scope, values=values),
            "attributes": [
                {**row, "source": _source(row["source"], values=values)} for row in found["payload"]
            ],
            "delivered": found["ledger"],
        }
    )


def _scope(scope: Mapping[str, Any], *, values: bool) -> dict[str, Any]:
    parts = [{**one, "source": _source(one["source"], values=values)} for one in scope["parts"]]
    return {"source": _source(scope["source"], values=values), "parts": parts}


def _source(source: str, *, values: bool) -> str:
    """An expression as it may be shown: what stands in quotes may be somebody's."""
    return source if values or not {'"', "'"} & set(source) else HIDDEN
