"""Functions over texts, names and telephone numbers, on what people are really called."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import RecordRejected
from tests.evaluating import value

quick = settings(max_examples=100, deadline=None)
MECHANIC = "\U0001f469\u200d\U0001f527"  # one sign of three characters
HEBREW = "\u05de\u05d9\u05db\u05d0\u05dc"
LONG = "ä" * 90_000


@pytest.mark.parametrize(
    ("source", "text", "result"),
    [
        ("left(person.x, 1)", "u\u0308ber", "ü"),
        ("left(person.x, 1)", "e\u0300\u0323x", "\u1eb9\u0300"),  # Yoruba: a letter that needs two characters
        ("left(person.x, 1)", f"{MECHANIC}x", MECHANIC),
        ("left(person.x, 2)", HEBREW, HEBREW[:2]),
        ("left(person.x, 9)", "ab", "ab"),
        ("left(person.x, 0)", "ab", ""),
        ("left(person.x, 1)", "", ""),
        ("left(person.x, 3)", LONG, "äää"),
        ("right(person.x, 2)", "Groß", "oß"),
        ("right(person.x, 0)", "ab", ""),
        ("right(person.x, 9)", "ab", "ab"),
        ("substring(person.x, 1)", "äbc", "bc"),
        ("substring(person.x, 1, 2)", "äbc", "b"),
        ("substring(person.x, 2, 1)", "abc", ""),
        ("substring(person.x, 7)", "abc", ""),
        ('substringBefore(person.x, "@")', "ana@a@b", "ana"),
        ('substringBefore(person.x, "@")', "ana", "ana"),
        ('substringAfter(person.x, "@")', "ana@a@b", "a@b"),
        ('substringAfter(person.x, "@")', "ana", ""),
        ("truncate(person.x, 3)", "abcd", "abc"),
        ("truncate(person.x, 1)", "\u1eb9\u0300a", ""),  # it would be half a letter
        ("truncate(person.x, 2)", "\u1eb9\u0300a", "\u1eb9\u0300"),
        ("initials(person.x)", "Anna-Lena Öztürk", "ALÖ"),
        ("initials(person.x)", "  ", ""),
        ('keepOnly(person.x, "0-9+")', "+49 (0)30-1", "+490301"),
        ('keepOnly(person.x, "a-zü-")', "u\u0308-b_Z", "ü-b"),
        ('keepOnly(person.x, "^]")', "a^]\\", "^]"),
        ('padStart(person.x, 6)', "42", "000042"),
        ('padStart(person.x, 2)', "1234", "1234"),
        ('padStart(person.x, 4, " ")', "ä", "   ä"),
    ],
)  # fmt: skip
def test_parts_of_texts(source: str, text: str, result: str) -> None:
    """Letters are counted as people see them; what lies beyond the end is nothing."""
    assert value(source, x=text) == result


def test_a_number_is_filled_up() -> None:
    """A personnel number that is a number == a text with zeros before it."""
    assert value("padStart(person.x, 6)", x=42) == "000042"


@quick
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.integers(0, 9))
def test_truncated_text_fits(text: str, most: int) -> None:
    """Any text cut to a length == no longer than that, and the beginning of the composed text."""
    cut = value("truncate(person.x, person.n)", x=text, n=most)
    assert len(cut) <= most
    assert value("left(person.x, 1000)", x=text).startswith(cut)


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("MARÍA DE LA CRUZ", "María de la Cruz"),
        ("ursula VON DER leyen", "Ursula von der Leyen"),
        ("Von Der Leyen", "von der Leyen"),
        ("DE", "De"),
        ("  anna-LENA  o'brien ", "  Anna-Lena  O'Brien "),
        ("McDonald DiCaprio", "McDonald DiCaprio"),
        ("straße", "Straße"),
        ("E\u0301MILE", "Émile"),
        ("ΝΙΚΟΣ", "Νικος"),
        (HEBREW, HEBREW),
        ("ALİ", "Ali"),
        ("", ""),
    ],
)
def test_names_in_title_case(name: str, result: str) -> None:
    """Each part of a name has one capital, particles before another word have none, mixed case stays."""
    assert value("titleCase(person.x)", x=name) == result


def test_turkish_capitals() -> None:
    """In Turkish I and İ are two letters: ALİ IŞIK isa == Ali Işık İsa."""
    assert value('titleCase(person.x, "tr")', x="ALİ IŞIK isa") == "Ali Işık İsa"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("García López", ["García", "López"]),
        ("Müller-Lüdenscheidt", ["Müller", "Lüdenscheidt"]),
        ("de la Cruz Martínez", ["de la Cruz", "Martínez"]),
        ("von der Leyen", ["von der Leyen"]),
        ("Ortega y Gasset", ["Ortega", "Gasset"]),
        ("de", ["de"]),
        ("", []),
    ],
)
def test_double_names_have_parts(name: str, parts: list[str]) -> None:
    """Particles stay with the name that they introduce, and nothing but y and hyphens is lost."""
    assert value("familyNames(person.x)", x=name) == parts


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0171 1234567", "+491711234567"),
        ("+49 (0)171/123-45-67", "+491711234567"),
        ("0034 612 345 678", "+34612345678"),
        ("+39 06 698 12345", "+390669812345"),  # Italy keeps the 0
        ("٠١٧١١٢٣٤٥٦٧", "+491711234567"),
        ("  ", None),
    ],
)
def test_telephone_numbers(written: str, number: str | None) -> None:
    """A German number as people write it, and one of another country == E.164."""
    assert value('e164(person.x, "DE")', x=written) == number


@pytest.mark.parametrize("written", ["ask Ana", "110", "0171 1234567 ext. 5", "1" * 400])
def test_no_telephone_number(written: str) -> None:
    """What is none, or would lose its extension == the fallback, and without one a refusal."""
    assert value('e164(person.x, "DE", person.x)', x=written) == written
    with pytest.raises(RecordRejected, match=r"e164\(\) was given no telephone number") as caught:
        value('e164(person.x, "DE")', x=written)
    assert written not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("left(person.n, 1)", "left() wants a text, not a number"),
        ("left(person.s, -1)", "left() wants a whole number of 0 or more"),
        ("left(person.s, true)", "left() wants a whole number, not true or false"),
        ("left(person.s, person.none)", "left() wants a whole number, not nothing"),
        ('substringBefore(person.s, "")', "substringBefore() wants a text to look for, not an empty one"),
        ('keepOnly(person.s, "z-a")', "keepOnly() was given a range whose end comes before its start"),
        ('keepOnly(person.s, "")', "keepOnly() wants 1 to 100 characters"),
        ("padStart(person.s, 1001)", "padStart() wants a whole number from 0 to 1000"),
        ('padStart(person.s, 3, "ab")', "padStart() wants one character to fill up with"),
        ("padStart(person.d, 3)", "padStart() wants a whole number, not a number with decimal places"),
        ('titleCase(person.s, "de")', "titleCase() knows tr, az as languages with letters of their own"),
        ('e164(person.s, person.s)', "e164() wants a country as two capital letters such as DE"),
        ('transliterate(person.s, person.s)', "transliterate() knows no such language"),
        ("transliterate(person.lost)", "transliterate() was given a letter that has no spelling in ASCII"),
        ("left(person.marks, 1)", "left() was given a letter with more than 30 marks"),
    ],
)  # fmt: skip
def test_what_functions_cannot_use(source: str, problem: str) -> None:
    """An argument that cannot be used == the record refused with one sentence that has no value in it."""
    data: dict[str, Any] = {"s": "Planted", "n": 7, "d": 4.5, "none": None, "lost": "\u39dd"}
    data["marks"] = "Planted" + "\u0301" * 31
    with pytest.raises(RecordRejected) as caught:
        value(source, **data)
    assert problem in str(caught.value)
    assert str(caught.value).startswith(f"map.x failed ({problem}")
    assert "Planted" not in str(caught.value)


@pytest.mark.parametrize("name", ["transliterate", "slug", "initials", "titleCase", "familyNames"])
def test_piled_up_marks_take_no_time(name: str) -> None:
    """A letter with 50,000 marks, which Unicode puts in order in a minute == refused at once."""
    began = time.process_time()
    with pytest.raises(RecordRejected):
        value(f"{name}(person.x)", x="a" + "\u0301\u0323" * 25_000)
    assert time.process_time() - began < 1
