"""The fields of a person in Kenjo: in which section each stands, and what its values are. Pure.

The one place that says so: `service.kenjo.cells` reads cells by it, `vocabulary` names the nearest field by
it, and `inference` knows from it what an expression can give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum


class Values(StrEnum):
    """What the values of a field are, whatever Kenjo sends; null they may be, too.

    NAME, NAMES and MANAGER the bridge makes of other lists.
    """

    TEXT = "text"
    ADDRESS = "address"
    DAY = "day"
    FLAG = "flag"
    ACCESS = "access"
    NAME = "name"
    NAMES = "names"
    MANAGER = "manager"
    ANY = "any"


_SECTIONS: Mapping[str, str] = {
    "account": "email:address externalId isActive:access language",
    "personal": "firstName:text lastName:text displayName:text gender birthdate:day",
    "work": "companyId:text officeId:text departmentId:text startDate:day contractEnd:day"
    " probationPeriodEnd:day jobTitle:text workPhone workMobile isAssistant:flag reportsToId:text"
    " employeeNumber weeklyHours"
    " department:name office:name company:name teams:names teamIds:names areas:names manager:manager",
    "address": "street postalCode city country",
    "home": "maritalStatus spouseFirstName spouseLastName spouseBirthdate:day spouseGender personalEmail"
    " personalPhone personalMobile",
    "financial": "accountHolderName bankName accountNumber iban swiftCode nationalId passport"
    " nationalInsuranceNumber taxCode taxIdentificationNumber",
    "schedule": "mondayWorkingDay tuesdayWorkingDay wednesdayWorkingDay thursdayWorkingDay fridayWorkingDay"
    " saturdayWorkingDay sundayWorkingDay trackAttendance:flag",
}
"""The fields of each section, as in https://kenjo.readme.io/reference, and what the bridge adds to `work`.

`contractEnd`, `employeeNumber` and `weeklyHours` are not in the reference, but accounts have them. Without a
word behind the colon nothing is known: an employee number is text in one account and a number in another.
"""


def _typed(text: str) -> Iterator[tuple[str, Values]]:
    for one in text.split():
        name, _, word = one.partition(":")
        yield name, Values(word or "any")


FIELD_VALUES: Mapping[str, Mapping[str, Values]] = {
    name: dict(_typed(text)) for name, text in _SECTIONS.items()
}
"""What the values of each known field are, by section."""

FIELDS: Mapping[str, frozenset[str]] = {name: frozenset(fields) for name, fields in FIELD_VALUES.items()}
"""The known fields by section."""

TEAM_FIELDS = frozenset({"id", "name", "kind", "members"})
"""The fields of a team, or of whatever else becomes a group."""
