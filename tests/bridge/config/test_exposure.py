"""Secrets that others can read, and plain http: warned of, and refused in production."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, SecretStr

from bridge.config.configuration import load_settings
from bridge.config.exposure import files_to_hide, of_target, readable
from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError
from workers.connect import routes
from workers.targets import kinds, load
from workers.targets.google.settings import GoogleSettings

TARGET = "targets: {directory: {kind: scim, base_url: 'https://a.example', token: t}}\n"
PRODUCTION = "kenjo: {environment: production}\n"


def written(folder: Path, text: str, mode: int) -> Path:
    file = folder / "bridge.yaml"
    file.write_text(text)
    file.chmod(mode)
    return file


def secrets(folder: Path, mode: int) -> dict[str, str]:
    place = folder / "secrets"
    place.mkdir()
    (place / "kenjo__api_key").write_text("k")
    (place / "kenjo__api_key").chmod(mode)
    return {"KENJO_BRIDGE_SECRETS_DIR": str(place)}


@pytest.mark.parametrize(
    ("text", "mode", "warned"),
    [
        (TARGET, 0o644, True),
        (TARGET, 0o602, True),
        (TARGET, 0o640, False),
        (TARGET, 0o600, False),
        ("kenjo: {api_key: k}", 0o644, True),
        ("redis: {url: 'redis://:pw@h'}", 0o644, True),
        ("redis: {url: 'redis://h'}", 0o644, False),
        ("redis: {url: 'redis://h?password=pw'}", 0o644, True),
        ("notices: {to: ['mailto://u:pw@a.example']}", 0o644, True),
        ("notices: {every: 60}", 0o644, False),
        ("targets: {a: {kind: google, credentials_json: '{}'}}", 0o644, True),
        ("targets: {a: {kind: google, credentials_file: key.json}}", 0o644, False),
        ("targets: {a: {kind: webhook, url: 'https://h/k'}}", 0o644, True),
        ("targets: {a: {kind: webhook, headers: {X-Auth: k}}}", 0o644, True),
        ("targets: {a: {kind: webhook, old_secrets: [k]}}", 0o644, True),
        ("encryption: {old_keys: [k]}", 0o604, True),
        ("timezone: Europe/Berlin", 0o644, False),
        ("targets: {a: {kind: scim, map: {key: '\"x\"'}}}", 0o644, False),
    ],
)
def test_a_file_with_a_secret_that_everybody_can_read(
    tmp_path: Path, text: str, mode: int, *, warned: bool
) -> None:
    """A key or token in a bridge.yaml that others may read or change == a sentence that names the file."""
    file = written(tmp_path, text, mode)
    found = load_settings(file, {}).exposed
    assert [str(file) in sentence for sentence in found] == [True] * warned


def test_production_refuses_it_unless_allowed(tmp_path: Path) -> None:
    """The same with kenjo.environment production == refused by a sentence; allowed == taken."""
    file = written(tmp_path, PRODUCTION + TARGET, 0o644)
    with pytest.raises(ConfigurationError, match=r"every user .* allow\.readable_secrets"):
        load_settings(file, {})
    assert load_settings(file, {"KENJO_BRIDGE_ALLOW__READABLE_SECRETS": "true"}).exposed == ()
    file.chmod(0o640)
    assert load_settings(file, {}).exposed == ()


def test_a_secret_from_elsewhere_is_not_in_the_file(tmp_path: Path) -> None:
    """The token as a variable, bridge.yaml open to all == nothing to warn of."""
    file = written(
        tmp_path, PRODUCTION + "targets: {directory: {kind: scim, base_url: 'https://a.example'}}", 0o644
    )
    assert load_settings(file, {"KENJO_BRIDGE_TARGETS__DIRECTORY__TOKEN": "t"}).exposed == ()


def test_secret_files(tmp_path: Path) -> None:
    """A secret file of 0644 == refused in production; 0440 with a group of its own (fsGroup) == taken."""
    file, environ = written(tmp_path, PRODUCTION, 0o644), secrets(tmp_path, 0o644)
    with pytest.raises(ConfigurationError, match="kenjo__api_key holds secrets"):
        load_settings(file, environ)
    (tmp_path / "secrets" / "kenjo__api_key").chmod(0o440)
    assert load_settings(file, environ).exposed == ()


def test_a_secret_volume_of_kubernetes(tmp_path: Path) -> None:
    """Files of 0644 behind `..data`, as Kubernetes mounts them by default == taken, in production too."""
    place = tmp_path / "secrets"
    version = place / "..2026_11_25"
    version.mkdir(parents=True)
    (version / "kenjo__api_key").write_text("k")
    (version / "kenjo__api_key").chmod(0o644)
    (place / "..data").symlink_to(version.name)
    (place / "kenjo__api_key").symlink_to("..data/kenjo__api_key")
    values = load_settings(written(tmp_path, PRODUCTION, 0o644), {"KENJO_BRIDGE_SECRETS_DIR": str(place)})
    assert values.kenjo.api_key
    assert values.exposed == ()


def settings(environment: str, url: str, **more: object) -> BridgeSettings:
    target = {"kind": "scim", "base_url": url, "token": "t"}
    kenjo = {"environment": environment}
    return BridgeSettings.model_validate({"kenjo": kenjo, "targets": {"directory": target}, **more})


def test_plain_http_in_production(tmp_path: Path) -> None:
    """Plain http to another machine == refused, by the setting's name, unless its host is allowed."""
    with pytest.raises(ConfigurationError, match=r"targets\.directory\.base_url is plain http"):
        routes(settings("production", "http://scim.internal/v2"))
    assert routes(settings("production", "http://scim.internal/v2", allow={"plain_http": ["SCIM.internal"]}))
    assert routes(settings("production", "http://127.0.0.1:8080/v2"))
    assert routes(settings("production", "https://scim.internal/v2"))
    assert routes(settings("sandbox", "http://scim.internal/v2"))
    kenjo = "kenjo: {environment: production, base_url: 'http://kenjo.example/api/v1'}"
    with pytest.raises(ConfigurationError, match=r"kenjo\.base_url is plain http"):
        load_settings(written(tmp_path, kenjo, 0o600), {})


