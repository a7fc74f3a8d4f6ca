"""Functions over numbers, as hours and shares come from Kenjo: whole ones and others."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import RecordRejected
from tests.evaluating import value

quick = settings(max_examples=100, deadline=None)


@pytest.mark.parametrize(
    ("source", "x", "result"),
    [
        ("divide(person.x, 40)", 40, 1.0),
        ("divide(person.x, 40)", 38.5, 0.9625),
        ("divide(person.x, 40)", "38,5", 0.9625),
        ("divide(person.x, 40.0)", 20, 0.5),
        ("number(person.x) / 40.0", 30, 0.75),
        ("number(person.x)", "", None),
        ("number(person.x)", "-0,5", -0.5),
        ("number(person.x)", "1.234,50", 1234.5),
        ("number(person.x)", "1,234.50", 1234.5),
        ("number(person.x)", "1.234.567", 1234567.0),
        ("number(person.x)", "12\u202f345,5", 12345.5),
        ("number(person.x)", "0.125", 0.125),
        ('number(person.x, ".")', "1.234", 1.234),
        ('number(person.x, ",")', "1.234", 1234.0),
        ("round(person.x, 2)", 2.675, 2.68),
        ("round(person.x)", 0.5, 1.0),
        ("round(person.x)", -0.5, -1.0),
        ("round(person.x, 1)", 7, 7.0),
        ("formatNumber(person.x, 2)", 0.9625, "0.96"),
        ('formatNumber(person.x, 2, ",")', 40, "40,00"),
        ("formatNumber(person.x, 0)", -0.2, "0"),
        ("formatNumber(person.x, 2)", 1e15, "1000000000000000.00"),
    ],
)
def test_numbers_of_either_kind(source: str, x: Any, result: Any) -> None:
    """Whole hours, half hours, hours that are text == one arithmetic; halves are rounded away from 0."""
    found = value(source, x=x)
    assert (found, type(found)) == (result, type(result))


@pytest.mark.parametrize(
    ("source", "x", "problem"),
    [
        (
            "number(person.x)",
            "1.234",
            "was given a text that is a thousand or a decimal: name the",
        ),
        ("number(person.x)", "Planted", "number() wants a number, not another text"),
        ("number(person.x)", "1e9", "number() wants a number, not another text"),
        ("number(person.x)", "12.34.5", "number() wants a number, not another text"),
        ("number(person.x)", "1" * 1000, "number() wants a number, not another text"),
        ("number(person.x)", True, "number() wants a number, not true or false"),
        ('number(person.x, ";")', "1", "number() knows the decimal marks . and , and no other"),
        ("divide(person.x, 0)", 1, "divide() cannot divide by 0"),
        ("divide(person.x, 0.001)", 1e308, "divide() was given no number, but infinity"),
        ("round(person.x, 11)", 1, "round() wants a whole number from 0 to 10"),
        ("round(person.x)", 1e300, "round() was given a number of too many digits"),
        ('formatNumber(person.x, 2, "")', 1, "formatNumber() wants one character as decimal mark"),
        ("person.x / 40", 38.5, "'/' wants two numbers of one kind: number(x) makes"),
        ("person.x + 1", "Planted", "'+' cannot be used with string and int"),
    ],
)
def test_what_is_no_number(source: str, x: Any, problem: str) -> None:
    """What is none, could be two or is too large == one sentence that has no value in it."""
    with pytest.raises(RecordRejected) as caught:
        value(source, x=x)
    assert problem in str(caught.value)
    assert "Planted" not in str(caught.value)


@quick
@given(st.floats(-1e12, 1e12), st.integers(0, 6))
def test_rounding_is_that_of_commerce(number: float, places: int) -> None:
    """Any number rounded == what decimal arithmetic says; as text it is the same number."""
    wanted = Decimal(repr(number)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    assert value("round(person.x, person.n)", x=number, n=places) == float(wanted)
    assert Decimal(value("formatNumber(person.x, person.n)", x=number, n=places)) == wanted
