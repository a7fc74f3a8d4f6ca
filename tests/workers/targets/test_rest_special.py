"""What is special about APIs that a profile describes: their own words, names with ids, pages, tokens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import Conflict, NotFound, RecordRejected, TargetHalted, TryLater
from bridge.exchange import Accepted, Page, Wanted
from bridge.model import Key, Kind, Outcome
from bridge.wire.http import open_session
from bridge.wire.tokens import Pocket, Token
from tests.workers.targets.oddhr_rig import PROFILE, OddHRRig, oddhr_rig
from workers.targets.base import Tools
from workers.targets.rest.target import ADAPTER
from workers.testing import proxy as faults
from workers.testing.permits import Always
from workers.testing.proxy import Proxy
from workers.testing.rig import Allowed, connected, person, team


@pytest.fixture
async def rig() -> AsyncIterator[OddHRRig]:
    async with oddhr_rig() as rig:
        yield rig


@pytest.fixture
async def reached(rig: OddHRRig) -> AsyncIterator[tuple[Allowed, Proxy]]:
    async with rig.reached() as (target, line):
        assert isinstance(line, Proxy)
        yield target, line


@pytest.fixture
def target(reached: tuple[Allowed, Proxy]) -> Allowed:
    return reached[0]


@pytest.fixture
def proxy(reached: tuple[Allowed, Proxy]) -> Proxy:
    return reached[1]


@asynccontextmanager
async def with_profile(folder: Path, *changes: tuple[str, str]) -> AsyncIterator[tuple[OddHRRig, Allowed]]:
    """A target whose profile differs from the worked example."""
    text = PROFILE.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "mytool.yaml"
    path.write_text(text)
    async with oddhr_rig(str(path)) as rig, rig.reached() as (target, _):
        yield rig, target


# What answers mean


@pytest.mark.parametrize(
    ("code", "error", "after"),
    [
        ("SLOW_DOWN", TryLater, 7.5),
        ("MAINTENANCE", TryLater, 9),
        ("DUPLICATE", Conflict, None),
        ("BAD_ROW", RecordRejected, None),
    ],
)
async def test_200_for_errors(
    rig: OddHRRig, target: Allowed, code: str, error: type[Exception], after: float | None
) -> None:
    """An error that is told with status 200 == what the profile says it means, in the tool's own words."""
    change = target.target.change(person(rig, 1), None)
    assert change
    await target.target.size()
    rig.oddhr.codes.append(code)
    with pytest.raises(error) as caught:
        await target.upsert(person(rig, 1), None)
    assert getattr(caught.value, "after", None) == after
    assert f"cannot do that: {code}" in str(caught.value)


async def test_an_already_done_answer_is_success(rig: OddHRRig, target: Allowed) -> None:
    """A member is added who is in the group already == done, not an error."""
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    remote_id = (await target.upsert(team(rig, 1, []), None)).remote_id
    there = await target.target.read(team(rig, 1, []).key, remote_id)
    change = target.target.change(team(rig, 1, [ana]), there)
    await rig.add_member(remote_id, ana)
    assert change
    (receipt,) = await target.target.send([change], Always())
    assert getattr(receipt, "outcome", None) is Outcome.UPDATED, receipt


async def test_what_the_profile_cannot_do_is_rejected(tmp_path: Path) -> None:
    """No request that deletes, or takes out of use == one sentence, and nothing is sent."""
    text = PROFILE.read_text()
    leave = text[text.index("  deactivate:\n") : text.index("  reactivate:\n")]
    cut = ("  delete:\n    request: DELETE /people/{id}\n", "")
    async with with_profile(tmp_path, cut, (leave, "")) as (rig, target):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        asked = len(rig.oddhr.asked)
        with pytest.raises(RecordRejected, match="profile of Odd HR deletes nobody: do it there by hand"):
            await target.remove(person(rig, 1).key, remote_id, "delete")
        with pytest.raises(RecordRejected, match="lets nobody be taken out of use by its API"):
            await target.remove(person(rig, 1).key, remote_id)
        assert not [one for one in rig.oddhr.asked[asked:] if not one.startswith("GET")]


