"""One Kenjo account in memory, with everything that the API (and a test in the same process) can do to it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.errors import ApiError, invalid, taken, unknown
from sandbox.organisation import Table, build
from sandbox.people import generate
from sandbox.rules import normalise, require
from sandbox.sections import Employee, default_schedule, language_of
from sandbox.values import Row, is_id, new_id, seeded

SECTIONS = ("account", "personal", "work", "workSchedule", "address", "financial", "home")
EDITABLE = ("teams", "departments", "offices", "areas")
"""The lists in which the API creates, changes and removes rows."""

ZONE = ZoneInfo("Europe/Berlin")
"""Where the made-up company is: its days begin there."""

_REFERENCES = {"departments": "departmentId", "offices": "officeId"}


class Account:
    """An account with that many made-up people; every operation raises `ApiError` for what Kenjo refuses.

    `employees` maps `_id` to sections and `tables` maps a list's name to its rows by `_id`; a test may write
    into both to make a state that the API would refuse, such as a manager who does not exist.
    """

    def __init__(self, people: int = 200, seed: int = 1, today: date | None = None) -> None:
        self.today = today or datetime.now(ZONE).date()
        organisation = build(seed)
        self.employees = generate(organisation, people, seed, self.today)
        self.tables: dict[str, Table] = {
            "companies": organisation.companies,
            "calendars": organisation.calendars,
            "offices": organisation.offices,
            "departments": organisation.departments,
            "teams": organisation.teams,
            "areas": organisation.areas,
            "custom-fields": organisation.custom_fields,
        }
        self.rng = seeded(seed, "later")

    def employee(self, employee_id: str) -> Employee:
        """Return all sections of a person."""
        if not is_id(employee_id):
            raise invalid("id")
        if employee_id not in self.employees:
            raise unknown("employee")
        return self.employees[employee_id]

    def hire(self, sections: Mapping[str, Any]) -> Employee:
        """Create a person as `POST /employees` does: inactive, with what is given and Kenjo's defaults."""
        for section in sections:
            if section not in SECTIONS:
                raise invalid(section)
        given = {name: normalise(name, sections.get(name, {}), self._known()) for name in SECTIONS}
        for section in SECTIONS:
            require(section, given[section])
        self._unique("email", given["account"])
        self._unique("externalId", given["account"])
        identifier = new_id(self.rng)
        company = self.tables["companies"][given["work"]["companyId"]]
        account = {"language": language_of(company.get("country")), **given["account"]}
        personal = given["personal"]
        names = {"displayName": f"{personal['firstName']} {personal['lastName']}"}
        employee: Employee = {
            **given,
            "account": {"_id": identifier, **account, "isActive": False},
            "personal": names | personal,
            "work": {"isAssistant": False, "weeklyHours": 40, "teamIds": [], **given["work"]},
            "workSchedule": default_schedule() | given["workSchedule"],
        }
        self.employees[identifier] = employee
        return employee

    def update(self, employee_id: str, section: str, changes: Mapping[str, Any]) -> Employee:
        """Change the fields given in one section; a null empties a field."""
        employee = self.employee(employee_id)
        accepted = normalise(section, changes, self._known())
        if section == "account":
            self._unique("email", accepted, but=employee_id)
            self._unique("externalId", accepted, but=employee_id)
        if section == "work" and accepted.get("reportsToId"):
            self._refuse_circle(employee_id, accepted["reportsToId"])
        employee[section].update(accepted)
        return employee

    def activate(self, employee_id: str) -> Employee:
        """Let the person use Kenjo. At Kenjo that happens when they follow the mail; here at once."""
        employee = self.employee(employee_id)
        employee["account"]["isActive"] = True
        return employee

    def deactivate(self, employee_id: str) -> Employee:
        """End the person's access to Kenjo."""
        employee = self.employee(employee_id)
        employee["account"]["isActive"] = False
        return employee

    def delete(self, employee_id: str) -> Employee:
        """Remove the person from every list. Only Kenjo's pages can do that, its API cannot."""
        self.employee(employee_id)
        return self.employees.pop(employee_id)

    def row(self, table: str, row_id: str) -> Row:
        """Return one row of a list of the organisation."""
        if not is_id(row_id):
            raise invalid("id")
        if row_id not in self.tables[table]:
            raise unknown(table.removesuffix("s"))
        return self.tables[table][row_id]

    def create(self, table: str, body: Mapping[str, Any]) -> Row:
        """Add a team, department, office or area (`table` is one of `EDITABLE`)."""
        values = self._accept(table, body)
        require(table, values)
        row = {"_id": new_id(self.rng), **values}
        self.tables[table][row["_id"]] = row
        return row

    def change(self, table: str, row_id: str, body: Mapping[str, Any]) -> Row:
        """Change the attributes given of a team, department, office or area."""
        row = self.row(table, row_id)
        row.update(self._accept(table, body))
        return row

    def remove(self, table: str, row_id: str) -> Row:
        """Remove a team, department, office or area, and from every person what names it."""
        self._accept(table, {})
        row = self.row(table, row_id)
        for employee in self.employees.values():
            _forget(employee["work"], table, row_id)
        return self.tables[table].pop(row["_id"])

    def _accept(self, table: str, body: Mapping[str, Any]) -> Row:
        if table not in EDITABLE:
            raise ApiError(405, f"The {table} can only be read.")
        return normalise(table, body, self._known())

    def _known(self) -> dict[str, Mapping[str, Any]]:
        return {**self.tables, "employees": self.employees}

    def _unique(self, field: str, changes: Row, but: str = "") -> None:
        wanted = changes.get(field)
        if not wanted:
            return
        for employee in self.employees.values():
            account = employee["account"]
            if account["_id"] != but and str(account.get(field)).lower() == wanted.lower():
                raise taken(field)

    def _refuse_circle(self, employee_id: str, manager_id: str) -> None:
        """Nobody reports to themselves or to someone below them."""
        above: str | None = manager_id
        seen: set[str] = set()
        while above in self.employees and above not in seen:
            if above == employee_id:
                raise invalid("reportsToId")
            seen.add(above)
            above = self.employees[above]["work"].get("reportsToId")


def _forget(work: Row, table: str, row_id: str) -> None:
    if table == "teams" and row_id in (work.get("teamIds") or ()):
        work["teamIds"] = [team for team in work["teamIds"] if team != row_id]
    field = _REFERENCES.get(table)
    if field and work.get(field) == row_id:
        del work[field]
