"""Runs the expressions over the people just read, so that a start brings no surprise. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from bridge.config.settings import BridgeSettings
from bridge.errors import RecordRejected
from bridge.exchange import Greeting
from bridge.mapping.checks import Takes
from bridge.mapping.comparisons import meant
from bridge.mapping.environment import Environment
from bridge.mapping.protected import Protected
from bridge.mapping.route import Route
from bridge.mapping.shapes import LIST, MAP
from bridge.model import Kind, Lifecycle, Record, Stored
from bridge.printable import counted

_WHO = {Kind.PERSON: ("people", "person"), Kind.TEAM: ("groups", "group")}
_LETTER_BY_LETTER = "compare with values as Kenjo has them, letter by letter"
_LONGEST = 3
"""Reasons that are told; the first one put right, the next ones follow."""


def try_out(route: Route, records: Collection[Record], takes: Takes) -> Greeting:
    """What a target would get of these records. Problems: nobody in scope, and what would be refused."""
    facts: list[str] = []
    problems: list[str] = []
    for kind, words in _WHO.items():
        there = [one for one in records if one.key.kind is kind and one.lifecycle is Lifecycle.ACTIVE]
        if route.serves(kind) and there:
            found = _Tried(route, there, takes)
            facts += found.facts(words)
            problems += found.problems(words)
    return Greeting(tuple(facts), tuple(problems))


class _Tried:
    """What came of the records of one kind."""

    def __init__(self, route: Route, records: Sequence[Record], takes: Takes) -> None:
        self._route = route
        self._records = records
        self._number = len(records)
        self._kind = records[0].key.kind
        self._failed: Counter[str] = Counter()
        self._lacking: Counter[str] = Counter()
        self._served = 0
        for record in records:
            try:
                self._try(record, takes)
            except RecordRejected as error:
                self._failed[str(error)] += 1

    def _try(self, record: Record, takes: Takes) -> None:
        stored = Stored(record, 1)
        if self._route.unserved(stored):
            return
        self._served += 1
        mapped = self._route.map(record)
        if self._kind is Kind.PERSON:
            self._route.unique.check(record)
        if lacking := self._route.lacking(self._kind, mapped):
            self._lacking[lacking] += 1
        for attribute, value in mapped.items():
            if wrong := _wrong_kind(value, takes(attribute)):
                where = f"targets.{self._route.name}.map.{attribute}"
                raise RecordRejected(f"{where} gives {wrong}, which {attribute} does not hold")

    def facts(self, words: tuple[str, str]) -> Iterator[str]:
        """How many are in scope, and how many of these are left out for what they lack."""
        many, _ = words
        if self._kind is Kind.PERSON or self._kind in self._route.scopes:
            yield f"in scope: {self._served} of {self._number} {many}"
        for attribute, number in self._lacking.items():
            if number < self._served:
                of, lacks = f"of {self._served} {many}", f"no {attribute}"
                one, more = f"{of} has {lacks} and is left out", f"{of} have {lacks} and are left out"
                yield counted(number, one, more)

    def problems(self, words: tuple[str, str]) -> Iterator[str]:
        """Nobody in scope, and what fails."""
        many, one = words
        scope = self._route.scopes.get(self._kind)
        if scope and not self._served and not self._failed:
            hint = meant(scope.source, self._records) or _LETTER_BY_LETTER
            yield (
                f"in scope at {self._route.name}: 0 of {self._number} {many}: {scope.where} is true for none;"
                f" {hint}"
            )
        for reason, number in self._failed.most_common(_LONGEST):
            yield f"{number} of {self._number} {many} would fail: {reason}"
        for attribute, number in self._lacking.items():
            if number == self._served:
                yield (
                    f"{number} of {number} {many} have no {attribute}, which every {one} needs: map it to a"
                    " field that they have"
                )


def unknown_entries(
    values: BridgeSettings, records: Mapping[Any, Stored], environment: Environment
) -> tuple[str, ...]:
    """A sentence for each entry of `protected` that is nobody's, as it follows that word.

    E-mail addresses are told by their place alone.
    """
    people = [stored.record for stored in records.values() if stored.record.key.kind is Kind.PERSON]
    return tuple(_unknown(values.protected, people, environment))


def _unknown(entries: Sequence[str], people: Iterable[Record], environment: Environment) -> Iterator[str]:
    everybody = list(people)
    for number, source in enumerate(entries, 1):
        entry = Protected([source], environment)
        if any(entry.named_by(record) for record in everybody):
            continue
        if entry.expressions:
            what = ""
            advice = f"it is true for no one that Kenjo has; {meant(source, everybody) or _LETTER_BY_LETTER}"
        elif "@" in source:
            what, advice = " (an e-mail address)", "nobody has it; write it as Kenjo has it"
        else:
            what = f" ({source})"
            advice = (
                "it is nobody's Kenjo id, external id or employee number; for a job write an expression, such"
                ' as person.work.jobTitle == "..."'
            )
        yield f"entry {number}{what} protects nobody: {advice}"


def _wrong_kind(value: Any, takes: frozenset[str]) -> str:
    """In words, a list or object where none is held, as custom fields may have them; "" for what fits."""
    if isinstance(value, list) and LIST not in takes:
        return "a list"
    return "an object" if isinstance(value, dict) and MAP not in takes else ""