# Ordered steps


async def test_each_change_goes_where_it_belongs(rig: OddHRRig, target: Allowed, proxy: Proxy) -> None:
    """A job and an address change == a whole object, then the operation for addresses; one of them == one."""
    remote_id = (await target.upsert(person(rig, 1), None)).remote_id
    before = len(proxy.writes)
    await target.upsert(person(rig, 1, job="Boss", mail="new@example.com"), remote_id)
    sent = [(one.method, one.path) for one in proxy.writes[before:]]
    assert sent == [("PUT", f"/api/people/{remote_id}"), ("POST", f"/api/people/{remote_id}/mail")]
    before = len(proxy.writes)
    await target.upsert(person(rig, 1, job="Boss", mail="newer@example.com"), remote_id)
    assert [one.path for one in proxy.writes[before:]] == [f"/api/people/{remote_id}/mail"]


async def test_a_return_comes_before_the_changes(rig: OddHRRig, target: Allowed, proxy: Proxy) -> None:
    """Somebody comes back with another job == opened first, and written whole as they are then."""
    remote_id = (await target.upsert(person(rig, 1), None)).remote_id
    await target.remove(person(rig, 1).key, remote_id)
    before = len(proxy.writes)
    await target.upsert(person(rig, 1, job="Boss"), remote_id)
    assert [one.path.rpartition("/")[2] for one in proxy.writes[before:]] == ["return", remote_id]
    assert rig.oddhr.people[remote_id]["state"] == "working"


async def test_a_manager_follows_the_create(rig: OddHRRig, target: Allowed) -> None:
    """An attribute that a create does not take == sent right after it."""
    boss = (await target.upsert(person(rig, 1), None)).remote_id
    applied = await target.upsert(person(rig, 2, boss=boss), None)
    assert (applied.outcome, rig.oddhr.people[applied.remote_id]["boss"]) == (Outcome.CREATED, boss)


async def test_the_rest_of_a_create_is_refused(rig: OddHRRig, target: Allowed, proxy: Proxy) -> None:
    """Created, and what follows is refused == tried later, so that the new account is found and linked."""
    boss = (await target.upsert(person(rig, 1), None)).remote_id
    refusal = faults.answer(200, '{"ok": false, "code": "BAD_ROW"}')
    proxy.fail(faults.at("PUT", Proxy.forward), faults.at("PUT", refusal))
    with pytest.raises(TryLater, match="the rest of a new object"):
        await target.upsert(person(rig, 2, boss=boss), None)
    assert len(await target.find(person(rig, 2))) == 1


async def test_on_leave_is_in_use(rig: OddHRRig, target: Allowed) -> None:
    """A further word for people in use == nothing is sent that would change it."""
    remote_id = (await target.upsert(person(rig, 1), None)).remote_id
    rig.oddhr.people[remote_id]["state"] = "on_leave"
    assert (await target.upsert(person(rig, 1), remote_id)).outcome is Outcome.UNCHANGED
    assert await target.shows(person(rig, 1).key, remote_id) is True


# Names whose ids are sent


async def test_a_missing_department_is_made_once(rig: OddHRRig, target: Allowed) -> None:
    """Several people with a new department at once == it is made once, and all have it."""
    wanted = [person(rig, number, unit="Einkauf 🙂") for number in range(4)]
    applied = await asyncio.gather(*(target.upsert(one, None) for one in wanted))
    assert sorted(rig.oddhr.units.values()) == ["Einkauf 🙂", "Sales"]
    assert {rig.oddhr.people[one.remote_id]["unit"] for one in applied} == {2}


async def test_a_missing_department_may_be_rejected_or_left_out(tmp_path: Path) -> None:
    """`missing: reject` == a sentence without the value; `missing: omit` == the person without it."""
    async with with_profile(tmp_path, (", missing: create", "")) as (rig, target):
        await target.target.size()
        with pytest.raises(RecordRejected, match="Odd HR has no entry in its units") as caught:
            await target.upsert(person(rig, 1, unit="Einkauf"), None)
        assert "Einkauf" not in str(caught.value)
    async with with_profile(tmp_path, ("missing: create", "missing: omit")) as (rig, target):
        applied = await target.upsert(person(rig, 1, unit="Einkauf"), None)
        assert rig.oddhr.people[applied.remote_id]["unit"] is None
        assert (await target.upsert(person(rig, 1, unit="Einkauf"), applied.remote_id)).outcome is (
            Outcome.UNCHANGED
        )


