"""What is too big a change to be done without asking. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from bridge.config.target_settings import Limit
from bridge.effects import Verb, covers, is_closed, leavers, verb_of, what_of
from bridge.mapping.route import Route
from bridge.mapping.succession import successor
from bridge.model import CALLED, Entry, Key, Kind, Stored
from bridge.printable import counted
from bridge.store.waiting import stance


@dataclass(frozen=True, slots=True)
class Excess:
    """More changes of a kind within the window than the limit allows: all of them wait.

    `keys` would be changed now, `others` of the kind count with them: done within the window, or going on
    now. `base` is what there is to be changed. `along` are teams that would lose people whose removal waits,
    and wait with them. Of members, `lost` is how many would be taken out, and `members` of each group, with
    those who lose their account too. `part`: the id of the hold of what somebody set apart by deciding on
    others; that waits without a limit.
    """

    verb: Verb
    kind: Kind
    keys: frozenset[Key]
    base: int
    limit: Limit | None
    along: frozenset[Key] = frozenset()
    others: int = 0
    hours: float = 24.0
    lost: int = 0
    members: Mapping[Key, int] = field(default_factory=dict)
    part: str = ""

    @property
    def count(self) -> int:
        """How many changes wait."""
        return self.lost or len(self.keys)

    @property
    def reason(self) -> str:
        """The numbers in a sentence."""
        changes = f"would {self.verb} {counted(self.count, *CALLED[self.kind])}"
        if self.verb is Verb.MEMBERS:
            members, groups = counted(self.count, "member"), counted(len(self.keys), "group")
            changes = f"would take {members} out of {groups}"
        if self.limit is None:
            return f"{changes}, set apart from others by a decision"
        hours = "hour" if self.hours == 1 else f"{self.hours:g} hours"
        others = f", with {counted(self.others, 'other')} in the last {hours}" if self.others else ""
        share = f"{(self.count + self.others) * 100 / self.base:.0f} % of " if self.base else ""
        return (
            f"{changes}{others} ({share}{self.base} there),"
            f" more than {self.limit.count} and more than {self.limit.percent:g} %"
        )


@dataclass(frozen=True, slots=True)
class Window:
    """What was done at a target a short time ago, as far as it is not undone since.

    `done` are names as `bridge.effects.Effect` has them.
    """

    done: Collection[str] = ()

    def removed(self, entries: Mapping[Key, Entry]) -> set[Key]:
        """The people whose access was taken. Access given back takes a removal out.

        Not known to be open is not given back: the target may have refused that.
        """
        found = self._named(what_of(Verb.REMOVE, Kind.PERSON))
        return {key for key in found if key not in entries or not entries[key].open}

    def changed(self, what: str, entries: Mapping[Key, Entry]) -> set[Key]:
        """The records to which a kind of change was done."""
        if what == what_of(Verb.REMOVE, Kind.PERSON):
            return self.removed(entries)
        found = self._named(what)
        if what == what_of(Verb.REMOVE, Kind.TEAM):
            return {key for key in found if key not in entries or is_closed(entries[key])}
        if what == what_of(Verb.DELETE, Kind.PERSON):
            return {key for key in found if key not in entries or not entries[key].open}
        return found

    def _named(self, what: str) -> set[Key]:
        names = (name.split() for name in self.done)
        return {Key.parse(name[1]) for name in names if name[0] == what and len(name) == 2}

    def members(self, entries: Mapping[Key, Entry], left: AbstractSet[str]) -> dict[Key, set[str]]:
        """By group the members who were taken out, who have still an account and are in it no more."""
        found: dict[Key, set[str]] = {}
        for what, *names in (name.split() for name in self.done):
            if what == Verb.MEMBERS and len(names) == 2 and names[1] not in left:
                team = Key.parse(names[0])
                if team not in entries or names[1] not in entries[team].refs:
                    found.setdefault(team, set()).add(names[1])
        return found


def verbs(
    route: Route,
    pending: Collection[Key],
    known: Mapping[Key, Stored],
    entries: Mapping[Key, Entry],
    linked: Collection[str],
    now: float = 0.0,
) -> dict[Key, Verb]:
    """What each pending record would be, if it would be anything."""
    found = {
        key: verb_of(route, known[key], entries.get(key), linked=str(key) in linked, now=now)
        for key in pending
    }
    removed = [key for key, verb in found.items() if verb is Verb.REMOVE]
    handed_over = heirs(route, removed, known, entries, linked)
    return {key: verb for key, verb in found.items() if verb is not None and key not in handed_over}


def heirs(
    route: Route,
    removed: Collection[Key],
    known: Mapping[Key, Stored],
    entries: Mapping[Key, Entry],
    linked: Collection[str],
) -> dict[Key, Key]:
    """Those of the groups that go on under the id of a new one, and which that is: nobody loses by that."""
    gone = [key for key in removed if key.kind is Kind.TEAM and known[key].gone]
    if not gone:
        return {}
    others = [
        (stored, entries.get(key))
        for key, stored in known.items()
        if key.kind is Kind.TEAM and str(key) not in linked
    ]
    stances = {key: stance(known[key], entries.get(key), linked=str(key) in linked) for key in gone}
    found = {key: successor(route, known[key], others, stances[key]) for key in gone}
    return {old: new for old, new in found.items() if new}


def excesses(
    route: Route,
    coming: Mapping[Key, Verb],
    known: Mapping[Key, Stored],
    entries: Mapping[Key, Entry],
    linked: Collection[str],
    approved: Mapping[Key, str],
    window: Window | None = None,
) -> list[Excess]:
    """Where the pending changes of a target exceed its limits, together with those of the window.

    `approved` are changes that somebody let go, named by `what_of`; they count no more. What somebody let go
    as one kind of change counts when it has become another.
    """
    window = window or Window()
    groups: dict[tuple[Verb, Kind], set[Key]] = {}
    for key, verb in coming.items():
        if not covers(approved.get(key, ""), what_of(verb, key.kind)):
            groups.setdefault((verb, key.kind), set()).add(key)
    found = []
    for (verb, kind), keys in groups.items():
        limit: Limit | None = getattr(route.settings.limits, verb, None)
        others = len(window.changed(what_of(verb, kind), entries) - keys)
        base = _base(kind, entries, linked, window)
        if limit and limit.is_exceeded(len(keys) + others, base):
            losing = losing_teams(keys, coming, known, entries) if verb is Verb.REMOVE else set()
            along = {key for key in losing if not covers(approved.get(key, ""), what_of(verb, Kind.PERSON))}
            hours = route.settings.limits.window
            found.append(Excess(verb, kind, frozenset(keys), base, limit, frozenset(along), others, hours))
    return found


def _base(kind: Kind, entries: Mapping[Key, Entry], linked: Collection[str], window: Window) -> int:
    """How many accounts (or groups) are in use, or were until a short time ago."""
    in_use = {key for key in map(Key.parse, linked) if key.kind is kind and not is_closed(entries.get(key))}
    return len(in_use | window.changed(what_of(Verb.REMOVE, kind), entries))


def members_excess(
    route: Route,
    coming: Mapping[Key, Verb],
    releases: Mapping[Key, frozenset[str]],
    entries: Mapping[Key, Entry],
    linked: AbstractSet[str],
    approved: Mapping[Key, str],
    window: Window | None = None,
) -> Excess | None:
    """Where groups would lose too many members, one of them or all together.

    `releases`: whom each pending group would lose. Who loses the account too is counted there, and not again
    here. Of all groups together wait those that lose most of their members, and those that lose more than the
    share as long as there are too many; what only swaps a few members goes on.
    """
    limit = route.settings.limits.members
    losses = members_lost(coming, releases, entries, approved)
    if limit is None or not losses:
        return None
    before = (window or Window()).members(entries, leavers(coming, entries))
    sizes = {
        key: len({name for name in entry.refs if name in linked} | before.get(key, set()))
        for key, entry in entries.items()
        if key.kind is Kind.TEAM
    }
    lost = {key: names | before.get(key, set()) for key, names in losses.items()}
    keys = {key for key in losses if limit.is_exceeded(len(lost[key]), sizes[key])}
    number, base = sum(len(lost[key]) for key in keys), sum(sizes[key] for key in keys)
    everybody = {**before, **lost}
    if limit.is_exceeded(sum(map(len, everybody.values())), sum(sizes.values())):
        keys |= {key for key in losses if len(lost[key]) * 2 > sizes[key]}
        rest = sum(len(names) for key, names in everybody.items() if key not in keys)
        if limit.is_exceeded(rest, sum(sizes.values())):
            keys |= {key for key in losses if len(lost[key]) * 100 > limit.percent * sizes[key]}
        number, base = sum(map(len, everybody.values())), sum(sizes.values())
    if not keys:
        return None
    waiting = sum(len(losses[key]) for key in keys)
    return Excess(
        Verb.MEMBERS,
        Kind.TEAM,
        frozenset(keys),
        base,
        limit,
        others=number - waiting,
        hours=route.settings.limits.window,
        lost=waiting,
        members={key: len(releases[key]) for key in keys},
    )


def members_lost(
    coming: Mapping[Key, Verb],
    releases: Mapping[Key, frozenset[str]],
    entries: Mapping[Key, Entry],
    approved: Mapping[Key, str],
) -> dict[Key, set[str]]:
    """By group who would be taken out of it, keeps the account, and whom nobody has let go."""
    left, found = leavers(coming, entries), {}
    for key, names in releases.items():
        allowed = approved.get(key, "")
        emptied = coming.get(key) in (Verb.REMOVE, Verb.DELETE)
        if covers(allowed, f"{Verb.MEMBERS}:{len(names)}") or (
            emptied and covers(allowed, what_of(Verb.REMOVE, Kind.TEAM))
        ):
            continue
        if names - left:
            found[key] = set(names - left)
    return found


def losing_teams(
    people: Collection[Key],
    pending: Collection[Key],
    known: Mapping[Key, Stored],
    entries: Mapping[Key, Entry],
) -> set[Key]:
    """The pending teams that were given one of these people and have them no more."""
    names = {str(key) for key in people}
    found = set()
    for key in pending:
        if key.kind is Kind.TEAM and key in entries:
            members = {str(Key(Kind.PERSON, id_)) for id_ in known[key].record.data.get("members") or ()}
            if names & (set(entries[key].refs) - members):
                found.add(key)
    return found
