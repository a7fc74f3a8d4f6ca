"""CEL expressions over records."""

from __future__ import annotations

import subprocess
import sys
import traceback
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import ConfigurationError, RecordRejected
from bridge.mapping.environment import Environment
from bridge.mapping.expressions import MAX_LENGTH, Expression, context
from bridge.model import Key, Kind, Record

quick = settings(max_examples=100, deadline=None)

WHERE = "targets.directory.map.title"
PLANTED = "planted-value"


def person(**data: Any) -> Record:
    return Record(Key(Kind.PERSON, "a"), data)


def evaluate(source: str, record: Record) -> Any:
    return Expression(source, WHERE).evaluate(context(record))


@pytest.mark.parametrize(
    ("source", "fields"),
    [
        ("person.work.jobTitle", {"person.work.jobTitle"}),
        ("person.work.jobTitle.size()", {"person.work.jobTitle"}),
        ("person . work\n .jobTitle .size ()", {"person.work.jobTitle"}),
        ("size(person.work.jobTitle)", {"person.work.jobTitle"}),
        ('person.work["c_desk"]', {"person.work.c_desk"}),
        ("person['work'] [ 'c_desk' ].x", {"person.work.c_desk.x"}),
        ('person.work["1ä"]', {"person.work.1ä"}),
        ('person.work["no name"]', {"person.work"}),
        ('person.work["c_" + "desk"]', {"person.work"}),
        ("person.work.tags[0].name", {"person.work.tags"}),
        ("person.work[person.account.language]", {"person.work", "person.account.language"}),
        ("person.work.manager.work.manager.id", {"person.work.manager.work.manager.id"}),
        ('has(person.a.b) ? person.a.b : "none"', {"person.a.b"}),
        ("person.a == person.b && !person.c", {"person.a", "person.b", "person.c"}),
        ('[person.a, "x"].map(y, y)', {"person.a"}),
        ('{"person": person.a}.person', {"person.a"}),
        ('team.members.exists(m, m == "x")', {"team.members"}),
        ("team.members.filter( m , m.size() > 1)", {"team.members"}),
        ("person.a.map(k, person.b[k])", {"person.a", "person.b"}),
        ("person.a.all(x, person.b.exists_one(y, y == x))", {"person.a", "person.b"}),
        ("person", {"person"}),
        ("true", set()),
    ],
)
def test_fields_are_found(source: str, fields: set[str]) -> None:
    """The paths that an expression reads, without methods, computed names and comprehension variables."""
    assert {".".join(path) for path in Expression(source, WHERE).fields} == fields


@pytest.mark.parametrize(
    ("source", "fields"),
    [
        ('"person.x" + person.y', {"person.y"}),
        ("'person.x' + \"it's person.x\" + person.y", {"person.y"}),
        (r'"\"person.x" + person.y', {"person.y"}),
        (r'r"\" + person.y + "person.x"', {"person.y"}),
        (r'person.a.matches(r"\d+") || "b" == person.y', {"person.a", "person.y"}),
        ("'''it's person.x''' + person.y", {"person.y"}),
        ('"""a "person.x" b""" + person.y', {"person.y"}),
        ('b"person.x" == b"" ? person.y : ""', {"person.y"}),
        ('person.y in ["person"]', {"person.y"}),
        ('person.y in ["team"]', {"person.y"}),
        ("person.y // it's not person.x\n + person.z", {"person.y", "person.z"}),
        ('person.y + "//" + person.z', {"person.y", "person.z"}),
        ("person // whose\n.work // what\n.y", {"person.work.y"}),
        ("person.y['a\"].person.x[\"b']", {"person.y"}),
    ],
)
def test_text_and_comments_are_no_fields(source: str, fields: set[str]) -> None:
    """Names inside string literals and comments are not fields, and those after them are."""
    assert {".".join(path) for path in Expression(source, WHERE).fields} == fields


