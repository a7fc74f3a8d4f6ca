"""Profiles as data: their schema, what is wrong with one, what changes with one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest
import yaml

from bridge.errors import ConfigurationError
from bridge.mapping.route import Route
from tests.workers.targets.oddhr_rig import PROFILE
from workers.targets.rest import loading
from workers.targets.rest.target import ADAPTER

SCHEMA = Path(loading.__file__).with_name("profile.schema.json")
EVERY = [PROFILE, *loading.folder().glob("*.yaml")]


def test_the_schema_is_fresh() -> None:
    """The published JSON Schema == the one of the models."""
    assert json.loads(SCHEMA.read_text()) == loading.schema()


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_profiles_obey_the_schema(path: Path) -> None:
    """Every profile that comes with the bridge, as YAML reads it, is valid by the published schema."""
    jsonschema.validate(yaml.safe_load(path.read_text()), json.loads(SCHEMA.read_text()))


def test_every_word_is_used() -> None:
    """Each word of the language stands in a profile that comes with the bridge, or in the worked example."""
    used = {word for path in EVERY for word in words(yaml.safe_load(path.read_text()))}
    schema = json.loads(SCHEMA.read_text())
    known = {name for one in [schema, *schema["$defs"].values()] for name in one.get("properties", {})}
    assert known - used == set()


def words(value: Any) -> set[str]:
    if isinstance(value, list):
        return {word for one in value for word in words(one)}
    if isinstance(value, dict):
        return {*map(str, value), *(word for one in value.values() for word in words(one))}
    return set()


def settings(path: Path, **more: Any) -> Any:
    given = {"kind": "rest", "profile": str(path), "with": {"company": "acme"}}
    return ADAPTER.settings.model_validate({**given, "secrets": {"app": "a", "key": "k"}, **more})


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("    items: result.rows\n    pages: {by: cursor", "    itms: result.rows\n    pages: {by: cursor",
         "people.list.itms is not a word that can stand here; did you mean people.list.items?"),
        ("      sends: [mail]", "      sent: [mail]",
         "people.update.1.sent is not a word that can stand here; did you mean people.update.1.sends?"),
        ("      sends: [mail]", "      sends: [mial]", "people.update.1.sends.0"),
        ("refers_to: person}", "refer_to: person}", "did you mean people.attributes.boss.refers_to?"),
        ("title: Odd HR\n", "", "title is missing"),
        ("request: GET /units", "request: FETCH /units", "lists.units.request is not a method and a path"),
        ("body: whole\n      item", "body: whloe\n      item", "people.update.0.body"),
        ("body: whole\n      item", "body: whole.\n      item", "is not a CEL expression"),
        ("secrets.key}", "secrets.kay}", "which the profile does not name; did you mean secrets.key?"),
        ("list: units,", "list: unit,", "there is no list 'unit'; did you mean units?"),
        ("formatDate(today", "formatDay(today", "calls formatDay(); did you mean formatDate()?"),
        ("  part: '", "  parts: '", "batch.part is missing"),
        ("  part: '{\"nr\": int(id)", "  part: '{\"nr\": int(ids)", "uses 'ids', but an expression can use"),
        ("  part: '{\"nr\": int(id)", "  part: '{\"nr\": 1", "batch.part"),
        ("  part: '{\"nr\": int(id)", "  part: '{\"nr\": 1", "leaves out `id`: nobody could tell which"),
        ("body: '{\"calls\": parts}'", "body: '{\"calls\": []}'", "batch.body"),
        ("body: '{\"calls\": parts}'", "body: '{\"calls\": []}'", "leaves out `parts`: the requests"),
        ("  body: '{\"calls\": parts}'\n", "", "batch.body is missing"),
        ("request: POST /many", "request: GET /many", "a GET only reads"),
        ("at_most: 10", "at_most: 1", "batch.at_most must be greater than or equal to 2"),
        ("methods: [GET, POST, PUT, DELETE]", "methods: [GET, FETCH]", "batch.methods.1"),
        ("  status: http", "  state: http", "batch.state is not a word that can stand here"),
        ("  id: nr\n  status", "  id: ''\n  status", "batch.id must have at least 1 character"),
        ("counts: one", "counts: all", "batch.counts"),
        ("requests: [POST /people/query]", "requests: [POST /people/querry]", "rates.queries.requests.0"),
        ("requests: [POST /people/query]", "requests: [POST /people/querry]",
         "there is no request 'POST /people/querry'; did you mean 'POST /people/query'?"),
        ("    requests: [POST /people/query]\n", "", "rates.queries (" ),
        ("requests: [POST /people/query]", "methods: [QUERY]", "rates.queries.methods.0"),
        ("per_second: 10", "per_second: 0", "rates.queries.per_second must be greater than 0"),
        ("per_second: 10", "rate: 10", "rates.queries.rate is not a word that can stand here"),
        ("rates:\n  queries:", "rates:\n  Queries:", "rates has the name 'Queries', but a name must be"),
        ("means: throttled, wait", "means: rejected, wait", "belongs to `later` and `throttled` only"),
        ("wait: number(body.again_in_ms) / 1000.0", "wait: string(body.x)", "gives text, but it has"),
        ("wait: number(body.again_in_ms) / 1000.0", "wait: number(body.x) - nwo", "uses 'nwo', but an"),
        ("/return", "/{id", "is not a method and a path"),
        ("request: GET /people/{id}", "request: PUT /people/{id}", "reads: it can be a GET or a POST only"),
        ("at: result.next", "total: result.next", "`at` belongs to cursor and next only"),
        ("match: [extern, mail]", "match: [extern, mial]", "no attribute 'mial'; did you mean mail?"),
        ("  match: [extern, mail]\n", "", "people.match is missing"),
        ("title: Odd HR\n", "", "title is missing ("),
        ("base_url: https:", "base_url: ftp:", "must start with https:// (or http://)"),
        ("form: dd.MM.yyyy", "form: MM/yyyy", "people.attributes.start.form is to have yyyy, MM and"),
        ("form: dd.MM.yyyy", "form: '%d.%m.%Y'", "is to have yyyy, MM and dd in it"),
        ("form: dd.MM.yyyy", "form: dd.MM.yyyy dd", "each of them once"),
        ("people:\n  id: ref", "people:\n  id: ''", "people.id must have at least 1 character"),
        ("at: result.next", "at: result..next", "people.list.pages.at is not a place such as"),
        ("read: names.given", "read: .given", "people.attributes.given.read is not a place"),
        ("    id: nr", "    id: nr.", "lists.units.id is not a place"),
        ("map: person.work.jobTitle,", "map: person.work.,", "people.attributes.job.map"),
        ("map: person.work.jobTitle,", "map: person.work.jobTitel,", "did you mean person.work.jobTitle?"),
        ("map: person.work.jobTitle,", "map: team.name,", "uses 'team', but an expression"),
        ("map: person.work.jobTitle,", "map: person.work.jobTitle / 2,", "people.attributes.job.map"),
        ("map: team.name,", "map: team.nam,", "did you mean team.name?"),
        (', "dd.MM.yyyy")', ")", "calls formatDate() with 1 value, but it takes 2 to 3"),
        ('when: there.state != "gone"', "when: size(id)", "gives a number, but it has to give true or"),
        ("when: 'body.code == \"ALREADY_IN\"'", "when: '\"ALREADY_IN\"'", "gives text, but it has"),
        ("request: DELETE /people/{id}", "request: GET /people/{id}", "a GET only reads"),
        ("request: PUT /people\n", "request: GET /people\n", "people.create.request"),
        ("request: POST /people/{id}/leave", "request: GET /people/{id}/leave", "people.deactivate.0"),
        ("/people/{id}/return", "/people/{id}/return\n      sends: [mial]",
         "people.reactivate.0.sends.0"),
        ("      type: boolean\n      read: state", "      type: text\n      read: state",
         "people.attributes.active.type"),
        ("    active:\n      map: person.lifecycle == \"active\"\n      type: boolean\n",
         "    active:\n      map: person.lifecycle == \"active\"\n", "people.attributes.active.type ("),
        ("{'true': working, 'false': gone}", "{'true': working}", "has no word for false: nobody could be"),
        ("{'true': working, 'false': gone}", "{'true': working, 'flase': gone}", "has a word for 'flase'"),
        ("also: {on_leave: 'true'}", "also: {on_leave: working}", "has a word that means 'working'"),
        ("list: units, missing: create", "missing: create", "an entry can be made only in one of `lists`"),
        ("secrets:\n  app:", "secrets:\n  App:", "secrets has the name 'App', but a name must be lower-case"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    """A profile with one mistake == a sentence with the place, its line, and the nearest right name."""
    text = PROFILE.read_text()
    assert text.count(old) == 1
    path = tmp_path / "mytool.yaml"
    path.write_text(text.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        settings(path)
    assert says in str(caught.value)
    number = text[: text.index(old)].count("\n") + 1
    if new:
        lines = range(number, number + old.count("\n") + 2)
        assert any(f"{path}, line {line}" in str(caught.value) for line in lines), str(caught.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"profile": "personnio"},
            "is none that comes with the bridge; did you mean personio?; there is: bamboohr, ",
        ),
        ({"profile": "./nowhere.yaml"}, "nowhere.yaml cannot be read"),
        ({"with": {}}, "needs with.company: the first part of your address"),
        (
            {"with": {"company": "a", "compny": "b"}},
            "has with.compny, which its profile does not name; did you",
        ),
        ({"secrets": {"app": "x"}}, "needs secrets.key: Admin > Apps, its key"),
        ({"secrets": {"app": "x", "key": " "}}, "is empty"),
        ({"match": ["shoe"]}, "has in match 'shoe', which the profile does not know"),
        ({"match_groups": ["mail"]}, "has in match_groups 'mail'"),
        ({"timezone": "Berlin"}, "is not an IANA time zone"),
    ],
)
def test_settings_fit_the_profile(change: dict[str, Any], says: str) -> None:
    """What bridge.yaml lacks, or says without the profile knowing it == a sentence, and no secret in it."""
    with pytest.raises((ConfigurationError, ValueError)) as caught:
        settings(PROFILE, **change)
    assert says in str(caught.value)


def test_the_profile_gives_defaults() -> None:
    """Address, rate and delay are the profile's, unless bridge.yaml says otherwise."""
    found = settings(PROFILE)
    assert (found.base_url, found.rate) == ("https://acme.oddhr.example/api", 20)
    assert found.create_shows_within == 60
    own = settings(PROFILE, rate=3, base_url="https://eu.oddhr.example/api/", create_shows_within=9)
    assert (own.base_url, own.rate, own.create_shows_within) == ("https://eu.oddhr.example/api", 3, 9)