async def test_names_are_shown_for_ids(rig: OddHRRig, target: Allowed) -> None:
    """A change of department == shown by names, as a person knows them."""
    remote_id = (await target.upsert(person(rig, 1), None)).remote_id
    (change,) = await target.preview(person(rig, 1, unit="Einkauf"), remote_id)
    assert (change.attribute, change.old, change.new) == ("unit", "Sales", "Einkauf")


async def test_create_only(tmp_path: Path) -> None:
    """`reject` == a wanted change is one sentence; `keep` == what is there stays, and nothing is sent."""
    old = "mail: {map: person.account.email, required: true}"
    async with with_profile(tmp_path, (old, old[:-1] + ", create_only: reject}")) as (rig, target):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        with pytest.raises(RecordRejected, match="does not let mail be changed: change it there by hand"):
            await target.upsert(person(rig, 1, mail="b@example.com"), remote_id)
        assert await target.remove(person(rig, 1).key, remote_id) is Outcome.DEACTIVATED
    async with with_profile(tmp_path, (old, old[:-1] + ", create_only: keep}")) as (rig, target):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        applied = await target.upsert(person(rig, 1, mail="b@example.com"), remote_id)
        assert applied.outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("value", ["no day", "2024-13-01", 7])
async def test_values_that_cannot_be_said(rig: OddHRRig, target: Allowed, value: Any) -> None:
    """A value of another type than the tool takes == rejected before anything is sent, without the value."""
    await target.target.size()
    with pytest.raises(RecordRejected, match="value for start is no date") as caught:
        await target.upsert(person(rig, 1, start=value), None)
    assert str(value) not in str(caught.value).replace("start is no date", "")


# Pages


async def test_a_list_goes_on(rig: OddHRRig, target: Allowed) -> None:
    """More people than a page has, by cursor, and more groups, by the header Link == all listed, whole."""
    for number in range(120):
        row = {"ref": f"X{number}", "mail": f"x{number}@example.com", "state": "working", "names": {}}
        rig.oddhr.people[row["ref"]] = {**row, "extern": None, "unit": None, "start": None}  # type: ignore[index]
        rig.oddhr.circles[f"C{number}"] = {"ref": f"C{number}", "label": f"L{number}", "members": []}
    for kind in Kind:
        pages = [page async for page in target.target.inventory(kind)]
        assert len({one.id for page in pages for one in page.remotes}) == 120
        assert [page.whole for page in pages] == [False] * (len(pages) - 1) + [True]
    assert await target.target.size() == 120


async def test_a_repeating_cursor_ends(rig: OddHRRig, target: Allowed, proxy: Proxy) -> None:
    """A cursor that leads to the same page again and again == the list ends, and is not whole."""
    await target.upsert(person(rig, 1), None)
    row = '{"ref": "P1", "mail": "a@example.com", "state": "working"}'
    proxy.fail_always(faults.answer(200, f'{{"ok": true, "result": {{"rows": [{row}], "next": "7"}}}}'))
    pages: list[Page] = [page async for page in target.target.inventory(Kind.PERSON)]
    assert len(pages) <= 3
    assert not pages[-1].whole


@pytest.mark.parametrize(
    "address", ["https://evil.example/api/circles", "//evil.example/api/circles", "/other", "../../secrets"]
)
async def test_a_list_stays_at_its_api(rig: OddHRRig, target: Allowed, proxy: Proxy, address: str) -> None:
    """The next page is at another host, or outside of the base address == not followed, nothing proven."""
    await target.upsert(person(rig, 1), None)
    link = f'<{address}>; rel="next"'
    before = len(proxy.seen)
    proxy.fail_always(faults.answer(200, '{"ok": true, "result": [{"ref": "C1", "label": "L"}]}', Link=link))
    with pytest.raises(TryLater, match="outside of base_url"):
        _ = [page async for page in target.target.inventory(Kind.TEAM)]
    assert len(proxy.seen) == before + 1


