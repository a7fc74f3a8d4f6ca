"""What one target is to get: who is in scope, which fields, and what happens to those who leave. Pure."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bridge.codec import canonical
from bridge.config.target_settings import Removal, TargetSettings
from bridge.errors import RecordRejected, of_one_record
from bridge.exchange import Reference
from bridge.mapping.compiling import check_once, compile_maps, compile_scopes, compile_unique
from bridge.mapping.environment import PLAIN, Environment, Variables
from bridge.mapping.expressions import Expression, context
from bridge.mapping.protected import Protected
from bridge.mapping.unique import Unique
from bridge.model import GROUP_KINDS, Key, Kind, Lifecycle, Record, Stored, group_kind

Reason = Literal["inactive", "left", "gone", "out_of_scope"]

_WORDS: Mapping[Reason, str] = {
    "inactive": "not active in Kenjo",
    "left": "contract ended",
    "gone": "gone from Kenjo",
    "out_of_scope": "out of scope",
}


def _words(reason: Reason, record: Record) -> str:
    """Why a record should have nothing: whoever has not started yet is treated as one who is not active."""
    upcoming = reason == "inactive" and record.lifecycle is Lifecycle.UPCOMING
    return "has not started yet" if upcoming else _WORDS[reason]


class Action(StrEnum):
    """What a delivery is to do at the target."""

    UPSERT = "upsert"
    DEACTIVATE = "deactivate"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Intent:
    """An action and, in words without values, why. `delete_after`: days until the account is deleted too."""

    action: Action
    reason: str = ""
    delete_after: int | None = None


class Route:
    """The compiled configuration of one target.

    `mapping` is the kind's default mapping (see `workers.targets.base.Adapter`), over which the settings'
    `map` is laid. `configuration` changes with every setting that changes what the target should hold.
    """

    def __init__(
        self,
        name: str,
        settings: TargetSettings,
        mapping: Mapping[str, Any],
        protected: Protected | None = None,
        environment: Environment = PLAIN,
    ) -> None:
        self.name = name
        self.settings = settings
        self._environment = environment
        self._protected = protected or Protected([])
        self.references: Mapping[str, str] = mapping.get("references", {})
        self.group_name: str = mapping.get("group_name") or "displayName"
        self.once = frozenset(settings.once)
        self._access: str = mapping.get("access", "")
        self._required: Mapping[str, list[str]] = mapping.get("required", {})
        self._exclusive: Mapping[str, list[str]] = mapping.get("exclusive", {})
        self._group_kinds = {GROUP_KINDS[source] for source in settings.groups.from_}
        self._maps = compile_maps(name, settings, mapping)
        self._scopes = compile_scopes(name, settings)
        self.unique = Unique(compile_unique(name, settings, self._maps, mapping), environment)
        check_once(name, settings, self._maps, mapping)
        self.fields = frozenset(path for expression in self.expressions for path in expression.fields)
        self.fields |= self._protected.fields
        if self.serves(Kind.TEAM):
            self.fields |= {("groups", source) for source in settings.groups.from_}
        self._dated = any(expression.dated for expression in self._lasting)
        self.configuration = self._hash()

    @of_one_record()
    def intend(self, stored: Stored, *, linked: bool) -> Intent:
        """Decide what to do for a record; `linked`: the target has an object of it.

        Raises RecordRejected when an expression cannot be evaluated for this person.
        """
        if reason := self._removable(stored):
            return self._removal(reason, stored.record, linked=linked)
        if linked and self.settings.mode == "create_only":
            return Intent(Action.SKIP, "create_only: what is there is never changed")
        return Intent(Action.UPSERT)

    @of_one_record()
    def map(self, record: Record) -> dict[str, Any]:
        """The target's attributes, with a Reference for every other record. None: to be cleared.

        Where the settings say that an empty value clears nothing, the attribute is left out.

        Raises RecordRejected when an expression fails for this record.
        """
        mapped = self._mapped(record, self._environment.variables(record))
        return {name: value for name, value in mapped.items() if not self._stays(name, value)}

    def told_of(self, record: Record) -> dict[str, Any]:
        """As much of `map` as can be told of a record of which perhaps only the id is known any more."""
        variables, found = self._environment.variables(record), {}
        for attribute, expression in self._maps[record.key.kind].items():
            with contextlib.suppress(RecordRejected):
                found[attribute] = self._refer(attribute, expression.evaluate(variables))
        return found

    def access(self, mapped: Mapping[str, Any]) -> bool | None:
        """Whether what `map` gave opens a person's account; None where it leaves that as it is.

        Anything but true closes it: an empty or wrong value must not pass for no change.
        """
        if self._access not in mapped:
            return None
        value = mapped[self._access]
        return value is True or (isinstance(value, str) and value.strip().casefold() == "true")

    def shielded(self, record: Record, mapped: dict[str, Any]) -> dict[str, Any]:
        """What `map` gave, for an account that is there: nothing that closes one of somebody protected.

        Raises RecordRejected when it cannot be told whether they are.
        """
        if self.access(mapped) is not False or not self._protected.covers(record):
            return mapped
        return {name: value for name, value in mapped.items() if name != self._access}

    def lasting(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Of what `map` gave only what is kept equal, without what is given once."""
        return {name: value for name, value in attributes.items() if name not in self.once}

    def access_alone(self, mapped: Mapping[str, Any]) -> dict[str, Any]:
        """Of what `map` gave only what opens or closes a person's account."""
        return {name: value for name, value in mapped.items() if name == self._access}

    def _stays(self, attribute: str, value: Any) -> bool:
        """Whether an empty value leaves alone what the target has. No members is a value like another."""
        return value in (None, "") and (not self.settings.clear or attribute in self.settings.keep)

    def _mapped(self, record: Record, variables: Variables) -> dict[str, Any]:
        return {
            attribute: self._refer(attribute, expression.evaluate(variables))
            for attribute, expression in self._maps[record.key.kind].items()
        }

    def lacking(self, kind: Kind, attributes: Mapping[str, Any]) -> str:
        """The first attribute that the target requires and this record has not, or ''.

        What is unique is no matter of the mapping: it is chosen when an account is made.
        """
        required = (name for name in self.required(kind) if attributes.get(name) in (None, ""))
        return next(required, "")

    @of_one_record()
    def lacks(self, record: Record) -> str:
        """The same of what `map` would give, without mapping anything else. Raises RecordRejected."""
        kind, variables = record.key.kind, self._environment.variables(record)
        required = (name for name in self.required(kind) if name in self._maps[kind])
        return self.lacking(kind, {name: self._maps[kind][name].evaluate(variables) for name in required})

    def serves(self, kind: Kind) -> bool:
        """Whether this target gets records of a kind at all."""
        return bool(self._maps.get(kind))

    def unserved(self, stored: Stored) -> str:
        """In words, why a record should have nothing at this target; "" when it should be served.

        Raises RecordRejected when the scope cannot be evaluated.
        """
        reason = self._removable(stored)
        return _words(reason, stored.record) if reason else ""

    def _removable(self, stored: Stored) -> Reason | None:
        """Why this record should have nothing at the target, or None."""
        if stored.gone:
            return "gone"
        match stored.record.lifecycle:
            case Lifecycle.ACTIVE:
                return None if self._in_scope(stored.record) else "out_of_scope"
            case Lifecycle.LEFT:
                return "left"
        return "inactive"  # also who has not started yet

    def _removal(self, reason: Reason, record: Record, *, linked: bool) -> Intent:
        words = _words(reason, record)
        if not linked:
            return Intent(Action.SKIP, f"{words}; was never given to this target")
        if self.settings.mode != "sync":
            return Intent(Action.SKIP, f"{words}; mode {self.settings.mode} removes nobody")
        how: Removal = getattr(self.settings.removal, reason)
        if how == "keep":
            return Intent(Action.SKIP, f"{words}: the account is kept as it is")
        if self._protected.covers(record):
            return Intent(Action.SKIP, f"{words}, but protected: never removed")
        return Intent(Action.DEACTIVATE, words, self.settings.removal.after_days if how == "delete" else None)

    def _in_scope(self, record: Record) -> bool:
        if record.key.kind is Kind.TEAM and group_kind(record.key) not in self._group_kinds:
            return False
        scope = self._scopes.get(record.key.kind)
        if scope is None:
            return True
        answer = scope.evaluate(context(record, self._environment))
        if not isinstance(answer, bool):
            raise RecordRejected(f"{scope.where} gave no true or false: {scope.source}")
        return answer

    def _refer(self, attribute: str, value: Any) -> Any:
        kind = self.references.get(attribute)
        if kind is None or value is None:
            return value
        if isinstance(value, list):
            return [self._reference(attribute, kind, item) for item in value]
        return self._reference(attribute, kind, value)

    def _reference(self, attribute: str, kind: str, value: Any) -> Reference:
        # Whatever stands here becomes part of a key in Redis: it must not be a record's values.
        if not isinstance(value, str):
            raise RecordRejected(f"targets.{self.name}.map.{attribute} must give the id of a {kind}")
        return Reference(Key(Kind(kind), value))

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the bridge's days."""
        return self._environment.zone

    @property
    def expressions(self) -> list[Expression]:
        """All expressions of this target, those of `protected` included."""
        return [*self._lasting, *(one for part in self.unique.expressions.values() for one in part)]

    @property
    def _lasting(self) -> list[Expression]:
        """Those that count as long as somebody has an account."""
        mapped = [expression for part in self._maps.values() for expression in part.values()]
        return [*mapped, *self._scopes.values(), *self._protected.expressions]

    @property
    def maps(self) -> Mapping[Kind, Mapping[str, Expression]]:
        """The expressions by attribute, for each kind of record."""
        return self._maps

    @property
    def scopes(self) -> Mapping[Kind, Expression]:
        """What says which people and groups belong there, where something does."""
        return self._scopes

    @property
    def protected(self) -> Protected:
        """Who is never deactivated or deleted."""
        return self._protected

    def required(self, kind: Kind) -> Sequence[str]:
        """The mapped attributes without which the target takes no record of a kind."""
        unique = self.unique.expressions if kind is Kind.PERSON else {}
        return [name for name in self._required.get(kind, ()) if name not in unique]

    def exclusive(self, kind: Kind) -> frozenset[str]:
        """The attributes of which the target lets no two objects of a kind have the same value."""
        return frozenset(self._exclusive.get(kind, ()))

    @property
    def fingerprint(self) -> str:
        """What an entry of the ledger was made under: the configuration, and the day where that matters.

        So a new day is like a changed configuration: everything is looked at, and what is equal stays.
        """
        day = f"@{self._environment.today.isoformat()}" if self._dated else ""
        return f"{self.configuration}{day}"

    def only_the_day_passed(self, record: Record, config: str) -> bool:
        """Whether an entry made under `config` is still right, as the day makes no difference to this record.

        Else the day would count as a change of everybody. False when that cannot be told.
        """
        configuration, _, day = config.partition("@")
        if not day or configuration != self.configuration or config == self.fingerprint:
            return False
        try:
            before = self._mapped(record, self._environment.variables(record, day))
            return before == self._mapped(record, self._environment.variables(record))
        except RecordRejected:
            return False

    def _hash(self) -> str:
        settings = self.settings.model_dump(mode="json", exclude=set(self.settings.changes_nothing))
        maps = {kind.value: {name: e.source for name, e in part.items()} for kind, part in self._maps.items()}
        everything = [settings, maps, self._protected.sources]
        if any("lookup" in expression.functions for expression in self.expressions):
            everything.append(self._environment.lookups)
        return hashlib.blake2b(canonical(everything), digest_size=8).hexdigest()
