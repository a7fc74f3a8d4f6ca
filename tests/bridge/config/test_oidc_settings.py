"""`web.oidc`: each wrong value has a sentence, and the secret may stand where secrets stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.config.configuration import load_settings
from bridge.config.web_settings import Role
from bridge.errors import ConfigurationError
from tests.bridge.configuring import with_secret

RIGHT = {
    "issuer": "https://login.example.com/",
    "client_id": "bridge",
    "client_secret": "s3cret",
    "roles": {"Bridge.Admins": "administrator"},
}


def written(folder: Path, **oidc: Any) -> Path:
    """A file with these settings; None: without one of them."""
    given = {name: value for name, value in {**RIGHT, **oidc}.items() if value is not None}
    path = folder / "bridge.yaml"
    path.write_text(json.dumps({"web": {"oidc": given}}))
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"issuer": "login.example.com"}, "issuer must be the address by which the provider calls itself"),
        ({"issuer": "http://login.example.com"}, "issuer must start with https://, as whoever listens"),
        ({"issuer": "https://a.example/?p=1"}, "issuer must end with its path"),
        ({"issuer": "https://a:b@a.example"}, "issuer must not have a user or password in it"),
        (
            {"issuer": "https://a.example/.well-known/openid-configuration"},
            "issuer must end before /.well-known/openid-configuration",
        ),
        ({"client_id": " "}, "client_id is empty: copy it from where the bridge is registered"),
        ({"client_id": "a\nb"}, "client_id must not have line breaks"),
        ({"client_secret": ""}, "client_secret is empty"),
        ({"client_secret": "'s3cret'"}, "client_secret stands in single quotes"),
        (
            {"client_secret": None},
            "client_secret is missing: set it in bridge.yaml, as KENJO_BRIDGE",
        ),
        ({"scopes": ["profile"]}, "scopes must have openid among them"),
        ({"scopes": ["openid", "a b"]}, "scopes must be a list of words; its entry 2 is none"),
        ({"roles": {}}, "roles must say which value of role_claim gives which role"),
        ({"roles": {"": "viewer"}}, "roles must say which value of role_claim gives which role"),
        ({"roles": {"a": "boss"}}, "roles.a must be 'viewer', 'operator' or 'administrator'"),
        ({"role_claim": ""}, "role_claim is empty"),
        ({"name_claim": ""}, "name_claim is empty"),
        ({"label": "x" * 41}, "label must have at most 40 characters"),
        ({"role_claims": "roles"}, "role_claims is not a setting; did you mean web.oidc.role_claim?"),
    ],
)
def test_a_wrong_value(tmp_path: Path, wrong: dict[str, Any], says: str) -> None:
    """A sentence that begins with the setting, without the secret."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(written(tmp_path, **wrong), {})
    assert str(caught.value).startswith(f"web.oidc.{says}")
    assert "s3cret" not in str(caught.value)


def test_what_is_right_stays_as_it_is(tmp_path: Path) -> None:
    """An issuer == itself, with the slash at its end; its host is what pages call it; somebody signs in."""
    web = load_settings(written(tmp_path), {}).web
    assert web.oidc is not None
    assert (web.oidc.issuer, web.oidc.name) == ("https://login.example.com/", "login.example.com")
    assert (web.signs_in, web.api_is_open) == (True, False)


def test_the_secret_in_a_file(tmp_path: Path) -> None:
    """A secret file, or a variable == the same as in bridge.yaml; it is never shown."""
    path = written(tmp_path, client_secret=None)
    for environ in (
        with_secret(tmp_path, "web__oidc__client_secret", b"s3cret\n"),
        {"KENJO_BRIDGE_WEB__OIDC__CLIENT_SECRET": "s3cret"},
    ):
        oidc = load_settings(path, environ).web.oidc
        assert oidc is not None
        assert (oidc.client_secret.get_secret_value(), "s3cret" in repr(oidc)) == ("s3cret", False)


def test_roles_in_a_variable(tmp_path: Path) -> None:
    """As a whole == kept letter for letter; one of them alone, whose case is lost == a sentence."""
    path = written(tmp_path, roles=None)
    oidc = load_settings(path, {"KENJO_BRIDGE_WEB__OIDC__ROLES": '{"Bridge.Admins": "operator"}'}).web.oidc
    assert oidc is not None
    assert oidc.roles == {"Bridge.Admins": Role.OPERATOR}
    with pytest.raises(ConfigurationError, match=r"web\.oidc\.roles must be set as a whole, as JSON"):
        load_settings(path, {"KENJO_BRIDGE_WEB__OIDC__ROLES__ADMINS": "operator"})


@pytest.mark.parametrize(
    ("web", "address"),
    [
        ({}, "https://bridge.example.com/sign-in/return"),
        ({"base_path": "/hr"}, "https://bridge.example.com/hr/sign-in/return"),
        ({"base_path": "/hr", "secure": False}, "http://bridge.example.com/hr/sign-in/return"),
    ],
)
def test_where_the_provider_sends_people_back(tmp_path: Path, web: dict[str, Any], address: str) -> None:
    """The address that is registered at the provider, below a proxy's path == https unless that is off."""
    path = tmp_path / "bridge.yaml"
    path.write_text(json.dumps({"web": web}))
    assert load_settings(path, {}).web.return_address("bridge.example.com") == address