async def test_a_list_without_ids_proves_nothing(rig: OddHRRig, target: Allowed, proxy: Proxy) -> None:
    """Something in a list has no id, or the list is none == a passing fault, and nobody is created."""
    await target.target.size()  # the list of units is read
    odd = [f'[{{"ref": {ref}, "mail": "a@example.com"}}]' for ref in ('{"nr": 7}', "[7]", "true", '""')]
    for rows in ('[{"mail": "a@example.com"}]', "{}", "null", '"rows"', *odd):
        proxy.fail_always(faults.answer(200, f'{{"ok": true, "result": {{"rows": {rows}, "next": null}}}}'))
        with pytest.raises(TryLater, match=r"at 'ref'|no list at 'result.rows'"):
            await target.find(person(rig, 2))


@pytest.mark.parametrize("odd", ["null", "[]", '"x"', "{}", '{"note": "try again"}', '{"ref": "P9"}'])
async def test_another_answer_is_no_person(rig: OddHRRig, target: Allowed, proxy: Proxy, odd: str) -> None:
    """Where a person is to stand in an answer stands something else == a passing fault, and nothing is sent.

    Else the tool, which takes people whole, would lose all that does not differ.
    """
    await target.target.size()  # the list of units is read
    remote_id = (await target.upsert(person(rig, 1), None)).remote_id
    before = len(proxy.writes)
    proxy.fail(faults.answer(200, f'{{"ok": true, "result": {odd}}}'))
    with pytest.raises(TryLater, match="without the object that was asked for"):
        await target.upsert(person(rig, 1, job="Boss"), remote_id)
    assert len(proxy.writes) == before


async def test_a_create_that_shows_another_object(tmp_path: Path) -> None:
    """The answer to a create shows no person == they are read before the rest is sent whole."""
    async with with_profile(
        tmp_path, ("    id: result.ref\n    item: result\n", "    id: result.ref\n    item: ok\n")
    ) as (
        rig,
        target,
    ):
        boss = (await target.upsert(person(rig, 1), None)).remote_id
        remote_id = (await target.upsert(person(rig, 2, boss=boss), None)).remote_id
        stored = await rig.stored(Kind.PERSON, remote_id)
        assert stored is not None
        assert (stored["boss"], stored["job"]) == (boss, person(rig, 2).attributes["job"])


async def test_look_ups_share_a_list(rig: OddHRRig, target: Allowed, proxy: Proxy) -> None:
    """Many look-ups at once by what only a list shows == one list or two, begun after all had asked."""
    await target.upsert(person(rig, 1), None)
    await target.target.size()
    before = len(proxy.seen)
    wanted = [Wanted(Key(Kind.PERSON, f"p{n}"), {"extern": f"p{n}"}) for n in range(30)]
    found = await asyncio.gather(*(target.find(one) for one in wanted))
    assert found == [[]] * 30
    assert len(proxy.seen) - before <= 2


# Tokens


async def test_a_token_that_ends(rig: OddHRRig) -> None:
    """A token that the tool has given up == one passing fault, another token, and all goes on."""
    vault = Pocket()
    settings: Any = ADAPTER.settings.model_validate(rig.settings(rig.origin))
    async with open_session() as session:
        target = ADAPTER.connect(settings, Tools(session, vault=vault))
        await target.size()
        (name, token), *_ = vault._tokens.items()
        old = Token(token.value, token.made - 3000, token.until)
        vault._tokens[name] = old
        target = ADAPTER.connect(settings, Tools(session, vault=vault))  # as another process finds it
        rig.oddhr.tickets.clear()
        with pytest.raises(TryLater, match="another one is fetched"):
            await target.size()
        assert await target.size() == 0
        assert rig.oddhr.signed_in == 2


