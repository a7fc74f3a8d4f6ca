"""Which lists are read for which fields."""

from zoneinfo import ZoneInfo

import pytest

from bridge.errors import ConfigurationError
from service.kenjo.fields import ACCOUNTS, SECTIONS, WORKS, lists_for
from tests.service.account import DEPARTMENT, EMAIL, NAME, PERSONALS, TEAMS, TITLE

PERSONAL_DATA = {SECTIONS["financial"], SECTIONS["home"], SECTIONS["address"], SECTIONS["schedule"]}


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        ([], set()),
        ([("person", "id"), ("person", "lifecycle"), EMAIL, TITLE], set()),
        ([NAME], {PERSONALS}),
        ([DEPARTMENT], {"departments"}),
        ([("person", "work", "departmentId")], set()),
        ([("person", "work", "office"), ("person", "work", "company")], {"offices", "companies"}),
        ([TEAMS], {"teams"}),
        ([("team", "name")], {"teams"}),
        ([("person", "work", "areas")], {"areas"}),
        ([("person", "work", "manager", "id")], set()),
        ([("person", "work", "manager", "personal", "lastName")], {PERSONALS}),
        ([("person", "work", "manager", "work", "department")], {"departments"}),
        ([("person", "work")], {"departments", "offices", "companies", "teams", "areas"}),
        ([("person", "home", "personalEmail")], {SECTIONS["home"]}),
        ([("person", "financial")], {SECTIONS["financial"]}),
        ([("person", "schedule", "trackAttendance")], {SECTIONS["schedule"]}),
        ([("person", "address", "city")], {SECTIONS["address"]}),
    ],
)
def test_only_lists_in_use_are_read(fields: list[tuple[str, ...]], more: set[str]) -> None:
    """Accounts and works always, any other list only for a field that comes from it."""
    assert lists_for(fields) == {ACCOUNTS, WORKS} | more


def test_offices_are_read_for_their_time_zones() -> None:
    """Offices with time zones == the offices are needed."""
    assert lists_for([], {"London": ZoneInfo("Europe/London")}) == {ACCOUNTS, WORKS, "offices"}


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (("person",), "'person' is no field of a person: name a field of account, personal, work"),
        (("person", "wrok", "jobTitle"), "'person.wrok.jobTitle' is no field of a person"),
        (("person", "work", "manager", "email"), "is no field of a person"),
        (("person", "work", "manager", "work", "manager"), "asks for a manager's manager"),
        (("office", "name"), "neither of a person nor of a team"),
    ],
)
def test_path_that_no_record_has_is_a_configuration_error(path: tuple[str, ...], says: str) -> None:
    """A misspelled field is found before anything is read."""
    with pytest.raises(ConfigurationError, match=says):
        lists_for([path])
