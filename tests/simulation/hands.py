"""Addresses and names that change hands: swaps, chains, newcomers with a leaver's address, re-hires."""

from __future__ import annotations

from collections.abc import Callable

from bridge.model import Kind
from tests.simulation.company import Company
from tests.simulation.people import Person


class Hands:
    """What happens in a company where nothing is given up for good."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._random = company.random
        self._teams = company.kenjo.teams
        self._number = 100

    def acts(self) -> list[tuple[int, Callable[[], str | None]]]:
        """What may happen, with how much weight."""
        people = [(3, self._swap), (3, self._chain), (3, self._inherit), (3, self._rehire), (1, self._clash)]
        return [*people, (2, self._name_passed_on), (2, self._team_again), (1, self._names_swapped)]

    def _some(self, count: int) -> list[Person]:
        people = [one for _, one in sorted(self._company.people.items()) if not one.odd]
        unshared = [one for one in people if not self._company.shares_address(one)]
        return self._random.sample(unshared, count) if len(unshared) >= count else []

    def _swap(self) -> str | None:
        if not (pair := self._some(2)):
            return None
        one, other = pair
        one.email, other.email = other.email, one.email
        return f"{one.id} and {other.id} swap their addresses"

    def _chain(self) -> str | None:
        if not (three := self._some(3)):
            return None
        first, second, third = three
        first.email, second.email = second.email, third.email
        third.email = self._company.address(third.id)
        return f"{first.id} gets the address of {second.id}, who gets that of {third.id}"

    def _inherit(self) -> str | None:
        """A newcomer, or somebody else, gets the address of somebody who has left."""
        gone = [one for one in self._company.people.values() if not one.is_active]
        gone += self._company.left.values()
        if not gone:
            return None
        leaver = self._random.choice(gone)
        heir = self._company.somebody() if self._random.random() < 0.4 else self._company.newcomer()
        taken = any(one.email == leaver.email and one.is_active for one in self._company.people.values())
        if heir is None or heir is leaver or not heir.is_active or taken:
            return None
        heir.email = leaver.email
        return f"{heir.id} inherits the address of {leaver.id}"

    def _rehire(self) -> str | None:
        """Somebody is deleted, and comes back as somebody new."""
        if not self._company.left:
            return None
        former = self._company.left.pop(self._random.choice(sorted(self._company.left)))
        if self._company.has_address(former.email) or not (one := self._company.newcomer()):
            return None
        one.email = former.email
        return f"{former.id} is hired again as {one.id}"

    def _clash(self) -> str | None:
        """Two who work here have one address: whose it is nobody can say, until one gets another."""
        if not (pair := self._some(2)):
            return None
        one, other = pair
        one.email = other.email
        return f"{one.id} has the same address as {other.id}"

    # Teams

    def _name_passed_on(self) -> str | None:
        if len(self._teams) < 2:
            return None
        giver, taker = self._random.sample(sorted(self._teams), 2)
        self._teams[taker] = self._teams[giver]
        self._teams[giver] = self._new_name()
        return f"{taker} gets the name of {giver}"

    def _names_swapped(self) -> str | None:
        if len(self._teams) < 2:
            return None
        one, other = self._random.sample(sorted(self._teams), 2)
        self._teams[one], self._teams[other] = self._teams[other], self._teams[one]
        return f"{one} and {other} swap their names"

    def _team_again(self) -> str | None:
        if not self._teams:
            return None
        old = self._random.choice(sorted(self._teams))
        new = self._new_name().removeprefix("Team ")
        self._teams[new] = self._teams.pop(old)
        self._company.replaced.add(old)  # no id is given twice
        for one in self._company.people.values():
            if old in one.teams:
                one.teams = (one.teams - {old}) | {new}
        return f"{old} is deleted and made again as {Kind.TEAM} {new}"

    def _new_name(self) -> str:
        self._number += 1
        return f"Team t{self._number}"
