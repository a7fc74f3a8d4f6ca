"""`kenjo-bridge check` as an administrator runs it, against a Kenjo and a real SCIM server."""

from __future__ import annotations

from tests.world import World
from workers.testing.proxy import answer


async def test_check_writes_nothing(here: World) -> None:
    """`check` on a good configuration == exit 0, every part named, no request that writes."""
    done = await here.run("check")
    assert (done.code, here.proxy.writes) == (0, [])
    for part in ("configuration", "redis", "kenjo", "target directory"):
        assert part in done.out


async def test_check_names_each_problem(here: World) -> None:
    """`check` with a key that may not read a list and a target that refuses == both problems, exit 3."""
    here.sandbox.faults.add("status", path="/teams", status=403)
    here.proxy.fail_always(answer(401))
    done = await here.run("check", "--json")
    problems = {finding["part"]: finding["problems"] for finding in done.json}
    assert done.code == 3
    assert "tick 'team'" in problems["kenjo"][0]
    assert "401" in problems["target directory"][0]


async def test_a_misspelt_custom_field(here: World) -> None:
    """A custom field that Kenjo has not == a problem with the list of labels and names; the others pass."""
    (name, *_) = [field["apiName"] for field in here.sandbox.account.tables["custom-fields"].values()]
    target = here.config["targets"]["directory"]
    target["map"] = {"nickName": f"person.work.{name}", "userType": f"person.work.{name}x"}
    done = await here.run("check", "--json")
    assert done.code == 3
    (kenjo,) = [finding for finding in done.json if finding["part"] == "kenjo"]
    (problem,) = kenjo["problems"]
    assert f"person.work.{name}x is no custom field in Kenjo; did you mean {name}?" in problem
    assert f"-> {name}" in problem


async def test_a_key_without_the_permission(here: World) -> None:
    """The key may not read the list of custom fields == not checked, and that is said; no problem."""
    target = here.config["targets"]["directory"]
    target["map"] = {"nickName": "person.work.c_unheard"}
    here.sandbox.faults.add("status", "/custom-fields", status=403)
    done = await here.run("check", "--json")
    (kenjo,) = [finding for finding in done.json if finding["part"] == "kenjo"]
    assert (done.code, kenjo["problems"]) == (0, [])
    assert any(fact.startswith("custom fields: not checked") for fact in kenjo["facts"])


async def test_check_names_an_office_that_kenjo_has_not(here: World) -> None:
    """A misspelt office in `timezones` == a problem that names the nearest one."""
    office = next(iter(here.sandbox.account.tables["offices"].values()))["name"]
    here.config |= {"timezones": {office: "Pacific/Pago_Pago", office[:-1] + "x": "Pacific/Pago_Pago"}}
    done = await here.run("check")
    assert done.code == 3
    assert f"timezones names the office '{office[:-1]}x', which Kenjo does not have" in done.out
    assert f"did you mean {office}?" in done.out


async def test_personal_fields_are_shown(here: World) -> None:
    """A line per target with its fields; `--record-of-processing` == the table alone, nothing asked."""
    done = await here.run("check", "--json")
    (target,) = [finding for finding in done.json if finding["part"] == "target directory"]
    assert any("person.account.email -> emails.work, userName" in fact for fact in target["facts"])
    here.proxy.seen.clear()
    done = await here.run("check", "--record-of-processing")
    assert done.code == 0, done.err
    assert "| person.personal.lastName | personal | directory |" in done.out
    assert here.proxy.seen == []
