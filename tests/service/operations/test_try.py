"""`kenjo-bridge try`: an expression for one person, before it is saved."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.planned import Inspected
from tests.world import World, expected


def one(here: World) -> tuple[str, dict[str, Any]]:
    """Somebody who belongs at the target."""
    return min(expected(here.sandbox).items())


async def test_the_new_value_stands_beside_the_present_one(there: Inspected, here: World) -> None:
    """Before a first sync, by e-mail in capitals == both values; only the fingerprints' key is stored."""
    id_, person = one(here)
    done = await here.run(
        "try", "directory", person["account"]["email"].upper(), "--map", "title=upper(person.work.jobTitle)"
    )
    assert done.code == 0, done.err
    title = person["work"]["jobTitle"]
    assert done.out.splitlines() == [
        f"person:{id_} at directory",
        "  title",
        "    now  person.work.jobTitle",
        f'         "{title}"',
        "    new  upper(person.work.jobTitle)",
        f'         "{title.upper()}"',
    ]
    assert {key.rpartition(b":")[2] for key in await there.dump()} == {b"pepper", b"format"}
    assert here.proxy.writes == []


async def test_fields_that_nobody_uses_yet_can_be_tried(here: World) -> None:
    """After a sync, a section that no target has read == its value; so is what is new, or taken out."""
    await here.run("sync")
    id_, person = one(here)
    found = await here.run(
        "try", "directory", id_, "--map", "nickName=person.address.city", "--map", "title=null", "--json"
    )
    nick, title = found.json["attributes"]
    assert nick["now"] == {"source": None, "value": None, "error": ""}
    assert nick["new"]["value"] == person["address"]["city"]
    assert (title["now"]["value"], title["new"]["source"]) == (person["work"]["jobTitle"], None)


async def test_an_expression_that_fails_says_why(here: World) -> None:
    """A number that cannot be == the sentence of the record that would be parked, and exit 1."""
    id_, _ = one(here)
    done = await here.run("try", "directory", id_, "--map", "title=left(person.id, -1)")
    assert done.code == 1
    words = (
        "targets.directory.map.title failed (left() wants a whole number of 0 or more): left(person.id, -1)"
    )
    assert words in done.out


async def test_without_a_map_all_of_now_is_shown(here: World) -> None:
    """No --map == every attribute with its value of now; what is given once is called so."""
    here.config["targets"]["directory"]["once"] = ["userName"]
    id_, person = one(here)
    found = (await here.run("try", "directory", id_, "--json")).json
    rows = {row["attribute"]: row for row in found["attributes"]}
    assert rows["userName"]["now"]["value"] == person["account"]["email"]
    assert [name for name, row in rows.items() if row.get("once")] == ["userName"]
    assert not any("new" in row for row in rows.values())
    assert (
        "userName (given once: accounts that are there keep theirs)"
        in (await here.run("try", "directory", id_)).out
    )


async def test_who_is_not_for_the_target(here: World) -> None:
    """Somebody out of scope == told so, with the values all the same."""
    here.config["targets"]["directory"]["scope"] = 'person.work.jobTitle == "nothing"'
    id_, _ = one(here)
    done = await here.run("try", "directory", id_, "--map", "title=person.id")
    assert "gets nothing there: out of scope" in done.out
    assert f'"{id_}"' in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("directory", "{id}", "--map", "title"), "write an attribute, an equals sign and an expression"),
        (("directory", "{id}", "--map", "title=person.work.jobTitel"), "did you mean person.work.jobTitle?"),
        (("directory", "{id}", "--map", "titel=person.id"), "targets.directory.map.titel"),
        (("directory", "{id}", "--map", "title=lefft(person.id, 1)"), "did you mean left()?"),
        (("directory", "{id}", "--map", "title=1 +"), "is not a CEL expression"),
        (("directory", "nobody"), "nobody has this Kenjo id, name, e-mail address"),
        (("directori", "{id}"), "there is no target 'directori'"),
    ],
)
async def test_what_cannot_be_tried(here: World, arguments: tuple[str, ...], words: str) -> None:
    """A misspelt field, attribute, function, person or target == exit 3 and the sentence of the start."""
    id_, _ = one(here)
    done = await here.run("try", *(argument.format(id=id_) for argument in arguments))
    assert (done.code, done.out) == (3, "")
    assert words in done.err


async def test_who_was_forgotten_stays_so(here: World) -> None:
    """Somebody who was forgotten == nobody of that name, although Kenjo has them."""
    await here.run("sync")
    id_, _ = one(here)
    assert (await here.run("forget", id_, "--yes")).code == 0
    done = await here.run("try", "directory", id_)
    assert (done.code, done.out) == (3, "")
    assert "nobody has this Kenjo id" in done.err
