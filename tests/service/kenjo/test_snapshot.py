"""The snapshot: Kenjo's lists joined into records of the fields in use."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bridge.model import Key, Kind
from service.kenjo.fields import ACCOUNTS, WORKS
from tests.service.account import (
    ACME,
    ANA,
    BEN,
    BERLIN,
    BLUE,
    CEM,
    DEPARTMENT,
    EMAIL,
    MANAGER,
    NAME,
    RED,
    TITLE,
    account,
    kept,
    people,
    person,
    row,
    snap,
)


def test_sections_and_names_are_joined() -> None:
    """Rows of several lists == one record per person and per team, nothing kept, nothing to report."""
    snapshot = snap(account())
    ana = {
        "id": ANA,
        "lifecycle": "active",
        "account": {"email": "ana@acme.example"},
        "personal": {"firstName": "Ana"},
        "work": {"jobTitle": "Head", "department": "Sales", "teams": ["Blue", "Red"], "manager": None},
    }
    red = {"id": RED, "name": "Red", "members": [ANA, BEN]}
    blue = {"id": BLUE, "name": "Blue", "members": [ANA]}
    assert person(snapshot, ANA) == ana
    assert [snapshot.records[Key(Kind.TEAM, id_)].data for id_ in (RED, BLUE)] == [red, blue]
    assert people(snapshot) == {ANA, BEN, CEM}
    assert (snapshot.kept, snapshot.problems, snapshot.warnings) == (frozenset(), (), ())


def test_what_kenjo_lacks_is_none() -> None:
    """A missing field, null, blank text and an unknown department are all None, and present."""
    snapshot = snap(account(), NAME, EMAIL, TITLE, DEPARTMENT, ("person", "work", "c_desk"))
    assert person(snapshot, CEM)["account"] == {"email": None}
    assert person(snapshot, CEM)["personal"] == {"firstName": None}
    assert person(snapshot, BEN)["work"] == {"jobTitle": None, "department": None, "c_desk": None}
    assert person(snapshot, CEM)["work"]["department"] is None


def test_whole_section_has_every_field_and_every_name() -> None:
    """A section used as a whole == all its fields, undocumented ones too, and what is looked up for it."""
    lists = account()
    row(lists, WORKS, BEN).update(officeId=BERLIN, companyId=ACME, areaIds=[RED], c_desk=7)
    work = person(snap(lists, ("person", "work")), BEN)["work"]
    assert work == {
        "jobTitle": None,
        "startDate": None,
        "contractEnd": None,
        "departmentId": None,
        "department": None,
        "officeId": BERLIN,
        "office": "Berlin",
        "companyId": ACME,
        "company": "Acme",
        "reportsToId": ANA,
        "manager": {"id": ANA},
        "teamIds": [RED],
        "teams": ["Red"],
        "areaIds": [RED],
        "areas": ["North"],
        "c_desk": 7,
    }


@pytest.mark.parametrize("field", ["startDate", "probationPeriodEnd", "c_due"])
def test_one_day_spelled_in_three_ways_is_one_day(field: str) -> None:
    """A date with clock and zone == with clock == as a day, in custom fields too."""
    found = set()
    for spelling in ("2021-07-01T00:00:00.000Z", "2021-07-01T00:00:00", "2021-07-01"):
        lists = account()
        row(lists, WORKS, ANA)[field] = spelling
        found.add(person(snap(lists, ("person", "work", field)), ANA)["work"][field])
    assert found == {"2021-07-01"}


def test_clock_of_a_date_says_nothing() -> None:
    """A start at 22:00 UTC on 1 July is 1 July, not the day after in Berlin."""
    lists = account()
    row(lists, WORKS, ANA)["startDate"] = "2021-07-01T22:00:00.000Z"
    assert person(snap(lists, ("person", "work", "startDate")), ANA)["work"] == {"startDate": "2021-07-01"}


def test_clock_of_other_fields_is_kept() -> None:
    """A custom text with a time in it stays what it is: only midnight stands for a day."""
    lists = account()
    row(lists, WORKS, ANA)["c_slot"] = "2021-07-01T22:00:00"
    assert person(snap(lists, ("person", "work", "c_slot")), ANA)["work"] == {"c_slot": "2021-07-01T22:00:00"}


def test_numbers_lists_and_flags_stay_as_kenjo_has_them() -> None:
    """A number where another account has text is kept; only isActive and isAssistant become true or false."""
    lists = account()
    row(lists, WORKS, ANA).update(employeeNumber=17, weeklyHours=38.5, c_tags=["x"], isAssistant="FALSE")
    fields = [("person", "work", name) for name in ("employeeNumber", "weeklyHours", "c_tags", "isAssistant")]
    work = person(snap(lists, *fields), ANA)["work"]
    assert work == {"employeeNumber": 17, "weeklyHours": 38.5, "c_tags": ["x"], "isAssistant": False}


def test_today_is_the_offices_day() -> None:
    """At 23:00 UTC a start tomorrow has come in Berlin, and not in an office in London."""
    lists = account()
    row(lists, WORKS, ANA).update(startDate="2026-05-05", officeId=BERLIN)
    late = datetime(2026, 5, 4, 22, 30, tzinfo=UTC)
    here = snap(lists, TITLE, now=late)
    lists["offices"][0]["name"] = "London"
    there = snap(lists, TITLE, now=late, office_zones={"London": ZoneInfo("Europe/London")})
    by_id = snap(lists, TITLE, now=late, office_zones={BERLIN: ZoneInfo("Europe/London")})
    states = [person(s, ANA)["lifecycle"] for s in (here, there, by_id)]
    assert states == ["active", "upcoming", "upcoming"]


def test_lead_days_and_contract_end_make_the_lifecycle() -> None:
    """A start within the lead == active; a contract that ended yesterday == left; else upcoming."""
    lists = account()
    row(lists, WORKS, ANA)["startDate"] = "2026-05-11"
    row(lists, WORKS, BEN)["contractEnd"] = "2026-05-03T00:00:00.000Z"
    states = [
        [person(snap(lists, lead_days=days), id_)["lifecycle"] for id_ in (ANA, BEN, CEM)] for days in (7, 6)
    ]
    assert states == [["active", "left", "inactive"], ["upcoming", "left", "inactive"]]


def test_manager_carries_the_sections_in_use() -> None:
    """A manager == id and the used fields, one level deep; an inactive manager is one too."""
    lists = account()
    row(lists, ACCOUNTS, ANA)["isActive"] = False
    fields = (MANAGER, ("person", "work", "manager", "work", "department"))
    manager = person(snap(lists, *fields), BEN)["work"]["manager"]
    assert manager == {"id": ANA, "account": {"email": "ana@acme.example"}, "work": {"department": "Sales"}}


def test_manager_who_does_not_exist_is_none() -> None:
    """A reportsToId that no account has == no manager, and the id as Kenjo gives it."""
    lists = account()
    row(lists, WORKS, BEN)["reportsToId"] = "f" * 24
    work = person(snap(lists, MANAGER, ("person", "work", "reportsToId")), BEN)["work"]
    assert work == {"manager": None, "reportsToId": "f" * 24}
    whole = person(snap(lists, ("person", "work")), BEN)["work"]
    assert (whole["manager"], whole["reportsToId"]) == (None, "f" * 24)


def test_manager_with_a_bad_row_keeps_those_who_show_it() -> None:
    """Whose record shows a manager's unusable row is kept; who only refers to that manager is not."""
    lists = account()
    row(lists, ACCOUNTS, ANA)["email"] = {"value": 1}
    shown = snap(lists, MANAGER)
    referred = snap(lists, EMAIL, ("person", "work", "manager", "id"))
    assert (people(shown), kept(shown)) == (set(), {ANA, BEN, CEM})
    (warning,) = shown.warnings
    assert warning.startswith("2 people are described by a row of employees/accounts that cannot be used:")
    assert (people(referred), kept(referred)) == ({BEN, CEM}, {ANA})
    assert person(referred, BEN)["work"]["manager"] == {"id": ANA}
