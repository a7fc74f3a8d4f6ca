"""What of a server's words may be said: everything that is public, and nothing of a person."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from types import FrameType
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bridge.wire.public_names import PUBLIC
from bridge.wire.redaction import CUT, redact, words

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SENT = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
    "externalId": "64f1",
    "userName": "li.mueller@acme.example",
    "name": {"givenName": "Li", "familyName": "Müller-Øvergård"},
    "title": "Teamleiterin",
    "nickName": "Щербаков Παπαδοπούλου",
    "phoneNumbers": [{"type": "work", "value": "+49 30 5671"}],
    ENTERPRISE: {"employeeNumber": "42", "department": "Vertrieb", "costCenterCode": "x9"},
    "salary": 85000,
    "deep": {"Bo": [[[{"inner": "Xanthippe"}]]]},
}


@pytest.mark.parametrize(
    "said",
    [
        "Müller", "MÜLLER", "mueller", "MUELLER", "Muller", unicodedata.normalize("NFD", "Müller"),
        "M%C3%BCller", "M%25C3%25BCller", r"M\u00fcller", "M&uuml;ller", "M&#252;ller", "MÃ¼ller",
        "M\u00adüller", "amueller2", "LiMüller", "Overgard", "overgaard", "Øvergård", "Li", "LI", "li", "Bo",
        "42", "0042", "85000", "85,000", "85.000", "+49305671", "030 5671", "(030) 56-71", "5671",
        "Xanthippe", "xanthippe", "li.mueller%40acme.example", "Vertrieb", "VERTRIEB", "teamleiterin", "x9",
        "64f1", "Щербаков", "shcherbakov", "Papadopoulou",
    ],
)  # fmt: skip
def test_a_value_is_cut_out_however_it_is_spelled(said: str) -> None:
    """A value in another case, form, alphabet, encoding or grouping of digits == not in the text."""
    for text in (f"{said} is known", f"account ({said}) exists", f"value={said};", f"clash of {said}"):
        shown = redact(text, SENT)
        assert said not in shown
        assert "[…]" in shown
        assert redact(text, SENT, foreign=True) == shown


@pytest.mark.parametrize(
    "said",
    [
        "Attribute 'userName' is required",
        'invalidValue: emails[type eq "work"].value is not valid',
        f"Attribute '{ENTERPRISE}:employeeNumber' is unknown",
        f"{ENTERPRISE} and urn:ietf:params:scim:schemas:core:2.0:Group are not supported",
        f"{ENTERPRISE}:costCenterCode must be longer",
        "status 409, scimType uniqueness, name.familyName and title and department",
        "it doesn't like this and can't say why",
        "urn:scim:my:extension:1.0:User is no schema",
        "at most 64 of 100 members",
        "resource 2819c223-7f76-453a-919d-413861904646 is gone",
        "answered 409",
    ],
)
def test_public_words_stay(said: str) -> None:
    """Attribute names, schemas, statuses, error types, short numbers and ids == as they were said."""
    assert redact(said, SENT, foreign=True) == said


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Li cannot like this list", "[…] cannot like this list"),
        ("de is not allowed", "de is not allowed"),
        ("Title is no title", "[…] is no title"),
        ("Ana Müller and Ana-Müller", "[…] and […]"),
        ("answered 404: 404 is there", "answered 404: […] is there"),
        ("用户李娜已存在", "[…]"),
        ("M?ller exists", "M?[…] exists"),
    ],
)
def test_short_values_are_whole_words(said: str, shown: str) -> None:
    """Two letters, a title that is an attribute's name, a number that is a status == cut out as words."""
    person = ["Li", "de", "Title", "Ana", "Müller", 404, "李娜"]
    assert redact(said, person) == shown


@pytest.mark.parametrize(
    "said", ["'Bob'", '"Bob Smith"', "`x`", "„Bob“", "bob@example.org", "0171 23456", "'userName bob'"]
)
def test_of_a_foreign_text_other_peoples_values_are_cut_too(said: str) -> None:
    """Quoted texts, addresses and long numbers, whosever they are == cut out of a server's words."""
    assert redact(f"taken by {said} already", foreign=True) == "taken by […] already"


