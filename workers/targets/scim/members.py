"""Taking members out of a group, in a way that the server takes, and seeing that they are out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from bridge.errors import NotFound, RecordRejected
from bridge.model import Kind
from bridge.wire.permit import Permit
from workers.targets.scim.attributes import MEMBERS, get, reference
from workers.targets.scim.changes import PATCH_OP, Difference, members_of, quoted
from workers.targets.scim.client import Failing, Forbidden, NoTarget, ScimClient, address
from workers.targets.scim.resource import Resource
from workers.targets.scim.settings import ScimSettings

_WAYS = ("path", "value", "pathless", "put")


class Members:
    """The members of one server's groups. Remembers the way that worked and the longest list it was shown."""

    def __init__(self, client: ScimClient, settings: ScimSettings) -> None:
        self._client = client
        self._settings = settings
        self._worked = ""
        self._harmful: set[str] = set()
        self._longest = 0

    def listed_whole(self, group: Resource) -> bool:
        """Whether a group as shown has all its members in it, as far as can be told.

        Some servers show the first ones only: a list as long as the longest that was ever shown may go on.
        """
        shown = len(members_of(group))
        return self._settings.members_listed and (shown == 0 or shown < self._longest)

    def may_be_in(self, group: Resource, leaving: Collection[str]) -> bool:
        """Whether any of these may be in a group, by what is shown of it."""
        return bool(leaving) and not (self.listed_whole(group) and set(leaving).isdisjoint(members_of(group)))

    def learn(self, group: Resource) -> None:
        """Note how many members the server has shown of a group."""
        self._longest = max(self._longest, len(members_of(group)))

    async def look(self, path: str, answer: Resource) -> Resource:
        """The group as the answer shows it, or read back where the answer shows no members."""
        group = answer if isinstance(get(answer, MEMBERS), list) else await self._client.read(path)
        self.learn(group)
        return group

    async def take_out(
        self,
        group_id: str,
        group: Resource,
        leaving: Collection[str],
        ours: Collection[str],
        permit: Permit,
    ) -> frozenset[str]:
        """Take members out of the group, which was just read; those who are still in it afterwards.

        `ours` are members who are to be in it. Raises RecordRejected where the server took no way at all.
        """
        path = address(Kind.TEAM, group_id)
        if not self._settings.members_listed:
            way = "path" if self._settings.take_out == "auto" else self._settings.take_out
            await self._blindly(path, sorted(leaving), way, permit)
            return frozenset()
        there = set(members_of(group))
        seen = there & set(leaving)
        left = await self._seen(path, group, seen, ours, permit) if seen else set()
        return frozenset(left | await self._beyond(group_id, sorted(set(leaving) - there), permit))

    async def _seen(
        self, path: str, group: Resource, left: set[str], ours: Collection[str], permit: Permit
    ) -> set[str]:
        refusals, accepted = [], False
        failing: Failing | None = None
        for way in await self._ways():
            others = [one for one in dict.fromkeys(members_of(group)) if one not in left]
            if not self._is_safe(way, len(others) + len(left), lacking=not set(ours) <= {*others, *left}):
                continue
            try:
                answer = await self._send(way, path, group, sorted(left), others, permit)
            except RecordRejected as error:
                refusals.append(f"{way}: {error}")
                continue
            except Failing as error:  # a passing fault, or how this server refuses what it does not have
                failing = error
                continue
            accepted, group = True, await self.look(path, answer)
            await self._put_back(way, path, group, others, permit)
            left = left & set(members_of(group))
            if not left:
                self._worked = way
                break
        if left and not accepted:
            if failing:
                raise failing
            tried = "; ".join(refusals) or "none is safe here"
            raise RecordRejected(f"the target took no way of taking a member out of a group ({tried})")
        return left

    async def _ways(self) -> list[str]:
        """The ways to try, the one that worked first."""
        if self._settings.take_out != "auto":
            return [self._settings.take_out]
        mode = self._settings.patch_of(Kind.TEAM)
        if mode == "never" or (mode == "auto" and await self._client.supports("patch") is False):
            return ["put"]
        ways = [way for way in _WAYS if way not in self._harmful and not (mode == "always" and way == "put")]
        return sorted(ways, key=lambda way: way != self._worked)

    def _is_safe(self, way: str, members: int, *, lacking: bool) -> bool:
        """Whether a way can cost nobody their membership who is to stay.

        A strict reader of a `remove` without a filter takes out all members, and a PUT all whom it does not
        name. So both also name everybody who stays, which takes a list that is whole and short enough.
        """
        if way == "path" or self._settings.take_out == way:
            return True
        return not lacking and (way == "put" or members <= self._settings.members_per_request)

    async def _send(
        self,
        way: str,
        path: str,
        group: Resource,
        leaving: Sequence[str],
        others: Sequence[str],
        permit: Permit,
    ) -> Resource:
        if way == "put":
            body = Difference(Kind.TEAM, group, remove=tuple(leaving)).replacement()
            return await self._client.write("PUT", path, permit, body, based_on=group)
        answer = group
        again = others if self._settings.take_out == "auto" else ()
        for body in _bodies(way, leaving, again, self._settings.members_per_request):
            answer = await self._client.write("PATCH", path, permit, body, based_on=answer)
        return answer

    async def _put_back(
        self, way: str, path: str, group: Resource, others: Sequence[str], permit: Permit
    ) -> None:
        """Give everybody back who was to stay and is out: this way is never used again."""
        if missing := [one for one in others if one not in set(members_of(group))]:
            self._harmful.add(way)
            change = Difference(Kind.TEAM, group, add=tuple(missing))
            for body in change.patches(self._settings.members_per_request):
                await self._client.write("PATCH", path, permit, body)

    async def _blindly(self, path: str, leaving: Sequence[str], way: str, permit: Permit) -> None:
        """Take out members whom the server does not show; who is not there is no error."""
        size = self._settings.members_per_request
        try:
            for body in _bodies(way, leaving, (), size):
                await self._client.write("PATCH", path, permit, body)
        except NoTarget:
            if len(leaving) > 1:  # one of them is out already: the others one by one
                for one in leaving:
                    await self._blindly(path, [one], way, permit)

    async def _beyond(self, group_id: str, leaving: Sequence[str], permit: Permit) -> set[str]:
        """Take out members whom the list does not show: it need not be whole. Who is in the group still."""
        if leaving and await self._ways() != ["put"]:
            way = "path" if self._settings.take_out in ("auto", "put") else self._settings.take_out
            for one in leaving:
                try:
                    await self._blindly(address(Kind.TEAM, group_id), [one], way, permit)
                except NotFound:
                    continue  # is out already
                except (RecordRejected, Failing) as error:
                    if self._longest == 0:  # it has shown no members yet, so nothing else would tell
                        what = f"the target took nobody out of a group ({way}: {error})"
                        raise RecordRejected(what) from None
                    continue  # most often because they are out already: their own groups tell
        return {one for one in leaving if await self._is_in(one, group_id)}

    async def lacking(self, group_id: str, group: Resource, given: Collection[str]) -> frozenset[str]:
        """Who of these was given to the group, just read, and is not in it; nobody where that is not seen."""
        there = members_of(group)
        missing = set(given) - set(there)
        whole = self.listed_whole(group)
        hidden = self._longest == 0 and not isinstance(get(group, MEMBERS), list)
        if not missing or hidden or not self._settings.members_listed:
            return frozenset()
        if whole:
            return frozenset(missing)
        if not await self._is_in(there[0], group_id):
            return frozenset()  # the server shows nobody's groups
        return frozenset([one for one in sorted(missing) if not await self._is_in(one, group_id)])

    async def _is_in(self, member: str, group_id: str) -> bool:
        """Whether a user is shown with this group among theirs (RFC 7643 section 4.1.2)."""
        try:
            groups = get(await self._client.read(address(Kind.PERSON, member)), "groups")
        except (NotFound, RecordRejected, Forbidden):
            return False
        return any(reference(one) == group_id for one in groups) if isinstance(groups, list) else False


def _bodies(way: str, leaving: Sequence[str], again: Sequence[str], size: int) -> Iterator[Resource]:
    """PATCH bodies that take members out in one of the ways, and name those once more who stay.

    RFC 7644 section 3.5.2: all operations of one request are done, or none.
    """
    for start in range(0, len(leaving), size):
        part = leaving[start : start + size]
        entries = [{"value": member} for member in part]
        forms: dict[str, list[dict[str, Any]]] = {
            "path": [{"op": "remove", "path": f"{MEMBERS}[value eq {quoted(one)}]"} for one in part],
            "value": [{"op": "remove", "path": MEMBERS, "value": entries}],
            "pathless": [{"op": "remove", "value": {MEMBERS: entries}}],
        }
        operations = forms[way]
        if again and way != "path":
            operations.append({"op": "add", "path": MEMBERS, "value": [{"value": one} for one in again]})
        yield {"schemas": [PATCH_OP], "Operations": operations}
