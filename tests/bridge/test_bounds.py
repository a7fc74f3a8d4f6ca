"""What an expression may ask for."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from bridge.errors import ConfigurationError, RecordRejected
from bridge.expressions import Expression, context
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
from bridge.expressions import Expression, context
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
    assert len(lines) == 16
    assert {said for _, said in lines} <= {"value", "RecordRejected", "ConfigurationError"}
    assert max(float(seconds) for seconds, _ in lines) < 3