async def test_processes_share_a_token(rig: OddHRRig) -> None:
    """Two processes with the same vault == one sign-in; other credentials == another token."""
    vault = Pocket()
    settings: Any = ADAPTER.settings.model_validate(rig.settings(rig.origin))
    async with open_session() as session:
        for _ in range(2):
            await ADAPTER.connect(settings, Tools(session, vault=vault)).size()
        assert rig.oddhr.signed_in == 1
        wrong: Any = ADAPTER.settings.model_validate(rig.settings(rig.origin) | rig.wrong_credentials())
        with pytest.raises(TargetHalted, match="the app or its key is wrong"):
            await ADAPTER.connect(wrong, Tools(session, vault=vault)).size()


async def test_a_create_without_an_id(tmp_path: Path) -> None:
    """The answer to a create has no id == it is looked up; not found == only look-ups follow."""
    async with with_profile(
        tmp_path, ("    id: result.ref\n    item: result\n", "    id: result.none\n")
    ) as (
        rig,
        target,
    ):
        assert (await target.upsert(person(rig, 1), None)).remote_id == "P1"
        change = target.target.change(person(rig, 2, mail="a@example.com"), None)
        assert change
        rig.oddhr.hides = True
        (receipt,) = await target.target.send([change], Always())
        assert isinstance(receipt, Accepted)


async def test_a_create_with_an_object_for_an_id(tmp_path: Path) -> None:
    """Where the id is to stand stands an object == looked up, and no text of it is kept as id."""
    async with with_profile(tmp_path, ("    id: result.ref\n    item", "    id: result.names\n    item")) as (
        rig,
        target,
    ):
        assert (await target.upsert(person(rig, 1), None)).remote_id == "P1"


async def test_a_group_that_shows_no_members(tmp_path: Path) -> None:
    """Where members are to stand there is no list == taken for no empty one: nobody would leave."""
    listed = """    list:
      request: GET /circles/{id}/members
      items: result
      pages: {by: next, at: more}
"""
    async with with_profile(tmp_path, (listed, "    read: inside\n")) as (rig, target):
        ana = (await target.upsert(person(rig, 1), None)).remote_id
        remote_id = (await target.upsert(team(rig, 1, []), None)).remote_id
        rig.oddhr.circles[remote_id]["members"].append(ana)
        with pytest.raises(TryLater, match="a group without a list of members at 'inside'"):
            await target.upsert(team(rig, 1, [], released=frozenset({ana})), remote_id)
        rig.oddhr.circles[remote_id]["inside"] = None
        there = await target.target.read(team(rig, 1, []).key, remote_id)
        assert there is not None
        assert there.content.members.ids == frozenset()


async def test_no_secret_in_what_goes_wrong(rig: OddHRRig) -> None:
    """The tool repeats the key that it refuses == it stands in no error."""
    given = rig.settings(rig.origin) | {"secrets": {"app": "bridge", "key": "planted-secret-key"}}
    async with connected(rig.adapter, given) as target:
        with pytest.raises(TargetHalted) as caught:
            await target.check()
    assert "planted" not in str(caught.value)


async def test_one_object_may_not_be_read(rig: OddHRRig, target: Allowed, proxy: Proxy) -> None:
    """403 for a person, a look-up or a group's members, and not for others == refused by itself."""
    await target.target.size()  # the list of units is read
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    group = (await target.upsert(team(rig, 1, [ana]), None)).remote_id
    alone = r"403: not yours: the credentials may read others, and not this one"
    for asked in (
        lambda: target.target.read(person(rig, 1).key, ana),
        lambda: target.find(Wanted(Key(Kind.PERSON, "p2"), {"mail": "ben@example.com"})),
    ):
        proxy.fail(faults.answer(403, '{"message": "not yours"}'))
        with pytest.raises(RecordRejected, match=alone):
            await asked()
    proxy.fail(Proxy.forward, faults.answer(403, '{"message": "not yours"}'))
    with pytest.raises(RecordRejected, match=alone):
        await target.target.read(team(rig, 1, []).key, group)


