"""One normal form of texts, on both sides."""

from __future__ import annotations

import unicodedata

import pytest

from bridge.spelling import folded, spellings, tidy

ZOE = "Zoë.Müller@acme.example"


@pytest.mark.parametrize(
    "spelled",
    [
        unicodedata.normalize("NFD", ZOE),
        f"\u00a0{ZOE}\u200b ",
        f"\ufeff{ZOE}\n",
        f"\u202a{ZOE}\u202c",
        ZOE,
    ],
)
def test_what_looks_alike_is_kept_alike(spelled: str) -> None:
    """Decomposed letters, blanks and invisible characters around a text == the same text."""
    assert tidy(spelled) == ZOE


def test_what_is_within_a_text_stays() -> None:
    """A joiner inside an emoji and a blank inside a name are part of it; nothing but blanks is nothing."""
    family = "\U0001f469\u200d\U0001f4bb Ana\u00a0Maria"
    assert tidy(family) == family
    assert tidy("\u200b \u00a0\ufeff") == ""


@pytest.mark.parametrize(
    "other",
    ["ZOË.MÜLLER@ACME.EXAMPLE", " zoe\u0308.mu\u0308ller@acme.example", "Zoë.Mül\u200bler@acme.example"],
)
def test_letter_case_and_invisible_characters_make_no_other_key(other: str) -> None:
    """Other letter case, decomposed, with a zero-width space within == the same key; another name is not."""
    assert folded(other) == folded(ZOE)
    assert folded("Ana\u00a0 Maria") == folded("ANA MARIA")
    assert folded("zoe.muller@acme.example") != folded(ZOE)


def test_a_plain_name_is_looked_up_once() -> None:
    """ASCII in lower case has one spelling; an address with capitals and a decomposed letter has three."""
    assert spellings("ana@acme.example") == ["ana@acme.example"]
    assert spellings("Sales") == ["Sales"]
    assert spellings("Team\u00a0A\u200b  B") == ["Team\u00a0A\u200b  B", "Team A B"]
    assert len(spellings(ZOE)) == 3
