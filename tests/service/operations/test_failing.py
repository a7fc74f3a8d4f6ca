"""What an operator can do about records that a target will not take."""

from __future__ import annotations

import pytest
from aiohttp import web

from tests.service.operated import Operator, park, row
from workers.testing.proxy import Proxy, answer


async def test_an_ambiguous_match_is_resolved_by_a_person(fresh: Operator) -> None:
    """Two accounts match: parked with both; `adopt` chooses one == that one is changed, the other never."""
    ana = fresh.people()[0]
    accounts = [await fresh.create(userName=f"old{number}", externalId=ana) for number in (1, 2)]
    result = await fresh.sync()
    assert (result.exit_code, row(result)["failed"]) == (1, 1)
    assert result.targets["directory"].pending == 0
    (failed,) = (await fresh("failures", "--json")).json
    assert failed.items() >= {"record": f"person:{ana}", "target": "directory", "state": "failed"}.items()
    assert set(failed["candidates"]) == set(accounts)
    listed = (await fresh("failures")).out
    for account in accounts:
        assert f"kenjo-bridge failures adopt directory person:{ana} {account}" in listed
    wrong = await fresh("failures", "adopt", "directory", ana, "nobody")
    assert wrong.code == 3
    assert "'nobody' is none of the candidates" in wrong.err
    assert (await fresh("failures", "adopt", "directory", f"person:{ana}", accounts[1])).code == 0
    assert (await fresh.sync()).exit_code == 0
    by_id = {user["id"]: user for user in await fresh.here.users()}
    email = fresh.here.sandbox.account.employees[ana]["account"]["email"]
    assert by_id[accounts[1]]["userName"] == email
    assert by_id[accounts[0]]["userName"] == "old1"
    assert (await fresh("failures")).out == "Nothing has failed.\n"


async def deaf(proxy: Proxy, request: web.Request) -> web.StreamResponse:
    """Access stays as it is, and the answer says that it was closed."""
    asked = request.method == "PATCH" and b'"active"' in await request.read()
    return web.Response(status=204) if asked else await proxy.forward(request)


async def test_what_a_directory_says_and_does_not_do_is_a_failure(operator: Operator) -> None:
    """204 to `active: false`, and the account is open still == exit 1, also of --verify, until it is shut."""
    (leaver,) = operator.leave(1)
    operator.here.config["retry"] = {"first": 0.1}
    operator.here.proxy.fail_always(deaf)
    result = await operator.sync()
    assert (result.exit_code, row(result)["failed"], row(result)["deactivated"]) == (1, 1, 0)
    assert await operator.inactive() == []
    (failed,) = (await operator("failures", "--json")).json
    assert (failed["record"], "active" in failed["reason"]) == (f"person:{leaver}", True), failed
    assert (await operator.sync(verify=True)).exit_code == 1
    operator.here.proxy.fail_always(None)
    assert (await operator("failures", "retry", leaver)).code == 0
    assert (await operator.sync()).exit_code == 0
    assert await operator.inactive() == [leaver]


async def test_another_records_account_cannot_be_chosen(operator: Operator) -> None:
    """`adopt` with an account that is somebody else's == exit 3, a sentence, nothing changed."""
    ana, ben = operator.people()[:2]
    await park(operator, ana)
    before = await operator.users()
    done = await operator("failures", "adopt", "directory", ana, before[ben]["id"])
    assert done.code == 3
    assert f"belongs to person:{ben}, who is served at directory still" in done.err
    await operator.sync()
    assert await operator.users() == before


async def test_a_failure_is_tried_again_when_asked(operator: Operator) -> None:
    """Refused with 400: the next sync leaves it alone; after `failures retry` the sync delivers it."""
    ana, ben = operator.people()[:2]
    await park(operator, ana, ben)
    operator.here.proxy.seen.clear()
    assert (await operator.sync()).exit_code == 1
    assert operator.here.proxy.seen == []
    listed = (await operator("failures")).out
    assert f"person:{ana}" in listed
    assert "answered 400" in listed
    assert "Planted" not in listed
    retried = await operator("failures", "retry", ana)
    assert (retried.code, retried.out.split()[0]) == (0, "1")
    result = await operator.sync()
    assert (row(result)["updated"], row(result)["failed"]) == (1, 1)
    assert (await operator("failures", "retry", "--target", "directory")).out.split()[0] == "1"
    assert (await operator.sync()).exit_code == 0
    assert {(await operator.users())[id_]["name"]["familyName"] for id_ in (ana, ben)} == {"Planted"}


async def test_one_failure_is_shown_with_what_happened(operator: Operator) -> None:
    """`failures show` == the target's words, when it failed, what happened before, and what can be done."""
    ana = operator.people()[0]
    await park(operator, ana)
    shown = await operator("failures", "show", ana)
    assert shown.code == 0
    for words in (
        f"person:{ana}: failed",
        "first 20",
        f"kenjo-bridge failures retry person:{ana}",
        "appeared",
    ):
        assert words in shown.out
    found = (await operator("failures", "show", f"person:{ana}", "--json")).json
    assert [row["record"] for row in found["failures"]] == [f"person:{ana}"]
    assert found["events"][-1]["what"] == "failed"


async def test_a_discarded_failure_is_left_alone(operator: Operator) -> None:
    """`discard` == no failure any more, exit 0, nothing sent; a further change in Kenjo is delivered."""
    (ana,) = operator.people()[:1]
    await park(operator, ana)
    assert (await operator("failures", "discard", "directory", ana)).code == 0
    operator.here.proxy.seen.clear()
    assert (await operator.sync()).exit_code == 0
    assert operator.here.proxy.seen == []
    assert (await operator("failures", "--json")).json == []
    operator.here.sandbox.actions.rename(employee=ana, last_name="Neu")
    assert (await operator.sync()).exit_code == 0
    assert (await operator.users())[ana]["name"]["familyName"] == "Neu"


async def test_what_is_tried_again_later_can_be_discarded(operator: Operator) -> None:
    """The directory answers 500, `discard` == nothing is pending any more, the next sync exits with 0."""
    (ana,) = operator.people()[:1]
    operator.here.config["retry"] = {"first": 600}
    operator.here.sandbox.actions.rename(employee=ana, last_name="Neu")
    operator.here.proxy.fail_always(answer(500))
    result = await operator.sync(patience=0.5)
    operator.here.proxy.fail_always(None)
    assert (result.exit_code, result.targets["directory"].pending) == (1, 1)
    assert (await operator("failures", "discard", "directory", ana)).code == 0
    result = await operator.sync(patience=0.5)
    assert (result.exit_code, result.targets["directory"].pending) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("retry", "person:unknown"), "nobody has this Kenjo id"),
        (("retry", "{id}"), "person:{id} has not failed"),
        (("discard", "directory", "unknown"), "nobody has this Kenjo id"),
        (("adopt", "directory", "{id}", "1"), "person:{id} has not failed at directory"),
        (("discard", "elsewhere", "unknown"), "there is no target 'elsewhere' (there is: directory)"),
    ],
)
async def test_no_such_failure(operator: Operator, arguments: tuple[str, ...], says: str) -> None:
    """Something that has not failed == exit 3 and a sentence."""
    id_ = operator.people()[0]
    done = await operator("failures", *(argument.format(id=id_) for argument in arguments))
    assert (done.code, done.out) == (3, "")
    assert says.format(id=id_) in done.err
