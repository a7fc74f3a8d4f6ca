"""Functions with regular expressions: what they give, and that none takes long."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bridge.errors import RecordRejected
from bridge.mapping.patterns import LONGEST
from tests.evaluating import value


@pytest.mark.parametrize(
    ("source", "text", "result"),
    [
        ('regexReplace(person.x, "[^0-9]", "")', "+49 (0)30-1", "490301"),
        (r'regexReplace(person.x, r"^(\w+) (\w+)$", r"\2, \1")', "Ana Ruiz", "Ruiz, Ana"),
        (r'regexReplace(person.x, "\\s+", " ")', "a \u0009 b", "a b"),
        (r'regexReplace(person.x, "(x)|(b)", r"[\1]\\")', "abc", "a[]\\c"),
        ('regexReplace(person.x, "", "-")', "äü", "-ä-ü-"),
        (r'regexReplace(person.x, r"\p{L}", "x")', "Jü-\U00010400", "xx-x"),
        ('regexReplace(person.x, ".", "x")', "", ""),
        (r'regexExtract(person.x, r"\((.*?)\)")', "Sales (DACH) (x)", "DACH"),
        (r'regexExtract(person.x, r"\d+")', "K-1200-7", "1200"),
        (r'regexExtract(person.x, r"\d+")', "none", None),
        (r'regexExtract(person.x, "a(b)?")', "a", None),
    ],
)
def test_patterns(source: str, text: str, result: str | None) -> None:
    """Each match is replaced, groups are put in; what is extracted is the first match or its group."""
    assert value(source, x=text) == result


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ('regexReplace(person.x, person.x + "(", "")', "has a pattern that is no regular expression of RE2"),
        ('regexReplace(person.x, "(?=a)", "")', "has a pattern that is no regular expression of RE2"),
        (r'regexReplace(person.x, r"\pL{200}", "")', "or one that is too large"),
        (r'regexReplace(person.x, r"\pL{9}", "")', "has a pattern that is too large"),
        (f'regexExtract(person.x, "{"a" * (LONGEST + 1)}")', "has a pattern of more than 500 characters"),
        (r'regexReplace(person.x, "a", r"\1")', r"has a \ that is no group of its pattern: there is \0"),
        ('regexReplace(person.x, "", person.long)', "would make a text of more than 100,000 characters"),
    ],
)
def test_what_is_no_pattern(source: str, problem: str) -> None:
    """A pattern that is none, or too large == one sentence that has no value in it."""
    with pytest.raises(RecordRejected) as caught:
        value(source, x="Planted", long="a" * 40_000)
    assert problem in str(caught.value)
    assert "Planted" not in str(caught.value)


def test_a_letter_costs_what_it_takes() -> None:
    """A long text of another script, spelled anew in each of 40 rounds == refused, and in 10 a value."""
    source = "person.m.all(m, transliterate(person.x) != m)"
    assert value(source, x="Д" * 9000, m=["a"] * 10) is True
    with pytest.raises(RecordRejected, match="too many rounds"):
        value(source, x="Д" * 9000, m=["a"] * 40)


HOSTILE = r"""
import resource, time
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from bridge.errors import BridgeError
from tests.evaluating import value
members = ["%04d" % number for number in range(3000)]
for source in (
    'regexReplace(person.a, "(a+)+b", "")', 'regexReplace(person.a, "a.*b|a", "")',
    'regexReplace(person.a, "(a?){500}b|a", "")', 'regexReplace(person.a, "(a?){500}b", "")',
    'regexReplace(person.a, "", person.a)', r'regexReplace(person.a, r"(\w{200}x)|\w", "")',
    'person.m.all(m, regexReplace(m, m + "(a?){100}", "") == "")',
    r'person.m.all(m, regexExtract(m, m + r"\pL{200}") == "" || true)',
    '["1"].all(m, regexReplace(person.a, "(a{1,9}){9}", m) == "")',
    " + ".join(r'regexReplace(person.s, r"\pL{6}%d", "")' % number for number in range(150)),
    'padStart("a", 1000).map(a, a)', 'person.m.map(m, padStart(m, 1000)).size() > 0',
    'person.m.map(m, regexReplace(m, "", m)).size()', 'person.m.all(m, transliterate(person.a) == m || true)',
    'person.m.all(m, left(person.u, 1) == m || true)', 'person.m.all(m, e164(m, "DE", "") == m || true)',
    'person.m.all(m, number(m) > 5.0 || round(m, 2) > 1.0 || formatNumber(m, 9) == m)',
    'person.m.all(m, transliterate(person.c) == m || true)',
    'person.m.all(m, titleCase(person.c) == m || true)',
    'keepOnly(person.a, person.a)', 'transliterate(person.f)', 'titleCase(person.f)', 'initials(person.u)',
):
    began = time.process_time()
    try:
        value(source, a="a" * 100_000, m=members, s="ab", u="\u1eb9\u0300" * 50_000, f="\ufdfa" * 100_000,
              c="\u0429" * 9000)
        said = "value"
    except BridgeError as error:
        said = type(error).__name__
    print(f"{time.process_time() - began:.2f} {said} {source[:60]!r}")
"""


def test_hostile_patterns_end_soon() -> None:
    """Patterns that make others back off for ever, the dearest uses of functions == an end in seconds."""
    done = subprocess.run([sys.executable, "-c", HOSTILE], capture_output=True, text=True, timeout=90)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    assert len(lines) == 23
    assert {said for _, said, _ in lines} <= {"value", "RecordRejected", "ConfigurationError"}
    assert max(float(seconds) for seconds, _, _ in lines) < 3, done.stdout
