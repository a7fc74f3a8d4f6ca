from collections import Counter
from datetime import date, timedelta

import pytest

from sandbox.organisation import DEPARTMENTS, Organisation, build
from sandbox.people import Mailboxes, generate
from sandbox.sections import Employee
from sandbox.values import is_id, parse_day, plain

TODAY = date(2026, 5, 4)


@pytest.fixture(scope="module")
def organisation() -> Organisation:
    return build(1)


@pytest.fixture(scope="module")
def people(organisation: Organisation) -> list[Employee]:
    return list(generate(organisation, 200, 1, TODAY).values())


def test_same_seed_same_people(organisation: Organisation) -> None:
    """The same seed, number and day give equal people in equal order."""
    again = generate(build(1), 200, 1, TODAY)
    assert again == generate(organisation, 200, 1, TODAY)
    assert list(again) == list(generate(organisation, 200, 1, TODAY))
    assert build(1) == organisation


def test_other_seed_other_people(organisation: Organisation) -> None:
    """Another seed gives other ids and other names."""
    one, two = generate(organisation, 50, 1, TODAY), generate(build(2), 50, 2, TODAY)
    assert not set(one) & set(two)
    names = [[person["personal"]["displayName"] for person in some.values()] for some in (one, two)]
    assert names[0] != names[1]


def test_later_day_moves_dates_only(organisation: Organisation) -> None:
    """The day decides about dates and nothing else, so an account looks the same on every day."""
    one = generate(organisation, 100, 1, TODAY)
    two = generate(organisation, 100, 1, TODAY + timedelta(days=30))
    assert list(one) == list(two)
    for person, later in zip(one.values(), two.values(), strict=True):
        assert person["account"] == later["account"]
        assert person["work"].get("reportsToId") == later["work"].get("reportsToId")


@pytest.mark.parametrize("number", [0, 1, 2, 9, 12, 30])
def test_small_accounts(organisation: Organisation, number: int) -> None:
    """An account may have any number of people, none at all included."""
    assert len(generate(organisation, number, 1, TODAY)) == number


def test_ten_thousand(organisation: Organisation) -> None:
    """10,000 people == each has an id and an e-mail of their own."""
    people = generate(organisation, 10_000, 1, TODAY)
    assert len(people) == 10_000
    emails = [person["account"]["email"] for person in people.values() if person["account"].get("email")]
    assert len(set(emails)) == len(emails) > 9_500


def test_ids_are_24_hex_digits(people: list[Employee]) -> None:
    """Every `_id` has 24 hexadecimal digits."""
    assert all(is_id(person["account"]["_id"]) for person in people)


def test_emails_are_plain_letters(people: list[Employee]) -> None:
    """E-mails are ASCII, made from the name, and unique; names keep their umlauts and accents."""
    emails = [person["account"]["email"] for person in people if person["account"].get("email")]
    assert len(emails) == len(set(emails))
    assert all(email.isascii() and email.endswith("@nordlicht.example") for email in emails)
    shown = "".join(person["personal"]["displayName"] for person in people)
    assert {"ü", "ß", "í", "ñ", "'"} <= set(shown)


def test_plain_writes_umlauts_out() -> None:
    """Umlauts become two letters, accents go, everything else becomes a hyphen."""
    assert plain("Jürgen Groß") == "juergen-gross"
    assert plain("Íñigo Ó'Súilleabháin") == "inigo-o-suilleabhain"
    assert plain("Yıldız") == "yildiz"


def test_namesakes_get_numbers() -> None:
    """The second and third person of one name get a number, also beside addresses that exist already."""
    boxes = Mailboxes(["ana.ruiz@nordlicht.example"])
    assert [boxes.address("Ana", "Ruiz") for _ in range(2)] == [
        "ana.ruiz2@nordlicht.example",
        "ana.ruiz3@nordlicht.example",
    ]


def test_five_percent_are_inactive(people: list[Employee]) -> None:
    """About one in twenty is inactive, the head of the company never."""
    inactive = [person for person in people if not person["account"]["isActive"]]
    assert 10 <= len(inactive) <= 12
    assert people[0]["account"]["isActive"]


