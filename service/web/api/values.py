"""What the bodies, queries and answers of the API are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from service.operations.standing import Stand

_Row = TypeVar("_Row")

Place = Literal["in_step", "waiting", "held", "failing", "left_out"]
"""Where a record stands at a target (`service.operations.standing.Standing`)."""

When = AwareDatetime
"""A moment; made of seconds of the epoch or of a text."""

MaybeWhen = Annotated[AwareDatetime | None, BeforeValidator(lambda at: at or None)]
"""A moment, or none: 0 and "" are none."""

MaybeText = Annotated[str | None, BeforeValidator(lambda text: text or None)]
"""A text, or none: "" is none."""

Name = Annotated[str, Field(min_length=1, max_length=100)]
"""A name or id that somebody gives."""

MOST = 500
"""Rows in one answer of a list."""


class Answer(BaseModel):
    """What is answered. More fields may come with time."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, from_attributes=True)


class Asked(BaseModel):
    """What is asked: a misspelt name is an error."""

    model_config = ConfigDict(
        frozen=True, use_attribute_docstrings=True, extra="forbid", hide_input_in_errors=True
    )


class Nothing(Asked):
    """Nothing more is to be said: `{}`."""


class Paging(Asked):
    """Which part of a list."""

    limit: int = Field(50, ge=1, le=MOST)
    """How many rows at most."""
    after: str = Field("", max_length=200)
    """Only what comes after this: `next` of the answer before."""


class Part(Answer):
    """A part of a list."""

    next: MaybeText = None
    """What to ask for with `after` to get the next part; null at the end."""


class Named(Answer):
    """A record: a person, a team or another group."""

    record: str
    """Its kind and Kenjo's id, such as `person:5f3a...`."""
    name: MaybeText = None
    """What it is called, for who may see names."""


class Stands(Answer):
    """Where a record stands at a target, and why."""

    standing: Place
    why: str
    """The reason; "" where there is none to tell."""
    next: str
    """What happens next."""
    at: MaybeWhen
    """When that is, where it is known."""
    helps: MaybeText
    """The command that does something about it."""


def stands(stand: Stand) -> Stands:
    """A place as it is told."""
    return Stands.model_validate(
        {
            "standing": stand.standing.field,
            "why": stand.why,
            "next": stand.then,
            "at": stand.at,
            "helps": stand.helps,
        }
    )


def part(
    rows: Sequence[_Row], key: Callable[[_Row], Any], after: Any, limit: int
) -> tuple[list[_Row], _Row | None]:
    """So many of sorted rows after a key, and the last of them if more come.

    Rows with the same key stay together. `after`: None begins at the beginning.
    """
    there = [row for row in rows if after is None or key(row) > after]
    end = limit
    while 0 < end < len(there) and key(there[end]) == key(there[end - 1]):
        end += 1
    return there[:end], there[end - 1] if end < len(there) else None
