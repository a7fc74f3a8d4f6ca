"""Which existing value was meant by a text that nobody has."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.mapping.comparisons import comparisons, meant
from bridge.model import Key, Kind, Record


def person(id_: str, **work: Any) -> Record:
    personal = {"firstName": "Ana", "lastName": "Muster"}
    return Record(Key(Kind.PERSON, id_), {"id": id_, "personal": personal, "work": work})


PEOPLE = [
    person("1", department="Sales", teams=["Support", "Field"], c_desk="A1", jobTitle="Founder"),
    person("2", department="Human Resources", teams=[], c_desk="A1", jobTitle="Clerk"),
    person("3", department=None, teams=["Support"], c_desk=7, jobTitle="Clerk"),
]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('person.work.department == "Salse"', [("person.work.department", "Salse")]),
        ('!("x" == person.work["c_desk"])', [("person.work.c_desk", "x")]),
        ('person.id == "1" && person.work.office in ["A", "B"]',
         [("person.id", "1"), ("person.work.office", "A"), ("person.work.office", "B")]),
        ('"Suport" in person.work.teams', [("person.work.teams", "Suport")]),
        ('person.work.teams.exists(t, t == "Suport")', [("person.work.teams", "Suport")]),
        ('team.name == "x" ? true : false', [("team.name", "x")]),
        ('person.work.department == person.work.office', []),
        ('lower(person.work.department) == "x" || today == "2026-01-01"', []),
        ('person.work.department == "a\\nb"', []),
        ("person.", []),
    ],
)  # fmt: skip
def test_comparisons_are_found(source: str, found: list[tuple[str, str]]) -> None:
    """A field beside a text, in any order, list or loop == that pair; all else == none."""
    assert [(".".join(one.field), one.text) for one in comparisons(source)] == found


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ('person.work.department == "Salse"',
         'nobody\'s person.work.department is "Salse"; did you mean "Sales"?'),
        ('person.work.department == "sales"',
         'nobody\'s person.work.department is "sales"; did you mean "Sales"?'),
        ('person.work.department == "Logistics"',
         'nobody\'s person.work.department is "Logistics"; there is: Human Resources, Sales'),
        ('"Suport" in person.work.teams', 'nobody\'s person.work.teams is "Suport"; did you mean "Support"?'),
        ('person.work.department == "Sales" && person.work.c_desk == "A2"',
         'nobody\'s person.work.c_desk is "A2"; there is: A1'),
        ('person.work.jobTitle == "Clrk"', 'nobody\'s person.work.jobTitle is "Clrk"; did you mean "Clerk"?'),
        ('person.work.jobTitle == "Foundr"', 'nobody\'s person.work.jobTitle is "Foundr"; there is: Clerk'),
        ('person.personal.lastName == "Mustre"', ""),  # a name is nobody else's to tell
        ('person.work.department == "Sales"', ""),
    ],
)  # fmt: skip
def test_what_was_meant(source: str, says: str) -> None:
    """A text that nobody has == the nearest that somebody has; nothing that is one person's alone."""
    assert meant(source, PEOPLE) == says