def test_deskless_people_have_no_email_in_three_ways(people: list[Employee]) -> None:
    """A missing e-mail shows as a missing field, as null and as an empty text."""
    missing = [person["account"] for person in people if not person["account"].get("email")]
    assert 0 < len(missing) < 10
    assert {account.get("email", "absent") for account in missing} == {"absent", None, ""}


def test_managers_form_a_tree(people: list[Employee]) -> None:
    """Everyone but the head of the company reports to somebody, and the chain ends at the head."""
    managers = {person["account"]["_id"]: person["work"].get("reportsToId") for person in people}
    head = people[0]["account"]["_id"]
    assert [key for key, manager in managers.items() if manager is None] == [head]
    for key in managers:
        chain = [key]
        while (above := managers[chain[-1]]) is not None:
            assert above not in chain
            chain.append(above)
        assert chain[-1] == head


@pytest.mark.parametrize("seed", range(8))
def test_a_manager_is_inactive(organisation: Organisation, seed: int) -> None:
    """Whatever the seed, at least one `reportsToId` names somebody who is inactive."""
    people = generate(organisation, 40, seed, TODAY)
    managers = [person["work"]["reportsToId"] for person in list(people.values())[1:]]
    assert any(not people[manager]["account"]["isActive"] for manager in managers)


def test_organisation_is_rich_enough(organisation: Organisation, people: list[Employee]) -> None:
    """There are several offices and about twelve teams, and nobody names a row that is not there."""
    assert {row["city"] for row in organisation.offices.values()} >= {"Berlin", "Madrid", "London"}
    assert len(organisation.companies) == 3
    assert len(organisation.departments) == len(DEPARTMENTS)
    assert 10 <= len(organisation.teams) <= 14
    for person in people:
        work = person["work"]
        assert organisation.offices[work["officeId"]]["companyId"] == work["companyId"]
        assert work["departmentId"] in organisation.departments
        assert set(work["teamIds"]) <= set(organisation.teams)


def test_teams_have_members_and_some_people_several(people: list[Employee]) -> None:
    """People are in no, one or two teams."""
    assert Counter(len(person["work"]["teamIds"]) for person in people).keys() == {0, 1, 2}


def test_dates_are_spelled_in_three_ways(people: list[Employee]) -> None:
    """The same date field comes in all three spellings."""
    for section, field in (("personal", "birthdate"), ("work", "startDate"), ("work", "probationPeriodEnd")):
        lengths = {len(person[section][field]) for person in people}
        assert lengths == {len("2021-07-01"), len("2021-07-01T00:00:00"), len("2021-07-01T00:00:00.000Z")}


def test_start_and_end_dates_lie_on_both_sides_of_today(people: list[Employee]) -> None:
    """Some people start later, active and inactive ones; contracts end in the future and have ended."""
    later = [person for person in people if parse_day(person["work"]["startDate"]) > TODAY]
    assert {person["account"]["isActive"] for person in later} == {True, False}
    ends = [(parse_day(p["work"]["contractEnd"]), p) for p in people if "contractEnd" in p["work"]]
    assert any(end >= TODAY for end, _ in ends)
    assert any(end < TODAY for end, _ in ends)
    assert not any(person["account"]["isActive"] for end, person in ends if end < TODAY)


def test_custom_fields_are_declared(organisation: Organisation, people: list[Employee]) -> None:
    """Every custom field of a person is declared for its section, lists hold a declared value."""
    declared = {(row["section"], row["apiName"]): row for row in organisation.custom_fields.values()}
    used = set()
    for person in people:
        for section, row in person.items():
            for name in row:
                if name.startswith("c_"):
                    used.add(declared[section, name]["type"])
                    assert row[name] in declared[section, name].get("values", [row[name]])
    assert used == {"Text", "List", "Boolean", "Number", "Date"}


def test_ibans_are_valid(people: list[Employee]) -> None:
    """The check number of every IBAN is right (ISO 13616)."""
    for person in people:
        iban = person["financial"]["iban"]
        digits = "".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])
        assert int(digits) % 97 == 1


def test_languages_follow_the_office(organisation: Organisation, people: list[Employee]) -> None:
    """Languages are de, es and en, by the country of the office."""
    for person in people:
        country = organisation.offices[person["work"]["officeId"]]["country"]
        assert person["account"]["language"] == {"DE": "de", "ES": "es", "GB": "en"}[country]