def test_invisible_letters_do_not_pass() -> None:
    """Control characters, line breaks, marks of direction and half letters == blanks or nothing."""
    assert redact("a\x1b[31m\u202eb\r\n\u2028c\xa0\ud83dd", foreign=True) == "a [31mb   c \ufffdd"


def test_more_values_than_can_be_looked_at_hide_everything() -> None:
    """200,000 values, or one nested 100,000 deep == nothing is said, or the value is found."""
    assert redact("Ana exists", [f"v{i}" for i in range(200_000)]) == "[…]"
    deep: Any = "Xanthippe"
    for _ in range(50_000):
        deep = [deep]
    assert redact("Xanthippe exists", deep) == "[…] exists"


@pytest.mark.parametrize(
    "content",
    [b"[" * 3000, b'{"detail":' * 3000, b"\xff", b"", b"[]", b'{"detail": 7}', b'{"error": {"error": 1}}'],
)
def test_what_explains_nothing(content: bytes) -> None:
    """A body that is nested too deeply, or is no explanation == no words."""
    assert words(400, content) == ""


def _work(function: Callable[[], object]) -> int:
    """How many lines of Python and calls of functions something takes."""
    count = 0

    def tracing(_frame: FrameType, _event: str, _argument: Any) -> Any:
        nonlocal count
        count += 1
        return tracing

    sys.settrace(tracing)
    try:
        function()
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize("piece", ["x", "' ", "a@", "1 ", "%41", '"a', "&a", "Mü", "[", "é" * 70 + " "])
def test_the_work_does_not_grow_with_the_text(piece: str) -> None:
    """A text of 300,000 characters == no more work than one that is only just cut."""
    short, long = piece * (2 * CUT // len(piece)), piece * (300 * CUT // len(piece))
    redact(short, SENT, foreign=True)  # whatever is made once is made by now
    for_short = _work(lambda: redact(short, SENT, foreign=True))
    assert _work(lambda: redact(long, SENT, foreign=True)) <= 1.2 * for_short


def test_no_long_text_is_composed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value with 9,800 marks on one letter == its marks, of which putting in order is quadratic, stay.

    The work is done within one call, where no counting of lines sees it: so the longest text is measured.
    """
    lengths = []
    normalize = unicodedata.normalize

    def measured(form: Any, text: str) -> str:
        lengths.append(len(text))
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", measured)
    marked = "Müller a" + "\u0301\u0323" * 4_900
    assert redact(f"Mu\u0308ller exists {marked}", [marked] * 10, foreign=True) == "[…] exists […]"
    assert max(lengths) <= CUT


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=60),
    st.recursive(
        st.text(max_size=8) | st.integers() | st.floats() | st.none() | st.booleans(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
)
def test_nothing_makes_it_fail(text: str, sent: Any) -> None:
    """Any text and any values == a text that can be shown."""
    for foreign in (True, False):
        assert redact(text, sent, foreign=foreign).isprintable()


@settings(max_examples=300, deadline=None)
@example("AÂŠ", str)  # its bytes, decoded another way, are a letter and a control character
@example("AÃŠ", str)  # those of this one are another word
@example("AÕš", str)  # and those of this one a letter and an apostrophe
@given(
    st.text(st.characters(categories=("Lu", "Ll", "Lo")), min_size=3, max_size=20),
    st.sampled_from(
        [str, str.upper, str.lower, str.title, quote, lambda text: unicodedata.normalize("NFD", text)]
    ),
)
def test_no_word_is_found_again(word: str, spell: Callable[[str], str]) -> None:
    """Any word of letters that was sent, spelled in another way == not in the text."""
    assume(spell(word) not in PUBLIC)
    shown = redact(f"({spell(word)}) exists", {"userName": f"{word} 1"})
    letters = [
        one for one in shown if not unicodedata.category(one).startswith("M")
    ]  # a mark alone tells nothing
    assert "".join(letters).replace("[…][…]", "[…]") == "([…]) exists"
