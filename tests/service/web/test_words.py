"""What pages say, in three languages."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
import yaml

from bridge.config.target_settings import Limit
from bridge.effects import Verb
from bridge.errors import AmbiguousMatch, WhoIsMeant
from bridge.model import Key, Kind, Record, Stored
from bridge.store.gate import Survey
from service.operations.explaining import _first_day
from service.operations.failures import _IN_KENJO
from service.operations.naming import NOBODY, pick
from service.watch.judging import _not_whole
from service.watch.policy import Excess
from service.web.pages import language
from service.web.pages.language import PART, Speaker, translated
from tests.service.web import said
from workers.delivery.first_contact import mismatch

TRANSLATED = [code for code in language.LANGUAGES if code != "en"]


def given(code: str) -> dict[str, dict[str, str]]:
    """The parts of a file as they stand there."""
    file = resources.files("service.web.pages") / "words" / f"{code}.yaml"
    found: dict[str, dict[str, str]] = yaml.safe_load(file.read_text("utf-8"))
    return found


def excess(verb: Verb, kind: Kind = Kind.PERSON, **more: Any) -> str:
    keys = frozenset(Key(kind, str(number)) for number in range(7))
    given = {"limit": Limit(count=5, percent=20), "base": 50}
    return Excess(verb, kind, keys, **{**given, **more}).reason


def _meant(ids: list[str], who: str) -> str:
    """What is said where several people are called Ana Diaz, or none is."""
    data = {"personal": {"displayName": "Ana Diaz"}}
    people = {Key(Kind.PERSON, id_): Stored(Record(Key(Kind.PERSON, id_), data), 1) for id_ in ids}
    with pytest.raises(WhoIsMeant) as refused:
        pick(people, who)
    return str(refused.value)


START = {"startDate": "2030-01-10", "isActive": False}

COMPOSED = {
    excess(Verb.REMOVE): "würde 7 Personen entfernen (14 % von 50 dort), mehr als 5 und mehr als 20 %",
    excess(Verb.CREATE, base=0): "würde 7 Personen anlegen (0 dort), mehr als 5 und mehr als 20 %",
    excess(Verb.UPDATE, Kind.TEAM): "würde 7 Gruppen ändern (14 % von 50 dort), mehr als 5 und mehr als 20 %",
    excess(Verb.REMOVE, others=3): (
        "würde 7 Personen entfernen, mit 3 anderen in den letzten 24 Stunden (20 % von 50 dort), mehr als 5"
        " und mehr als 20 %"
    ),
    excess(Verb.DELETE, others=1, hours=1.0): (
        "würde 7 Personen löschen, mit 1 anderen in der letzten Stunde (16 % von 50 dort), mehr als 5"
        " und mehr als 20 %"
    ),
    excess(Verb.MEMBERS, Kind.TEAM, lost=9): (
        "würde 9 Mitglieder aus 7 Gruppen nehmen (18 % von 50 dort), mehr als 5 und mehr als 20 %"
    ),
    excess(Verb.MEMBERS, Kind.TEAM, lost=1, others=3): (
        "würde 1 Mitglied aus 7 Gruppen nehmen, mit 3 anderen in den letzten 24 Stunden (8 % von 50 dort),"
        " mehr als 5 und mehr als 20 %"
    ),
    excess(
        Verb.REMOVE, limit=None
    ): "würde 7 Personen entfernen, durch eine Entscheidung von anderen getrennt",
    excess(Verb.MEMBERS, Kind.TEAM, lost=9, limit=None): (
        "würde 9 Mitglieder aus 7 Gruppen nehmen, durch eine Entscheidung von anderen getrennt"
    ),
    f"employees/work: is odd{_IN_KENJO}": (
        "employees/work: is odd; berichtigen Sie das in Kenjo, bis dahin bleiben die zuletzt bekannten Werte"
    ),
    _not_whole(2, 3, 0.0).reason: (
        "In den Listen von Kenjo fehlen 3 bisherige Datensätze, und 2 dieser Personen hat Kenjo noch, wenn"
        " man nach ihnen fragt: Die Listen sind nicht vollständig, und bis sie es sind, ändert sich nichts"
    ),
    str(AmbiguousMatch(["a1", "a2"])): "2 Konten im Zielsystem passen: a1, a2",
    _meant([], "Ana"): (
        "niemand hat diese Kenjo-ID, diesen Namen, diese E-Mail-Adresse, externe ID oder Personalnummer"
        " (alle zeigt kenjo-bridge people --names)"
    ),
    _meant(["ana", "ben"], "Ana Diaz"): (
        "2 heißen so: person:ana, person:ben; nennen Sie eine davon mit der Kenjo-ID"
    ),
    _meant(["ana"], "Ana Dias"): (
        "niemand hat diese Kenjo-ID, diesen Namen, diese E-Mail-Adresse, externe ID oder Personalnummer;"
        " ähnlich: person:ana (alle zeigt kenjo-bridge people --names)"
    ),
    _first_day({**START, "isActive": True}, 0): "ein Konto ab 2030-01-10",
    _first_day({**START, "isActive": True}, 3): "ein Konto ab 2030-01-07, 3 Tage vor dem ersten",
    _first_day(START, 0): "ein Konto ab 2030-01-10, wenn Kenjo die Person dann als aktiv führt",
    _first_day(START, 3): (
        "ein Konto ab 2030-01-07, 3 Tage vor dem ersten, wenn Kenjo die Person dann als aktiv führt"
    ),
}
"""Sentences that the bridge builds of several parts, and what they are in German."""

PARTS = {
    *("nothing", "people", "groups", "person", "group", "hour", _IN_KENJO.removeprefix("; ")),
    *(NOBODY, "near to it: {}", "other deliveries are not over"),
} | {
    said.shape(f"{number} {noun}")
    for number in ("1", "{n}")
    for noun in (
        "hours",
        "other",
        "others",
        "member",
        "members",
        "account",
        "accounts",
        "attempt",
        "attempts",
    )
    if (number == "1") != noun.endswith("s")
}
"""Words in such sentences, and numbers of things."""


@pytest.mark.parametrize("code", TRANSLATED)
def test_everything_is_translated(code: str) -> None:
    """What templates and code say == what has a translation; nothing is translated that nobody says."""
    there = given(code)
    patterns = {key: language._pattern(key) for key in there["sentences"] if PART.search(key)}
    composed = {key for key, pattern in patterns.items() if any(map(pattern.fullmatch, COMPOSED))}
    wanted = {said.shape(text) for text in said.texts() | said.sentences() | composed | PARTS}
    present = {said.shape(text) for part in there.values() for text in part}
    assert (wanted - present, present - wanted) == (set(), set())
    assert not there["texts"].keys() & there["sentences"].keys()
    filled_in = {text for text in said.sentences() if "{}" in text}
    assert filled_in <= {said.shape(text) for text in there["sentences"]}
    assert {text for text in said.texts() if "{" in text} == {text for text in there["texts"] if "{" in text}


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_has_the_same_parts(code: str) -> None:
    """Parts in braces of a translation == those of the English text; none is empty or left in English."""
    for english, text in (pair for part in given(code).values() for pair in part.items()):
        parts = {part for part in PART.findall(english) if not part.startswith("_")}
        assert set(PART.findall(text)) == parts, english
        assert text.strip() == text != "", english


def test_languages_say_the_same() -> None:
    """The files have the same texts in the same order."""
    german, spanish = (given(code) for code in TRANSLATED)
    assert [list(part) for part in german.values()] == [list(part) for part in spanish.values()]


@pytest.mark.parametrize("english", COMPOSED)
def test_a_sentence_of_parts_is_said_whole(english: str) -> None:
    """A sentence with values in it == that sentence in German, its words too; in Spanish another one."""
    assert translated("de", english) == COMPOSED[english]
    assert translated("es", english) not in (english, COMPOSED[english])
    assert translated("en", english) == english


def test_a_survey_that_fits_badly() -> None:
    """The sentence of a first contact that looks wrong == the same in German."""
    found = Survey("", accounts=60, people=50, create=28, adopt=2)
    assert translated("de", mismatch(found) or "").startswith(
        "würde 28 von 30 gesuchten Personen, von 50, in einem"
    )


@pytest.mark.parametrize("text", ["the vendor said no to people", "x" * 5000, "{} {x} {0}", "", "a; b", "[("])
def test_what_nobody_knows_stays(text: str) -> None:
    """A text from elsewhere == itself in every language, whatever it looks like."""
    assert {translated(code, text) for code in language.LANGUAGES} == {text}


def test_values_are_never_read_as_texts() -> None:
    """Braces in a value stay braces."""
    speaker = Speaker("de")
    assert speaker("by {who}", who="{language}") == "durch {language}"
    assert speaker("held by {x}: {self}") == "angehalten durch {x}: {self}"


@pytest.mark.parametrize(("code", "number"), [("en", "10,000"), ("de", "10.000"), ("es", "10.000")])
def test_numbers_are_grouped(code: str, number: str) -> None:
    """Ten thousand == as the language writes it."""
    speaker = Speaker(code)
    assert number in speaker.many("1 person", "{n} people", 10_000)
