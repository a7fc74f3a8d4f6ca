"""The account as Kenjo's lists show it, with the differences between one list and the next."""

from collections.abc import Mapping

from sandbox.filters import select
from sandbox.sections import Employee
from sandbox.state import Account
from sandbox.values import Row

SECTION_PATHS = {
    "accounts": "account",
    "personals": "personal",
    "works": "work",
    "work-schedules": "workSchedule",
    "addresses": "address",
    "financials": "financial",
    "homes": "home",
}
"""The section that a path below `/employees` shows."""

_USER_ACCOUNT_FIELDS = {
    "personal": ("firstName", "lastName", "displayName"),
    "work": ("companyId", "officeId", "departmentId", "jobTitle"),
}


def section_rows(account: Account, section: str, query: Mapping[str, str]) -> list[Row]:
    """Return one section of everybody who equals the filters, each row with its `_id`."""
    rows = ({"_id": identifier, **person[section]} for identifier, person in account.employees.items())
    return select(section, rows, query)


def employee_rows(account: Account) -> list[Row]:
    """Return the accounts as `GET /employees` shows them: `isActive` is a text."""
    return [text_account(person) for person in account.employees.values()]


def user_accounts(account: Account) -> list[Row]:
    """Return the rows of `GET /user-accounts`: basic fields of three sections, `isActive` is a text."""
    return [_user_account(person) for person in account.employees.values()]


def text_account(person: Employee) -> Row:
    """Return the account section with `isActive` as the text "true" or "false"."""
    return {**person["account"], "isActive": _as_text(person)}


def whole_employee(person: Employee) -> Row:
    """Return all sections as `GET /employees/{id}` does: only the account has an `_id`."""
    return {**person, "workSchedule": _without(person["workSchedule"], "trackAttendance")}


def section_answer(person: Employee, section: str) -> Row:
    """Return a section as the answer to its change."""
    row = {"_id": person["account"]["_id"], **person[section]}
    return _without(row, "isActive", "trackAttendance")


def _user_account(person: Employee) -> Row:
    row: Row = {"_id": person["account"]["_id"], "isActive": _as_text(person)}
    if "email" in person["account"]:
        row["email"] = person["account"]["email"]
    for section, fields in _USER_ACCOUNT_FIELDS.items():
        row |= {field: person[section][field] for field in fields if field in person[section]}
    return row


def _as_text(person: Employee) -> str:
    return "true" if person["account"]["isActive"] else "false"


def _without(row: Row, *fields: str) -> Row:
    return {name: value for name, value in row.items() if name not in fields}
