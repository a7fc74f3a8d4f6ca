from datetime import date, timedelta

import pytest

from sandbox.actions import Actions
from sandbox.errors import ApiError
from sandbox.state import Account
from sandbox.values import parse_day

TODAY = date(2026, 5, 4)


@pytest.fixture
def actions() -> Actions:
    return Actions(Account(people=40, seed=3, today=TODAY))


def test_hired_person_is_inactive_and_starts_in_two_weeks(actions: Actions) -> None:
    """Whoever is hired without details is whole, inactive, and starts two weeks after the account's day."""
    person = actions.hire()
    assert person["account"]["isActive"] is False
    assert parse_day(person["work"]["startDate"]) == TODAY + timedelta(days=14)
    assert person["personal"]["firstName"]
    assert person["work"]["jobTitle"]
    assert person["work"]["departmentId"] in actions.account.tables["departments"]


def test_hire_with_details(actions: Actions) -> None:
    """Every detail of a hire can be given, names instead of ids too."""
    boss = next(iter(actions.account.employees.values()))
    person = actions.hire(
        first_name="Ana",
        last_name="Ruiz",
        job_title="Diseñadora",
        department="Product",
        office="Madrid",
        team="Product Design",
        manager=boss["account"]["email"],
        start="2026-05-10",
        active=True,
    )
    tables, work = actions.account.tables, person["work"]
    assert person["account"]["isActive"] is True
    assert person["account"]["language"] == "es"
    assert tables["departments"][work["departmentId"]]["name"] == "Product"
    assert tables["offices"][work["officeId"]]["name"] == "Madrid"
    assert [tables["teams"][team]["name"] for team in work["teamIds"]] == ["Product Design"]
    assert work["reportsToId"] == boss["account"]["_id"]
    assert work["startDate"] == "2026-05-10T00:00:00"


def test_hire_namesakes(actions: Actions) -> None:
    """Two people of one name get two e-mails."""
    emails = [actions.hire(first_name="Zoë", last_name="Weiß")["account"]["email"] for _ in range(2)]
    assert emails == ["zoe.weiss@nordlicht.example", "zoe.weiss2@nordlicht.example"]


def test_hire_deskless(actions: Actions) -> None:
    """A deskless person has no e-mail."""
    assert actions.hire(deskless=True)["account"]["email"] is None


def test_activate_takes_the_newest_inactive_person(actions: Actions) -> None:
    """Activating nobody in particular activates whoever was hired last."""
    hired = actions.hire()
    assert actions.activate()["account"]["_id"] == hired["account"]["_id"]
    assert hired["account"]["isActive"] is True


def test_move_changes_company_with_the_office(actions: Actions) -> None:
    """A move to another office is a move to its company; what is not named stays."""
    person = actions.hire(office="Berlin", team="Backend", department="Engineering")
    teams, department = person["work"]["teamIds"], person["work"]["departmentId"]
    actions.move(employee=person["account"]["_id"], office="London")
    office = actions.account.tables["offices"][person["work"]["officeId"]]
    assert office["name"] == "London"
    assert person["work"]["companyId"] == office["companyId"]
    assert (person["work"]["teamIds"], person["work"]["departmentId"]) == (teams, department)


def test_made_up_moves_and_names_are_new(actions: Actions) -> None:
    """A move and a rename without details always change something."""
    person = actions.hire(active=True)
    identifier = person["account"]["_id"]
    for _ in range(40):
        teams, name = person["work"]["teamIds"], person["personal"]["lastName"]
        actions.move(employee=identifier)
        actions.rename(employee=identifier)
        assert person["work"]["teamIds"] != teams
        assert person["personal"]["lastName"] != name


def test_rename_keeps_the_email(actions: Actions) -> None:
    """A new name changes the names shown and not the e-mail."""
    person = actions.hire(first_name="Ana", last_name="Ruiz")
    email = person["account"]["email"]
    actions.rename(employee=email, last_name="Peña")
    assert person["personal"]["displayName"] == "Ana Peña"
    assert person["account"]["email"] == email


def test_chosen_people_are_active(actions: Actions) -> None:
    """Whoever leaves without being named was active; when nobody is left to leave, that is said."""
    active = sum(person["account"]["isActive"] for person in actions.account.employees.values())
    left = {actions.leave()["account"]["_id"] for _ in range(active)}
    assert len(left) == active
    with pytest.raises(ApiError, match="employee") as refused:
        actions.leave()
    assert refused.value.status == 404
    assert not any(person["account"]["isActive"] for person in actions.account.employees.values())


def test_same_seed_same_actions() -> None:
    """What is chosen and made up depends on the seed only, ids included."""
    people = []
    for _ in range(2):
        actions = Actions(Account(people=40, seed=3, today=TODAY))
        people.append([actions.hire(), actions.move(), actions.leave(), actions.rename()])
    assert people[0] == people[1]
