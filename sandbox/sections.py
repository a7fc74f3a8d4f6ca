"""The seven sections of one made-up person, from a draft that says who it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from sandbox import names
from sandbox.values import SPELLINGS, Row, as_day

Employee = dict[str, Row]
"""A person: rows by section name (`account`, `personal`, `work`, ...), without `_id` but in `account`."""

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SHIRTS = ("S", "M", "L", "XL")
SENIORITIES = ("Junior", "Professional", "Senior", "Principal")
MARITAL_STATUSES = ("Divorced", "Domestic Partnership", "Married", "Separated", "Single", "Widowed")

_T = TypeVar("_T")


@dataclass
class Draft:
    """What is decided about a person before the sections are written."""

    id: str
    index: int
    first_name: str
    last_name: str
    gender: str
    office: Row
    department_id: str
    title: str
    email: str | None
    is_active: bool
    start: date
    end: date | None
    manager_id: str | None
    team_ids: list[str]
    head: bool = False

    @property
    def country(self) -> str:
        """The country of the office, which decides on language, phone numbers and bank."""
        return str(self.office["country"])


def pick(rng: Random, values: Sequence[_T]) -> _T:
    """Return one of the values; twice as fast as `Random.choice`, which matters for 100,000 people."""
    return values[int(rng.random() * len(values))]


def employee(rng: Random, draft: Draft) -> Employee:
    """Return the person with all sections."""
    return {
        "account": _account(draft),
        "personal": _personal(rng, draft),
        "work": _work(rng, draft),
        "workSchedule": {**default_schedule(), "trackAttendance": draft.index % 3 == 0},
        "address": _address(rng, draft),
        "financial": _financial(rng, draft),
        "home": _home(rng, draft),
    }


def default_schedule() -> Row:
    """Return the schedule of who was given none: Monday to Friday."""
    return {**{f"{day}WorkingDay": number < 5 for number, day in enumerate(WEEK)}, "trackAttendance": False}


def language_of(country: object) -> str:
    """Return the language that Kenjo sets where none was chosen: the company's."""
    return {"DE": "de", "ES": "es"}.get(str(country), "en")


def _account(draft: Draft) -> Row:
    row: Row = {"_id": draft.id, "email": draft.email, "isActive": draft.is_active}
    if draft.email is None:  # the three ways in which an account shows a person without an address
        if draft.index % 3 == 0:
            del row["email"]
        elif draft.index % 3 == 1:
            row["email"] = ""
    if draft.index % 10 != 9:
        row["externalId"] = f"E-{draft.index + 1:06d}"
    return {**row, "language": language_of(draft.country)}


def _personal(rng: Random, draft: Draft) -> Row:
    birth = date(1960 + int(rng.random() * 43), 1, 1) + timedelta(days=int(rng.random() * 365))
    row: Row = {
        "firstName": draft.first_name,
        "lastName": draft.last_name,
        "displayName": f"{draft.first_name} {draft.last_name}",
        "gender": draft.gender if draft.index % 40 != 39 else "Other",
        "birthdate": SPELLINGS[draft.index % 3](birth),
        "c_Shirtsize": pick(rng, SHIRTS),
    }
    if draft.index % 4 == 0:
        row["c_Nickname"] = draft.first_name[:4] if draft.index % 8 == 0 else None
    if draft.index % 5 != 0:
        row["c_Führerschein"] = rng.random() < 0.7
    return row


def _work(rng: Random, draft: Draft) -> Row:
    probation = draft.start + timedelta(days=182)
    row: Row = {
        "companyId": draft.office["companyId"],
        "officeId": draft.office["_id"],
        "departmentId": draft.department_id,
        "startDate": SPELLINGS[(draft.index + 1) % 3](draft.start),
        "jobTitle": draft.title,
        "workPhone": _phone(rng, draft, 0) if draft.email else "",
        "workMobile": _phone(rng, draft, 1) if draft.index % 3 else None,
        "isAssistant": draft.index % 12 == 11,
        "probationPeriodEnd": SPELLINGS[(draft.index + 2) % 3](probation),
        "employeeNumber": str(10001 + draft.index),
        "weeklyHours": pick(rng, (40, 40, 40, 40, 32, 20)),
        "teamIds": draft.team_ids,
        "c_Costcentre": f"{draft.country}-{100 + int(rng.random() * 9) * 10}",
        "c_Seniority": "Principal" if draft.head else pick(rng, SENIORITIES),
        "c_Badgenumber": 4000 + draft.index,
        "c_Remote": rng.random() < 0.2,
    }
    if draft.manager_id:
        row["reportsToId"] = draft.manager_id
    if draft.end:
        row["contractEnd"] = SPELLINGS[draft.index % 3](draft.end)
    if draft.index % 7 == 0:
        row["c_Laptopdue"] = as_day(draft.start + timedelta(days=1095))
    return row


def _address(rng: Random, draft: Draft) -> Row:
    streets = names.STREETS[draft.country].split()
    street = pick(rng, streets).replace("-", " ")
    return {
        "street": f"{street} {1 + int(rng.random() * 180)}",
        "postalCode": f"{10000 + int(rng.random() * 80000)}",
        "city": draft.office["city"],
        "country": draft.country,
    }


def _financial(rng: Random, draft: Draft) -> Row:
    number = f"{int(rng.random() * 10**18):018d}"
    return {
        "accountHolderName": f"{draft.first_name} {draft.last_name}",
        "bankName": names.BANKS[draft.country],
        "accountNumber": number[8:],
        "iban": _iban(draft.country, number),
        "swiftCode": f"SANDBX{draft.country}XXX",
        "nationalId": f"{number[:8]}{draft.country[0]}",
        "passport": f"SB{number[1:8]}",
        "nationalInsuranceNumber": number[3:14],
        "taxCode": number[5:12],
        "taxIdentificationNumber": number[:11],
    }


def _home(rng: Random, draft: Draft) -> Row:
    status = pick(rng, MARITAL_STATUSES)
    row: Row = {"maritalStatus": status, "personalMobile": _phone(rng, draft, 1)}
    if draft.index % 2:
        row |= {"personalEmail": f"private{draft.index}@mail.example", "personalPhone": _phone(rng, draft, 0)}
    if status in {"Married", "Domestic Partnership"}:
        birth = date(1965 + draft.index % 30, 6, 15)
        row |= {"spouseFirstName": "Alex", "spouseLastName": draft.last_name, "spouseGender": "Other"}
        row["spouseBirthdate"] = SPELLINGS[draft.index % 3](birth)
    return row


def _phone(rng: Random, draft: Draft, kind: int) -> str:
    return f"{names.PHONE_PREFIXES[draft.country][kind]} {int(rng.random() * 10**7):07d}"


def _iban(country: str, number: str) -> str:
    """Return the country's letters, a valid check number (ISO 13616) and the account."""
    digits = "".join(str(int(letter, 36)) for letter in f"{number}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{number}"
