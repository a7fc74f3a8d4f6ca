"""What differs between an object and what is wanted, and what is sent of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.errors import RecordRejected
from bridge.exchange import FieldChange
from workers.targets.rest.compiled import MEMBERS, Objects, Step
from workers.targets.rest.fields import Field, nested
from workers.targets.rest.names import NameLists


@dataclass(frozen=True, slots=True)
class Missing:
    """Stands for the id of an entry that a list of names has to be given first, or to be read for.

    `refusal` is what is said where the entry is not made, and is not there.
    """

    list: str
    name: str
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """One attribute that is sent: `old` and `new` in a mapping's terms, `value` as the tool takes it."""

    field: Field
    old: Any
    new: Any
    value: Any

    def told(self) -> FieldChange:
        """The same to be looked at."""
        return FieldChange(self.field.name, self.old, self.new)


@dataclass(frozen=True, slots=True)
class Judge:
    """Says what differs, for the objects of one kind. `title` is the tool's name, for messages."""

    title: str
    objects: Objects
    names: NameLists

    def new(self, attributes: Mapping[str, Any]) -> list[Given]:
        """What a new object is given: all that has a value."""
        found = []
        for field, value in self._fields(attributes):
            if value in (None, "") or field.spec.read_only:
                continue
            sent = self._sent(field, value)
            if sent is not None:
                found.append(Given(field, None, value, sent))
        return found

    def changed(self, item: Any, attributes: Mapping[str, Any]) -> list[Given]:
        """What differs of an object, but for what has steps of its own. Raises RecordRejected."""
        found = []
        for field, value in self._fields(attributes):
            if field.spec.read_only or self._has_steps(field):
                continue
            if not self._differs(field, item, value) or field.spec.create_only == "keep":
                continue
            if field.spec.create_only == "reject":
                raise RecordRejected(
                    f"{self.title} does not let {field.name} be changed: change it there by hand"
                )
            sent = self._sent(field, value)
            if sent is not None or value in (None, ""):
                found.append(Given(field, self._shown(field, item), value, sent))
        return found

    def access(self, item: Any, attributes: Mapping[str, Any]) -> bool | None:
        """The access that is to be given or taken by steps of its own; None: none. Raises RecordRejected."""
        field = self.objects.access
        if field is None or field.name not in attributes:
            return None
        if not (field.spec.read_only or self._has_steps(field)):
            return None
        wanted, shown = str(attributes[field.name]).strip().casefold() == "true", field.shown(item)
        if shown is wanted or (wanted and shown is None):  # only what is seen out of use is put back
            return None
        if not (self.objects.reactivate if wanted else self.objects.deactivate):
            verb = "put back into use" if wanted else "taken out of use"
            raise RecordRejected(f"{self.title} lets nobody be {verb} by its API: do it there by hand")
        return wanted

    def _has_steps(self, field: Field) -> bool:
        return field is self.objects.access and bool(self.objects.deactivate or self.objects.reactivate)

    def _fields(self, attributes: Mapping[str, Any]) -> Iterable[tuple[Field, Any]]:
        for name, value in attributes.items():
            if name == MEMBERS and self.objects.members:
                continue
            if field := self.objects.fields.get(name):
                yield field, value

    def _differs(self, field: Field, item: Any, value: Any) -> bool:
        if not field.spec.list or value in (None, ""):
            return field.differs(item, value)
        id_ = self.names.id_of(field.spec.list, str(value))
        if id_ is None:
            return field.spec.missing != "omit"
        return bool(field.shown(item) != str(id_))

    def _shown(self, field: Field, item: Any) -> Any:
        shown = field.shown(item)
        return self.names.name_of(field.spec.list, shown) if field.spec.list and shown is not None else shown

    def _sent(self, field: Field, value: Any) -> Any:
        """The value as the tool takes it; None: left out, or emptied by null. Raises RecordRejected."""
        if not field.spec.list or value in (None, ""):
            return field.sent(value)
        id_ = self.names.id_of(field.spec.list, str(value))
        if id_ is not None:
            return id_
        if field.spec.missing != "reject":
            return Missing(field.spec.list, str(value)) if field.spec.missing == "create" else None
        refusal = (
            f"{self.title} has no entry in its {field.spec.list} for the value of {field.name}: make it"
            " there first, or map it to one that is there"
        )
        if self.names.knows(field.spec.list):
            raise RecordRejected(refusal)
        return Missing(field.spec.list, str(value), refusal)  # of a list that was not read nothing is said


def body(given: Iterable[Given], whole: Any = None) -> dict[str, Any]:
    """Values at their places in a body."""
    return nested(((one.field.write, one.value) for one in given), whole)


def share(step: Step, steps: Sequence[Step], given: Sequence[Given]) -> list[Given]:
    """What one of several steps sends: what it names, or all that no other one does."""
    others = {name for one in steps for name in one.sends}
    return [
        one for one in given if (one.field.name in step.sends if step.sends else one.field.name not in others)
    ]


def untaken(steps: Sequence[Step], given: Sequence[Given]) -> str:
    """The name of an attribute that no step sends, or ''."""
    taken = {one.field.name for step in steps for one in share(step, steps, given)}
    return next((one.field.name for one in given if one.field.name not in taken), "")


def chunks(members: Sequence[str], size: int) -> Iterable[list[str]]:
    """Members, as many together as one request takes."""
    for start in range(0, len(members), size):
        yield list(members[start : start + size])
