"""What happens in the company: people are hired, move, leave and come back."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.simulation.kenjo import Kenjo
from tests.simulation.people import Person, days, today
from tests.simulation.world import EPOCH, World

TITLES = ("Clerk", "Lead", "Clerk II", None)
REFUSED = "refused"
"""A title that no directory takes."""
FOREIGN_ALIAS = "alias-of-the-cto"
"""A key that an account which is not ours has already."""

MOST = 16
"""People at the same time."""

_ODD_CELLS = ({"contractEnd": "30.11.2026"}, {"startDate": "soon"}, {"displayName": [[17]]})


Act = Callable[[], str | None]
"""Something happens, or None."""


class Company:
    """Changes what a Kenjo account says. `left`: who is no more in it; `further`: what else may happen."""

    def __init__(self, world: World, kenjo: Kenjo) -> None:
        self.world = world
        self.kenjo = kenjo
        self.random: Random = world.random
        self.left: dict[str, Person] = {}
        self.replaced: set[str] = set()
        self.further: list[tuple[int, Act]] = []
        self._count = 0
        self._addresses = 0
        for _ in range(3):
            self.add_team()
        for _ in range(MOST if world.odds.many_leave else self.random.randint(8, 12)):
            self.hire()

    @property
    def people(self) -> dict[str, Person]:
        """Those whom Kenjo has."""
        return self.kenjo.people

    def change(self) -> None:
        """One thing happens."""
        odds = self.world.odds
        acts: list[tuple[int, Act]] = [
            (4, self.hire), (8, self._retitle), (2, self._rename), (4, self._new_manager), (6, self._move),
            (3, self._deactivate), (4, self._reactivate), (2, self._delete), (2, self._come_back),
            (1, self.add_team), (1, self._rename_team), (1, self._delete_team), (1, self._refused),
            (1, self._foreign_alias), (2 if odds.many_leave else 0, self._many_leave),
            (2 if odds.odd else 0, self._odd_cell),
        ]  # fmt: skip
        acts += self.further
        (act,) = self.random.choices([act for _, act in acts], [weight for weight, _ in acts])
        if said := act():
            self.world.note("kenjo", said)

    def hire(self) -> str | None:
        """Somebody begins, today or later."""
        one = self.newcomer()
        return f"hires {one.id} ({self._says(one)})" if one else None

    def newcomer(self) -> Person | None:
        """A new person, if there is room for one."""
        if len(self.people) >= MOST:
            return None
        self._count += 1
        id_ = f"p{self._count}"
        one = self.people[id_] = Person(id_, self.address(id_))
        one.start = self._day(*self.random.choice(((-400, -400), (-400, -400), (-400, 0), (1, 30))))
        one.end = self._day(300, 400) if self.random.random() < 0.6 else None
        teams = sorted(self.kenjo.teams)
        one.teams = set(self.random.sample(teams, min(len(teams), self.random.randint(0, 2))))
        one.manager = self.somebody().id
        one.manager = None if one.manager == id_ else one.manager
        return one

    def address(self, id_: str) -> str:
        """One that nobody ever had."""
        self._addresses += 1
        return f"{id_}.{self._addresses}@example.com"

    def has_address(self, email: str) -> bool:
        """Whether somebody in Kenjo has an address."""
        return any(one.email == email for one in self.people.values())

    def shares_address(self, one: Person) -> bool:
        """Whether somebody else has a person's address."""
        return any(other is not one and other.email == one.email for other in self.people.values())

    def _day(self, first: int, last: int) -> str:
        return days(today(EPOCH + self.world.now), self.random.randint(first, last))

    def _says(self, one: Person) -> str:
        return one.lifecycle(today(EPOCH + self.world.now))

    def somebody(self) -> Person:
        """Anybody who is there."""
        return self.people[self.random.choice(sorted(self.people))]

    def _active(self) -> list[Person]:
        return [one for one in self.people.values() if self._says(one) == "active"]

    def _retitle(self) -> str:
        one = self.somebody()
        one.title = self.random.choice(TITLES)
        return f"{one.id} is {one.title}"

    def _rename(self) -> str:
        one = self.somebody()
        one.email = self.address(one.id)
        return f"{one.id} has another address"

    def _new_manager(self) -> str:
        one, other = self.somebody(), self.somebody()
        one.manager = None if one is other else other.id
        return f"{one.id} reports to {one.manager}"

    def _move(self) -> str | None:
        if not self.kenjo.teams:
            return None
        one, team = self.somebody(), self.random.choice(sorted(self.kenjo.teams))
        one.teams ^= {team}
        return f"{one.id} is {'in' if team in one.teams else 'not in'} {team}"

    def _deactivate(self) -> str:
        one = self.somebody()
        if self.random.random() < 0.5:
            one.is_active = False
        else:
            self._end(one, -3, 0)
        return f"{one.id} is {self._says(one)} ({'deactivated' if not one.is_active else one.end})"

    def _end(self, one: Person, first: int, last: int) -> None:
        """End a contract that began before: one that ends before it begins is another one."""
        one.start, one.end = self._day(-400, -400), self._day(first, last)

    def _many_leave(self) -> str:
        active = self._active()
        for one in active:
            self._end(one, -2, -1)
        return f"{len(active)} people leave at once"

    def _reactivate(self) -> str:
        gone = [one for one in self.people.values() if self._says(one) != "active"]
        one = self.random.choice(gone) if gone else self.somebody()
        self._make_active(one)
        return f"{one.id} is active"

    def _make_active(self, one: Person) -> None:
        one.is_active, one.end, one.odd = True, self.random.choice((None, self._day(300, 400))), {}
        one.start = self._day(-400, 0)
        if self.shares_address(one):  # it is somebody else's by now
            one.email = self.address(one.id)

    def _delete(self) -> str | None:
        if len(self.left) >= 4 or len(self.people) < 8:
            return None  # more at once than anybody would believe is another test's business
        one = self.people.pop(self.somebody().id)
        self.left[one.id] = one
        for other in self.people.values():
            other.manager = None if other.manager == one.id else other.manager
        return f"{one.id} is deleted"

    def _come_back(self) -> str | None:
        if not self.left:
            return None
        one = self.left.pop(self.random.choice(sorted(self.left)))
        one.manager = None
        self._make_active(one)
        one.teams &= self.kenjo.teams.keys()
        self.people[one.id] = one
        return f"{one.id} comes back"

    def add_team(self) -> str | None:
        """A team, perhaps one that there was before."""
        if len(self.kenjo.teams) > 3:
            return None
        id_ = f"t{self.random.randint(1, 5)}"
        if id_ in self.replaced:
            return None
        self.kenjo.teams.setdefault(id_, f"Team {id_}")
        return f"has team {id_}"

    def _rename_team(self) -> str | None:
        if not self.kenjo.teams:
            return None
        id_ = self.random.choice(sorted(self.kenjo.teams))
        self.kenjo.teams[id_] += "'"
        return f"renames {id_}"

    def _delete_team(self) -> str | None:
        if not self.kenjo.teams:
            return None
        id_ = self.random.choice(sorted(self.kenjo.teams))
        del self.kenjo.teams[id_]
        for one in self.people.values():
            one.teams.discard(id_)
        return f"deletes {id_}"

    def _refused(self) -> str:
        one = self.somebody()
        one.title = REFUSED
        return f"{one.id} gets a title that is refused"

    def _foreign_alias(self) -> str:
        one = self.somebody()
        one.alias = None if one.alias else FOREIGN_ALIAS
        return f"{one.id} has alias {one.alias}"

    def _odd_cell(self) -> str:
        """One cell of somebody's cannot be read, for as long as nobody corrects it."""
        one = self.somebody()
        one.odd = {} if one.odd else dict(self.random.choice(_ODD_CELLS))
        return f"{one.id} has {'an odd cell' if one.odd else 'no odd cell any more'}"