@pytest.mark.parametrize(
    ("source", "name"),
    [("persn.work", "persn"), ("jobTitle", "jobTitle"), ("a.person.b", "a"), ("Sales == person.x", "Sales")],
)
def test_unknown_variable_is_named(source: str, name: str) -> None:
    """A variable other than person, team and today is an error that names it and where it stands."""
    with pytest.raises(ConfigurationError) as caught:
        Expression(source, WHERE)
    assert str(caught.value) == (
        f"{WHERE} uses '{name}', but an expression can use only 'person', 'team' and 'today'"
    )


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("", "mismatched input end at line 1, column 1"),
        ("\n", "mismatched input end at line 2, column 1"),
        ("1 +", "mismatched input end at line 1, column 4"),
        ("person.a =\n 'Sales'", "token recognition error at line 1, column 10"),
        ("person.a == 'a'\n and person.b", "mismatched input 'and' at line 2, column 2"),
        ("ERROR: nonsense", "mismatched input ':' at line 1, column 6"),
        ("99999999999999999999", "invalid int literal at line 1, column 1"),
        ("(" * 200 + "1" + ")" * 200, "it is nested too deeply"),
        ("'\ud800'", "'utf-8' codec can't encode character '\\ud800' in position 1: surrogates not allowed"),
    ],
)
def test_syntax_error_is_one_sentence(source: str, problem: str) -> None:
    """What is no CEL is an error of one line that says what is wrong and where."""
    with pytest.raises(ConfigurationError) as caught:
        Expression(source, WHERE)
    assert str(caught.value) == f"{WHERE} is not a CEL expression: {problem}"


@quick
@given(st.text(st.sampled_from("()[]{}.+-?:\"'\\!&|= \n,ax1") | st.characters(), max_size=60))
def test_any_text_is_an_expression_or_an_error(source: str) -> None:
    """Whatever is written as an expression, there is a compiled one or a ConfigurationError of one line."""
    try:
        Expression(source, WHERE)
    except ConfigurationError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either way is right


HOSTILE = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
from bridge.errors import BridgeError
from bridge.mapping.expressions import Expression, context
from bridge.model import Key, Kind, Record
for source in (
    "(" * 10000 + "1" + ")" * 10000, "(" * 4900 + "1" + ")" * 4900, "(" * 9999, "[" * 9999, "{1:" * 3000,
    "[" * 4900 + "]" * 4900, "size(" * 1600 + "1" + ")" * 1600, "true?" * 1600, "'" * 9999,
    '"' + "\\\\" * 9999,
    "x" * 10**7, "!" * 9990 + "true", "-" * 9990 + "1", "1" + "+1" * 4900, "person" + ".a" * 4900,
    "person" + "[0]" * 3300, "person" + " " * 9980 + ".a", "person.s.matches('(a+)+b')",
    "person.s.matches('(a|aa)*b')", "person.s.matches('(((a{100}){100}){100}){100}')", "'" + "a" * 9990 + "'",
    "person.s.matches(person.s)", "person.s + " * 200 + "person.s",
):
    try:
        Expression(source, "here").evaluate(context(Record(Key(Kind.PERSON, "a"), {"s": "a" * 1000})))
        print("value")
    except BridgeError as error:
        print(type(error).__name__)