async def test_nothing_may_be_read(rig: OddHRRig, target: Allowed, proxy: Proxy) -> None:
    """403 for all == the target halts; check tells a missing permission from wrong credentials."""
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    proxy.fail_always(faults.answer(403, "{}"))
    with pytest.raises(TargetHalted, match="the list units cannot be read: answered 403"):
        await target.check()
    proxy.fail_always(Proxy.forward)
    await target.check()
    proxy.fail_always(faults.answer(403, "{}"))
    with pytest.raises(TargetHalted, match="answered 403"):
        await target.target.read(person(rig, 1).key, ana)
    with pytest.raises(TargetHalted, match=r"403: Odd HR knows the credentials, and does not let them"):
        await target.check()
    proxy.fail_always(faults.answer(401, "{}"))
    with pytest.raises(TargetHalted, match=r"401: check the credentials$"):
        await target.check()


async def test_check_names_what_is_not_shown(rig: OddHRRig, target: Allowed) -> None:
    """Mapped attributes that the tool does not show of anybody == named, with what to do."""
    await target.upsert(person(rig, 1), None)
    assert (await target.check()).problems == ()
    del rig.oddhr.people["P1"]["job"]
    (problem,) = (await target.check()).problems
    assert problem.startswith("shows nothing of job: see that its credentials may read that")


async def test_a_group_that_is_gone(rig: OddHRRig, target: Allowed) -> None:
    """A group that was deleted there == not found."""
    with pytest.raises(NotFound):
        await target.upsert(team(rig, 1, []), "C9")


async def test_members_are_believed_when_they_are_shown(rig: OddHRRig, target: Allowed, proxy: Proxy) -> None:
    """Adding and removing members is answered with success and not done == told who lacks and who stays."""
    ana, ben = [(await target.upsert(person(rig, number), None)).remote_id for number in (1, 2)]
    remote_id = (await target.upsert(team(rig, 1, [ana]), None)).remote_id
    wanted = team(rig, 1, [ben], released=frozenset({ana}))

    async def does_nothing(proxy: Proxy, request: Any) -> Any:
        done = faults.answer(200, '{"ok": true, "code": "OK", "result": null}')
        return await (Proxy.forward if proxy.reads(request.method, request.path) else done)(proxy, request)

    proxy.fail_always(does_nothing)
    applied = await target.upsert(wanted, remote_id)
    assert (sorted(applied.lacking), sorted(applied.staying)) == ([ben], [ana])


async def test_a_member_who_is_gone_already(rig: OddHRRig, target: Allowed) -> None:
    """Somebody else takes a member out meanwhile == done; the group is not taken for one that is gone."""
    ana = (await target.upsert(person(rig, 1), None)).remote_id
    remote_id = (await target.upsert(team(rig, 1, [ana]), None)).remote_id
    there = await target.target.read(team(rig, 1, []).key, remote_id)
    change = target.target.change(team(rig, 1, [], released=frozenset({ana})), there)
    rig.oddhr.circles[remote_id]["members"].clear()
    assert change
    (receipt,) = await target.target.send([change], Always())
    assert getattr(receipt, "outcome", None) is Outcome.UPDATED, receipt


async def test_a_condition_that_fails_closes_nobody_silently(tmp_path: Path) -> None:
    """The condition of a step cannot be evaluated == rejected, naming it, and not left out."""
    async with with_profile(tmp_path, ("there.state", "there.nothing.state")) as (rig, target):
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        with pytest.raises(RecordRejected, match=r"people\.deactivate\.0\.when"):
            await target.remove(person(rig, 1).key, remote_id)


async def test_a_look_up_after_a_create_fails(tmp_path: Path) -> None:
    """A create gave no id, and nothing can be looked up == accepted: no second create, nothing parked."""
    async with with_profile(
        tmp_path, ("    id: result.ref\n    item: result\n", "    id: result.none\n")
    ) as (
        rig,
        target,
    ):
        change = target.target.change(person(rig, 1), None)
        assert change
        await target.target.size()
        rig.oddhr.later = "MAINTENANCE"
        (receipt,) = await target.target.send([change], Always())
        assert isinstance(receipt, Accepted)
