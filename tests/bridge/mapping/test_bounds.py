"""What an expression may ask for."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from bridge.errors import ConfigurationError, RecordRejected
from bridge.mapping.expressions import Expression, context
from bridge.model import Key, Kind, Record

LOOP = ".map(m, m)"


def members(number: int) -> Record:
    data = {"id": "t", "name": "x", "members": [str(i) for i in range(number)]}
    return Record(Key(Kind.TEAM, "t"), data)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("team.members" + LOOP * 5, "has 5 loops"),
        ("team.members.all(a, [1].all(b, [1].all(c, true)))", "has 3 loops inside each other"),
        ("team.members.map(m, " + "+".join(["m"] * 13) + ")", "has 13 uses of variables inside loops"),
        ("[1].map(m, [" + ",".join(["team.name"] * 13) + "])", "has 13 uses of variables inside loops"),
        ('team.members.exists(m, m.matches("(a{1000}){100}"))', "a counted repetition"),
        ("team . members . \n map ( a , [1].filter(b, [1].exists_one(c, true)))", "inside each other"),
    ],
)
def test_too_many_loops_are_refused(source: str, problem: str) -> None:
    """More loops, deeper loops, or more uses in loops than allowed == a ConfigurationError that says so."""
    with pytest.raises(ConfigurationError) as caught:
        Expression(source, "scope")
    assert str(caught.value).startswith("scope has ")
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("team.members" + LOOP * 4 + ".size()", 3),
        ('"a.map(b, c)" + "x.map(y, z.map(a, b.map(c, d)))" == "" ? 1 : 2', 2),
        ("team.members.exists(m, ['2'].exists(n, n == m))", True),
        ("team.members.map(m, team.name + m)", ["x0", "x1", "x2"]),
        ('team.members.filter(m, m.matches("^[12]$"))', ["1", "2"]),
        ('team.name.matches("^x{1,3}$")', True),
    ],
)
def test_usual_loops_are_taken(source: str, result: Any) -> None:
    """Loops one after the other, one inside another, and words in texts that look like loops."""
    assert Expression(source, "scope").evaluate(context(members(3))) == result


@pytest.mark.parametrize(
    ("source", "most"),
    [
        ("team.members.map(m, m).size()", 3000),
        ("team.members.exists(m, m == team.name) ? 1 : 2", 3000),
        ("team.members.map(m, team.members).size()", 200),
        ("team.members.map(m, team.name + m).size()", 200),
        ("[1].map(m, [2].map(n, n)).size()", 200),
        ("team.members.map(m, team.members.map(n, n)).size()", 50),
    ],
)
def test_rounds_depend_on_the_record(source: str, most: int) -> None:
    """Loops in loops over many items == RecordRejected; over fewer, a value."""
    expression = Expression(source, "scope")
    assert isinstance(expression.evaluate(context(members(most))), int)
    with pytest.raises(RecordRejected, match="too many rounds"):
        expression.evaluate(context(members(most * 2)))


HOSTILE = """
import resource, time
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
from bridge.errors import BridgeError
from bridge.mapping.expressions import Expression, context
from bridge.model import Key, Kind, Record
ids = ["a" * 24] * 5000
grown = ".map(a, " + "+".join("a" * 10) + ")"
for source in (
    "team.members.map(a, team.members.map(b, team.members.map(c, 1)))",
    "team.members.map(a, team.members.map(b, 1))", "team.members.map(a, team.members)",
    "[team.name]" + grown * 5, "[team.members]" + grown * 5, "[team.name]" + ".map(a,a+a+a)" * 4,
    "[team.members]" + ".map(a,a+a+a)" * 4, "team.members.map(a, a + a + a).map(b, b + b + b)",
    "[" + ",".join("1" * 4000) + "].map(a, team.members)",
    "team.members.exists(a, a.matches('(a{1000}){100}'))", "team.members.all(a, a.matches('(a+)+b'))",
    "team.members.all(a, team.name.contains(a) || true)",
    "replace(replace(replace(team.name, 'a', team.name), 'a', team.name), 'a', team.name)",
    "join(team.members.map(a, join(team.members, team.name)), team.name)",
    "replace(team.name, 'a', team.name).split('').size()", "split(team.name, 'a').map(a, team.name)",
    "split(team.name,'a').all(a, split(team.name,'a').all(b, a==b))", "team.members.map(m, team.name).size()",
    "split(team.name,'a').all(a, split(team.name,'a').all(b, a==b)) || true",
    "[split(team.name,'a')].all(l, l.all(a, a in l))", "[split(team.name,'a')].all(l, l.map(a, l) != [])",
    "[join(team.members)].map(r, team.members.map(m, r))", "+".join(["team.name"] * 900),
    "['" + "x" * 9000 + "'].map(a, a+a+a).map(a, a+a+a).map(a, a+a+a)", "+".join(["team.members"] * 700),
    "team.members.all(m, transliterate(team.name) == m || true)",
    "team.members.all(m, first(team.members) == 'zz' || true)",
    "team.members.all(m, join(team.members) == m || true)",
    "team.members.exists(m, team.name.matches('" + r"\\w" * 90 + "y'))",
    "team.members.exists(m, team.name.matches(m))", " || ".join(["team.name.matches(team.name)"] * 300),
    "team.members.all(m, team.members + team.members + team.members != [])",
    "team.members.map(m, [team.name, team.name]).size()", "[1].map(m, [" + ",".join(["team.name"] * 9) + "])",
):
    began = time.process_time()
    try:
        record = Record(Key(Kind.TEAM, "t"), {"members": ids, "name": "a" * 10000})
        Expression(source, "here").evaluate(context(record))
        said = "value"
    except BridgeError as error:
        said = type(error).__name__
    print(f"{time.process_time() - began:.2f} {said}")
