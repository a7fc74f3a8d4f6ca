"""What a target should hold, told by plain rules: people come, change, leave, and come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.examples.people import Person

Account = dict[str, Any]
Groups = Mapping[str, Iterable[Person]]


def everybody(_: Person) -> bool:
    return True


def nobody(_: Person) -> bool:
    return False


def no_groups(_: list[Person]) -> Groups:
    return {}


@dataclass
class Told:
    """Accounts by Kenjo id and groups by name, as an administrator who reads bridge.yaml expects them.

    `account`: what somebody is to have, `belongs`: who is to have one, `groups`: who is in which, of those
    who work here. `boss`: the attribute that names somebody else's Kenjo id. `once`: what stays as it was
    first, `keep`: what stays when it would be empty. `closed`: what is changed of a leaver, None: they are
    deleted; `follows`: they get the last values, too. `changes`, `removes`: what the mode does. `keeps`:
    whether somebody who does not belong any more keeps the account as it is.
    """

    account: Callable[[Person], Account]
    belongs: Callable[[Person], bool] = everybody
    groups: Callable[[list[Person]], Groups] = no_groups
    boss: str = ""
    once: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    closed: Mapping[str, Any] | None = field(default_factory=lambda: {"active": False})
    follows: bool = False
    changes: bool = True
    removes: bool = True
    keeps: bool = True
    protected: Callable[[Person], bool] = nobody
    accounts: dict[str, Account] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)

    def tell(self, people: Sequence[Person], works: Callable[[Person], bool]) -> None:
        """Go on to what should be there now; `works`: whether somebody works here."""
        here = [one for one in people if works(one)]
        served = [one for one in here if self.belongs(one)]
        for one in served:
            former = self.accounts.get(one.id)
            if former is None or self.changes:
                self.accounts[one.id] = self._kept(former or {}) | _without_empty(self.account(one))
                self.accounts[one.id] |= {
                    name: former[name] for name in self.once if former and name in former
                }
        self._refer(served)
        self._close([one for one in people if one not in here and one.id in self.accounts])
        if not self.keeps:
            self._close([one for one in here if one not in served and one.id in self.accounts])
        self.members = {
            name: {one.id for one in members if one in here and one.id in self.accounts}
            for name, members in self.groups(list(people)).items()
        }

    def _kept(self, former: Account) -> Account:
        return {name: former[name] for name in self.keep if name in former}

    def _close(self, leavers: Iterable[Person]) -> None:
        for one in leavers:
            if not self.removes or self.protected(one):
                continue
            if self.closed is None:
                del self.accounts[one.id]
                continue
            last = _without_empty(self.account(one)) if self.follows else {}
            self.accounts[one.id] |= {**last, **self.closed}

    def _refer(self, served: Iterable[Person]) -> None:
        """A manager who has no account there is left out."""
        for one in served:
            if self.boss and self.accounts[one.id].get(self.boss) not in self.accounts:
                self.accounts[one.id].pop(self.boss, None)


def _without_empty(account: Account) -> Account:
    return {name: value for name, value in account.items() if value is not None}