def test_what_counts_as_changed(tmp_path: Path) -> None:
    """Another value at the target == another configuration; another pace or sign-in == the same one."""

    def configuration(old: str = "", new: str = "") -> str:
        path = tmp_path / "mytool.yaml"
        path.write_text(PROFILE.read_text().replace(old, new))
        found = settings(path)
        return Route("hr", found, ADAPTER.fitted(found).mapping).configuration

    same = configuration()
    assert configuration("rate: 20", "rate: 7") == same
    assert configuration("/session", "/login") == same
    assert configuration("'false': gone", "'false': left") != same
    assert configuration("write: names.given", "write: names.first") != same
    assert configuration("{map: person.work.jobTitle, clear: text}", "{map: person.id, clear: text}") != same


def test_secrets_are_not_shown() -> None:
    """Secrets stand in no repr, and nothing that is written down of the settings."""
    found = settings(PROFILE, secrets={"app": "planted-app", "key": "planted-key"})
    assert "planted" not in repr(found) + str(found) + json.dumps(found.model_dump(mode="json"))


def test_families_of_attributes() -> None:
    """An attribute of a family can be mapped by its full name; an unknown one has a hint."""
    given = {"kind": "rest", "profile": "personio", "secrets": {"client_id": "a", "client_secret": "b"}}
    found: Any = ADAPTER.settings.model_validate({**given, "map": {"dynamic_5": "person.work.jobTitle"}})
    fitted = ADAPTER.fitted(found)
    assert fitted.check_attribute("dynamic_5") is None
    assert "did you mean 'position'?" in (fitted.check_attribute("positon") or "")
    assert "only with a setting in `with` that is not given" in (fitted.check_attribute("kenjo_id") or "")