"""


def test_hostile_expressions_end_soon() -> None:
    """Deep nesting, huge texts and catastrophic patterns give a value or an error in time."""
    done = subprocess.run([sys.executable, "-c", HOSTILE], capture_output=True, text=True, timeout=20)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, "")
    answers = done.stdout.split()
    assert answers[:11] == ["ConfigurationError"] * 11
    assert len(answers) == 23
    assert set(answers[11:]) <= {"value", "RecordRejected"}


def test_longest_expression_is_taken() -> None:
    """An expression may have MAX_LENGTH characters and not one more."""
    assert evaluate(f'"{"a" * (MAX_LENGTH - 2)}"', person()) == "a" * (MAX_LENGTH - 2)
    with pytest.raises(ConfigurationError, match=f"{WHERE} is longer than 10000 characters"):
        Expression(f'"{"a" * (MAX_LENGTH - 1)}"', WHERE)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@quick
@given(json_values)
def test_values_come_back_as_they_were(value: Any) -> None:
    """A field's value is the same JSON after CEL, whatever its type."""
    result = evaluate("person.value", person(value=value))
    assert orjson.dumps(result, option=orjson.OPT_SORT_KEYS) == orjson.dumps(
        value, option=orjson.OPT_SORT_KEYS
    )


def test_comprehensions_are_evaluated() -> None:
    """The variable of a comprehension stands for the items, also inside another one."""
    record = Record(Key(Kind.TEAM, "t"), {"members": ["ana", "ben"], "name": "x"})
    assert evaluate('team.members.map(m, m + "!")', record) == ["ana!", "ben!"]
    assert evaluate("team.members.exists(m, ['ben'].exists(n, n == m))", record) is True


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ('timestamp("2024-02-29T23:30:00Z")', "2024-02-29"),
        ('timestamp(person.day + "T00:00:00Z") + duration("24h")', "2024-03-01"),
        ('timestamp("2024-02-29T23:30:00-05:00")', "2024-02-29"),
        ('[timestamp("2024-02-29T00:00:00Z")]', ["2024-02-29"]),
        ('{"of": timestamp("2024-02-29T00:00:00Z")}', {"of": "2024-02-29"}),
    ],
)
def test_times_become_days(source: str, result: Any) -> None:
    """A point in time becomes the date it has in its own zone, also inside lists and maps."""
    assert evaluate(source, person(day="2024-02-29")) == result


@pytest.mark.parametrize(
    "source",
    [
        "person.none",
        "person.text.none",
        "person.text + 1",
        "int(person.text)",
        "timestamp(person.text)",
        "person.text.unknown()",
        'person.text.matches("(")',
        "1 / person.zero",
        "1.0 / person.nought",
        'double("nan")',
        "person.most + 1",
        "person.list[7]",
        "person.map[person.text]",
        "duration(person.text)",
        '"".matches(person.text + "(")',
        'b"x"',
        'duration("1h")',
        "[b'x']",
        "{'a': b'x'}",
        "team.name",
    ],
)
def test_failure_rejects_the_record_without_its_values(source: str) -> None:
    """What cannot be evaluated, or gives no JSON, is a RecordRejected with the expression and no value."""
    record = person(text=PLANTED, zero=0, nought=0.0, most=2**63 - 1, list=[PLANTED], map={})
    with pytest.raises(RecordRejected) as caught:
        evaluate(source, record)
    assert str(caught.value).startswith(f"{WHERE} failed (")
    assert source in str(caught.value)
    assert PLANTED not in "".join(traceback.format_exception(caught.value))


def test_variables_of_its_own() -> None:
    """An expression that is about no record uses the variables that it is given, and the day; no others."""
    given_ = frozenset({"changed", "id"})
    expression = Expression('{"x": changed.mail, "on": today}', WHERE, given_)
    variables = Environment().given({"changed": {"mail": "a"}, "id": "7"})
    assert expression.evaluate(variables) == {"x": "a", "on": Environment().today.isoformat()}
    with pytest.raises(ConfigurationError, match="can use only 'changed', 'id' and 'today'"):
        Expression("person.id", WHERE, given_)


def test_loops_over_variables_of_its_own_are_bounded() -> None:
    """Loops inside each other over a large variable == refused before they begin, as over a record."""
    expression = Expression("rows.map(a, rows.map(b, rows.size()))", WHERE, frozenset({"rows"}))
    with pytest.raises(RecordRejected, match="too many rounds"):
        expression.evaluate(Environment().given({"rows": list(range(10_000))}))
