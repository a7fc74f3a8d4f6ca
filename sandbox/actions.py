"""What happens in a company, in one call each: for demonstrations, tests and the control endpoints.

People may be named by `_id` or e-mail; teams, departments and offices by `_id` or name. Where nobody is
named, the seed chooses someone who is active.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from inspect import signature
from typing import Any

from sandbox import names
from sandbox.errors import ApiError, invalid, unknown
from sandbox.people import Mailboxes, random_name
from sandbox.sections import Employee, pick
from sandbox.state import Account
from sandbox.values import Row, as_clock


class Actions:
    """Each action changes the account and returns the person as they are afterwards."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._actions: dict[str, Callable[..., Employee]] = {
            "hire": self.hire,
            "activate": self.activate,
            "move": self.move,
            "rename": self.rename,
            "leave": self.leave,
            "delete": self.delete,
        }

    def run(self, name: str, options: Mapping[str, Any]) -> Employee:
        """Carry out the action with that name; its keywords are the options."""
        if name not in self._actions:
            raise ApiError(404, f"There is no action '{name}', only {', '.join(self._actions)}.")
        action = self._actions[name]
        for option, value in options.items():
            if option not in signature(action).parameters or not isinstance(value, str | bool):
                raise invalid(option)
        return action(**options)

    def hire(
        self,
        *,
        first_name: str = "",
        last_name: str = "",
        email: str = "",
        job_title: str = "",
        department: str = "",
        office: str = "",
        team: str = "",
        manager: str = "",
        start: str = "",
        active: bool = False,
        deskless: bool = False,
    ) -> Employee:
        """Create a person, inactive unless `active`; all else is made up, `start` in two weeks."""
        unit = self._row("departments", department)
        place = self._row("offices", office)
        work = self._work("", place["_id"], team, manager, job_title or self._title(unit))
        work |= {"departmentId": unit["_id"], "startDate": start or self._in_two_weeks()}
        personal = self._personal(place, first_name, last_name)
        address = email or self._address(personal)
        person = self.account.hire({"account": {"email": address}, "personal": personal, "work": work})
        if deskless:  # the API cannot create anybody without an e-mail, Kenjo's pages can
            person["account"]["email"] = None
        return self.account.activate(person["account"]["_id"]) if active else person

    def activate(self, *, employee: str = "") -> Employee:
        """Activate the person, or else the newest inactive one."""
        inactive = [one for one in self.account.employees.values() if not one["account"]["isActive"]]
        person = self.person(employee) if employee or not inactive else inactive[-1]
        return self.account.activate(person["account"]["_id"])

    def move(
        self,
        *,
        employee: str = "",
        department: str = "",
        office: str = "",
        team: str = "",
        manager: str = "",
        job_title: str = "",
    ) -> Employee:
        """Give the person another place; `team` replaces all teams, and is made up if nothing is given."""
        person = self.person(employee)
        changes = self._work(department, office, team, manager, job_title)
        if not changes:
            has = person["work"].get("teamIds") or ()
            teams = [key for key in self.account.tables["teams"] if key not in has]
            changes = {"teamIds": [pick(self.account.rng, teams)] if teams else []}
        return self.account.update(person["account"]["_id"], "work", changes)

    def rename(self, *, employee: str = "", first_name: str = "", last_name: str = "") -> Employee:
        """Give the person another name, a made-up last name if nothing is given; the e-mail stays."""
        person = self.person(employee)
        old = person["personal"]
        if not first_name and not last_name:
            last_name = old["lastName"]
            while last_name == old["lastName"]:
                last_name = random_name(self.account.rng, "GB")[1]
        first, last = first_name or old["firstName"], last_name or old["lastName"]
        changes = {"firstName": first, "lastName": last, "displayName": f"{first} {last}"}
        return self.account.update(person["account"]["_id"], "personal", changes)

    def leave(self, *, employee: str = "") -> Employee:
        """Deactivate the person."""
        return self.account.deactivate(self.person(employee)["account"]["_id"])

    def delete(self, *, employee: str = "") -> Employee:
        """Remove the person from every list."""
        return self.account.delete(self.person(employee)["account"]["_id"])

    def person(self, name: str = "") -> Employee:
        """Return the person with that `_id` or e-mail, or anybody who is active."""
        people = self.account.employees
        if name in people:
            return people[name]
        named = [one for one in people.values() if _is_candidate(one, name)]
        if not named:
            raise unknown("employee")
        return named[0] if name else pick(self.account.rng, named)

    def _row(self, table: str, name: str) -> Row:
        rows = self.account.tables[table]
        if name in rows:
            return rows[name]
        named = [row for row in rows.values() if not name or row["name"] == name]
        if not named:
            raise unknown(table.removesuffix("s"))
        return named[0] if name else pick(self.account.rng, named)

    def _work(self, department: str, office: str, team: str, manager: str, job_title: str) -> Row:
        """Return the changes of the work section for what is given."""
        changes: Row = {"jobTitle": job_title} if job_title else {}
        if department:
            changes["departmentId"] = self._row("departments", department)["_id"]
        if office:
            place = self._row("offices", office)
            changes |= {"officeId": place["_id"], "companyId": place["companyId"]}
        if team:
            changes["teamIds"] = [self._row("teams", team)["_id"]]
        if manager:
            changes["reportsToId"] = self.person(manager)["account"]["_id"]
        return changes

    def _personal(self, place: Row, first_name: str, last_name: str) -> Row:
        first, last, gender = random_name(self.account.rng, place.get("country"))
        return {"firstName": first_name or first, "lastName": last_name or last, "gender": gender}

    def _address(self, personal: Row) -> str:
        used = (str(person["account"].get("email")) for person in self.account.employees.values())
        return Mailboxes(used).address(personal["firstName"], personal["lastName"])

    def _title(self, unit: Row) -> str:
        return pick(self.account.rng, names.JOB_TITLES.get(unit["name"], ("Specialist",)))

    def _in_two_weeks(self) -> str:
        return as_clock(self.account.today + timedelta(days=14))


def _is_candidate(person: Employee, name: str) -> bool:
    account = person["account"]
    return account.get("email") == name if name else bool(account["isActive"])
