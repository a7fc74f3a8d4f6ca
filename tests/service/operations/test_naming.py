"""Who is meant by what somebody types: the same for every command that takes a person or a group."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.errors import WhoIsMeant
from bridge.model import Key, Kind, Record, Stored
from service.cli import app, dispatch
from service.operations.naming import pick
from tests.service.operated import Operator, park

ANA, BEN, EVA = (Key(Kind.PERSON, id_ * 24) for id_ in "abe")
SALES = Key(Kind.TEAM, "office.5f")


def known() -> dict[Key, Stored]:
    """Three people and a group; Ben and Eva share an employee number."""
    people: dict[Key, dict[str, Any]] = {
        ANA: {
            "personal": {"displayName": "Ana Lücke"},
            "account": {"email": "Ana@x.org", "externalId": "E-1"},
        },
        BEN: {"personal": {"firstName": "Ben", "lastName": "Ros"}, "work": {"employeeNumber": 12}},
        EVA: {"personal": {"displayName": "Eva Ros", "lastName": "Ros"}, "work": {"employeeNumber": "12"}},
    }
    records = [Record(key, {"id": key.id, **data}) for key, data in people.items()]
    records.append(Record(SALES, {"id": SALES.id, "name": "Sales Berlin", "members": []}))
    return {record.key: Stored(record, 1) for record in records}


@pytest.mark.parametrize(
    ("who", "key"),
    [
        (ANA.id, ANA),
        (str(ANA), ANA),
        ("ana@X.org", ANA),
        ("e-1", ANA),
        ("ANA LU\u0308CKE", ANA),
        ("ben ros", BEN),
        ("eva  ros", EVA),
        ("sales berlin", SALES),
        ("office.5f", SALES),
        ("team:office.5f", SALES),
    ],
)
def test_everything_that_somebody_is_called_by(who: str, key: Key) -> None:
    """Id, record key, address, external id, names in any case and spelling, group name == one record."""
    assert pick(known(), who) == key


@pytest.mark.parametrize(
    ("who", "plain", "named"),
    [
        ("12", f"2 are called so: {BEN}, {EVA};", f"2 are called so: Ben Ros ({BEN}), Eva Ros ({EVA});"),
        ("ros", f"near to it: {BEN}, {EVA} ", f"did you mean Ben Ros ({BEN}), Eva Ros ({EVA})?"),
        ("Ana Lueke", f"near to it: {ANA} ", f"did you mean Ana Lücke ({ANA})?"),
        ("anna@x.org", f"near to it: {ANA} ", f"did you mean Ana Lücke ({ANA})?"),
        ("", "nobody has this Kenjo id, name,", "kenjo-bridge people --names lists everybody"),
    ],
)
def test_nobody_or_several(who: str, plain: str, named: str) -> None:
    """A number of two, a part of a name, a misspelling, nothing == who it may be; names only in `named`."""
    with pytest.raises(WhoIsMeant) as raised:
        pick(known(), who)
    assert (plain in str(raised.value), named in raised.value.named) == (True, True), raised.value.named
    assert not any(name in str(raised.value) for name in ("Ros", "Lücke", "x.org"))


async def test_all_commands_find_alike(operator: Operator) -> None:
    """By e-mail, name, an id that only Kenjo is asked for, and a number == the same person."""
    id_ = operator.people()[0]
    person = operator.here.sandbox.account.employees[id_]
    person["account"]["externalId"], person["work"]["employeeNumber"] = "EXT-7", "N 4711"
    await park(operator, id_)
    names = [person["account"]["email"].upper(), person["personal"]["displayName"], "ext-7", "n 4711"]
    for who in names:
        assert (await operator("explain", who, "--json")).json["record"] == f"person:{id_}", who
    for command in (["failures", "show"], ["try", "directory"], ["forget"], ["failures", "retry"]):
        for who in (names[0], names[2]):
            done = await operator(*command, who)
            assert f"person:{id_}" in done.out + done.err or done.out.startswith("1 record"), (command, done)
    async with operator.backend() as backend:
        assert "EXT-7" not in str(await backend.records.known())


async def test_kenjo_is_away(operator: Operator) -> None:
    """Nobody stored is called so and Kenjo does not answer == that is said; who is stored is found."""
    operator.here.sandbox.faults.add("status", status=503)
    email = operator.here.sandbox.account.employees[operator.people()[0]]["account"]["email"]
    assert (await operator("forget", email)).err.count("would be erased for good") == 1
    done = await operator("forget", "EXT-8")
    assert (done.code, "Kenjo, which knows what is not stored, was not asked" in done.err) == (3, True)


@pytest.mark.parametrize("terminal", [False, True])
def test_names_are_for_a_terminal(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sentence that could name people == does so on a terminal, and nowhere else."""

    def several() -> int:
        raise WhoIsMeant("2 are called so", "Ana and Eva are called so")

    monkeypatch.setattr(dispatch, "_run", several)
    monkeypatch.setattr(type(app.err), "is_terminal", property(lambda _: terminal))
    monkeypatch.setattr("sys.argv", ["kenjo-bridge", "explain", "x"])
    assert dispatch.dispatch() == 3
    assert ("Ana" in capsys.readouterr().err) is terminal