ID = "11111111-1111-1111-1111-111111111111"
ENTRA = {"kind": "entra", "tenant": ID, "client_id": ID, "client_secret": "s"}
GOOGLE = {"kind": "google", "admin": "ada@a.example", "credentials_json": "{}"}


@pytest.mark.parametrize(("target", "setting"), [(ENTRA, "login_url"), (GOOGLE, "token_url")])
def test_plain_http_to_where_a_target_is_signed_in_to(target: dict[str, str], setting: str) -> None:
    """The address that the secret itself is sent to == the same rule as for the one of the people."""

    def given(address: str) -> BridgeSettings:
        targets = {"a": {**target, setting: address}}
        return BridgeSettings.model_validate({"kenjo": {"environment": "production"}, "targets": targets})

    with pytest.raises(ConfigurationError, match=rf"targets\.a\.{setting} is plain http"):
        routes(given("http://login.example"))
    assert routes(given("https://login.example"))
    assert routes(given("http://127.0.0.1:1"))


def test_a_key_file_beside_the_configuration(tmp_path: Path) -> None:
    """Google's key in a file that every user can read == refused in production, else warned of."""
    key = tmp_path / "key.json"
    key.write_text("{}")
    target = {"kind": "google", "admin": "ada@a.example", "credentials_file": str(key)}
    for environment, more, mode, refused, warned in (
        ("production", {}, 0o644, True, True),
        ("production", {"allow": {"readable_secrets": True}}, 0o644, False, False),
        ("production", {}, 0o640, False, False),
        ("sandbox", {}, 0o644, False, True),
    ):
        key.chmod(mode)
        given = {"kenjo": {"environment": environment}, "targets": {"a": target}, **more}
        values = BridgeSettings.model_validate(given)
        sentence = r"key\.json .* allow\.readable"
        with pytest.raises(ConfigurationError, match=sentence) if refused else nullcontext():
            routes(values)
        settings = GoogleSettings.model_validate(target)
        assert of_target("a", settings, values) == ([], [readable(key)] if warned else [])


def test_every_secret_of_every_kind_counts() -> None:
    """A value for each setting that is a secret == bridge.yaml is one that holds secrets."""
    places = [*secret_places(BridgeSettings)]
    places += [("targets", "a", *place) for kind in kinds() for place in secret_places(load(kind).settings)]
    assert ("kenjo", "api_key") in places
    for place in places:
        values: Any = ["scheme://user:secret@host"] if place[-1] == "to" else "http://user:secret@host"
        for name in reversed(place):
            values = {name: values}
        assert files_to_hide(Path(__file__), values, None), place


def secret_places(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        kinds_of = [field.annotation, *inner(field.annotation)]
        groups = [one for one in kinds_of if isinstance(one, type) and issubclass(one, BaseModel)]
        yield from (((field.alias or name), *place) for group in groups for place in secret_places(group))
        if SecretStr in kinds_of:
            yield (field.alias or name,)


def inner(annotation: Any) -> Iterator[Any]:
    for one in get_args(annotation):
        yield one
        yield from inner(one)