"""


def test_hostile_loops_end_soon() -> None:
    """Loops in loops over 5,000 members, doubling texts and costly patterns == an end within seconds each."""
    done = subprocess.run([sys.executable, "-c", HOSTILE], capture_output=True, text=True, timeout=60)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) == 34
    assert {said for _, said in lines} <= {"value", "RecordRejected", "ConfigurationError"}
    assert max(float(seconds) for seconds, _ in lines) < 3


def evaluate(source: str, **data: Any) -> Any:
    return Expression(source, "here").evaluate(context(Record(Key(Kind.TEAM, "t"), data)))


def test_what_functions_make_is_counted() -> None:
    """A text of 20 words against itself == a value; of 2,000 == too many rounds, whatever is made of that."""
    source = "split(team.name, ' ').all(a, split(team.name, ' ').exists(b, a == b))"
    assert evaluate(source, name="ab " * 20) is True
    for hidden in ("", " || true"):
        with pytest.raises(RecordRejected, match="too many rounds"):
            evaluate(source + hidden, name="ab " * 2000)


def test_each_evaluation_may_do_as_much() -> None:
    """Much work in one evaluation after the other == each one has a value."""
    data = {"members": ["a" * 24] * 2000, "name": "x"}
    for _ in range(100):
        assert evaluate("team.members.all(m, lower(m) == m)", **data) is True


def test_large_teams_are_mapped() -> None:
    """What is usual, for a team of 3,000 == a value."""
    data = {"members": ["a" * 24] * 3000, "name": "Team"}
    assert len(evaluate("team.members.map(m, m)", **data)) == 3000
    assert len(evaluate("team.members.filter(m, !m.matches('^b'))", **data)) == 3000
    assert evaluate("'x' + " * 150 + "team.name", name="Team").endswith("xTeam")


@pytest.mark.parametrize(
    "source", ["team.members.exists(m, team.name.matches(m))", "[1].map(a, matches('a', 'b'))"]
)
def test_patterns_in_loops_are_plain_text(source: str) -> None:
    """A pattern that is no plain text, in an expression with a loop == refused at the start."""
    with pytest.raises(ConfigurationError, match="a loop and a pattern that is no plain text"):
        Expression(source, "scope")
