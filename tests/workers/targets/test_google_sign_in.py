"""Signing in at Google: the service account's key, delegation, scopes, and settings that cannot be used."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bridge.errors import BridgeError, ConfigurationError, TargetHalted
from bridge.model import Kind
from bridge.wire.tokens import Pocket
from tests.workers.targets.google_rig import GoogleRig, ana, google_target
from tests.workers.targets.google_server import ADMIN, Workspace, google_server
from tests.workers.targets.google_tokens import CLIENT_ID, PREFIX, SCOPES
from workers.targets.google.target import ADAPTER, GoogleSettings


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with google_server() as workspace:
        yield workspace


def parsed(**given: Any) -> GoogleSettings:
    """Settings as they are read, with a key that nobody has looked at yet."""
    return GoogleSettings.model_validate(
        {"kind": "google", "admin": ADMIN, "credentials_json": "{}", **given}
    )


# Tokens


async def test_one_sign_in_for_all(workspace: Workspace) -> None:
    """Many requests of two processes == one token, asked for in the administrator's name."""
    vault = Pocket()
    for _ in range(2):
        async with google_target(workspace, vault=vault) as target:
            await asyncio.gather(*(target.find(ana(externalId=f"k{number}")) for number in range(8)))
    (claims,) = workspace.sign_in.asked
    assert claims["sub"] == ADMIN


async def test_another_administrator_gets_another_token(workspace: Workspace) -> None:
    """Another administrator, or other scopes == a token of their own, also where the vault has one."""
    vault = Pocket()
    workspace.add_user("second@example.com")
    for own in ({}, {"admin": "second@example.com"}, {"end_sessions": False}):
        async with google_target(workspace, vault=vault, **own) as target:
            await target.find(ana())
    assert [claims["sub"] for claims in workspace.sign_in.asked] == [ADMIN, "second@example.com", ADMIN]


async def test_a_token_ends_in_the_middle(workspace: Workspace) -> None:
    """The token is over between two requests == another one is fetched, and nothing fails."""
    workspace.sign_in.lifetime = 1
    async with google_target(workspace) as target:
        remote_id = (await target.upsert(ana(), None)).remote_id
        await asyncio.sleep(1.1)
        await target.upsert(ana(**{"phones.work": "1"}), remote_id)
    assert len(workspace.sign_in.asked) >= 2


@pytest.mark.parametrize(
    ("own", "scopes"),
    [
        ({}, {"user", "group", "user.security"}),
        ({"groups": {"from": []}}, {"user", "user.security"}),
        ({"end_sessions": False, "new_user_org_unit": "/Staff"}, {"user", "group", "orgunit.readonly"}),
    ],
)
async def test_no_more_than_is_needed(workspace: Workspace, own: dict[str, Any], scopes: set[str]) -> None:
    """What the settings do not use is not asked for, and all is checked and done without it."""
    workspace.sign_in.delegated = {PREFIX + one for one in scopes}
    async with google_target(workspace, **own) as target:
        assert not (await target.check()).problems
        remote_id = (await target.upsert(ana(), None)).remote_id
        await target.remove(ana().key, remote_id)
    assert {scope for claims in workspace.sign_in.asked for scope in claims["scope"].split()} == {
        PREFIX + one for one in scopes
    }


# Refused


async def test_without_delegation(workspace: Workspace) -> None:
    """The key may act for nobody == where to allow it, for which client, with which scopes."""
    workspace.sign_in.delegated = set()
    async with google_target(workspace) as target:
        with pytest.raises(TargetHalted) as caught:
            await target.find(ana())
    said = str(caught.value)
    assert "Security > Access and data control > API controls > Manage Domain Wide Delegation" in said
    assert CLIENT_ID in said
    assert all(PREFIX + scope in said for scope in ("user", "group", "user.security"))


async def test_a_missing_scope_is_named(workspace: Workspace) -> None:
    """One scope is not allowed == `check` names just that one."""
    workspace.sign_in.delegated = SCOPES - {PREFIX + "user.security"}
    async with google_target(workspace) as target:
        with pytest.raises(TargetHalted, match=rf"\(refused now: {PREFIX}user\.security\)$"):
            await target.check()


@pytest.mark.parametrize("wrong", ["key", "unknown", "suspended"])
async def test_a_sign_in_that_is_refused(workspace: Workspace, wrong: str) -> None:
    """A key of somebody else, an administrator who is none or suspended == told what to look at."""
    own: dict[str, Any] = {}
    if wrong == "key":
        own = GoogleRig(workspace).wrong_credentials()
    elif wrong == "unknown":
        own = {"admin": "nobody@example.com"}
    else:
        workspace.user(ADMIN)["suspended"] = True
    async with google_target(workspace, **own) as target:
        with pytest.raises(TargetHalted, match="see that `admin` is a user who is not suspended"):
            await target.check()


# What `check` says


async def test_check(workspace: Workspace) -> None:
    """The domain, users and groups; a lesser administrator, and a unit that is not there, are said."""
    workspace.add_user("ana@example.com")
    workspace.add_group("g@example.com")
    workspace.user(ADMIN)["isAdmin"] = False
    async with google_target(workspace, new_user_org_unit="/Staff/Süd") as target:
        greeting = await target.check()
    assert not greeting.problems
    (fact,) = greeting.facts
    assert fact.startswith("Google Workspace, example.com, 2 users, 1 group")
    assert "cannot change administrators" in fact
    async with google_target(workspace, new_user_org_unit="/Nowhere") as target:
        assert (await target.check()).problems == (
            "new_user_org_unit: there is no organizational unit /Nowhere",
        )
    assert not [method for method, _, _ in workspace.bodies if method != "GET"]


async def test_a_key_file(workspace: Workspace, tmp_path: Path) -> None:
    """The key may be a file."""
    path = tmp_path / "key.json"
    path.write_text(json.dumps(workspace.sign_in.key(), indent=2))
    async with google_target(workspace, credentials_json=None, credentials_file=path) as target:
        assert not (await target.check()).problems


# The key


KEYS = {
    "not JSON": "-----BEGIN PRIVATE KEY-----",
    "a list": "[]",
    "another type": '{"type": "authorized_user", "client_id": "planted-secret"}',
    "no private key": '{"type": "service_account", "client_email": "a@b.iam", "token_uri": "https://x"}',
    "a broken private key": json.dumps(
        {
            "type": "service_account",
            "client_email": "a@b",
            "token_uri": "https://x",
            "private_key": "planted-secret",
        }
    ),
}


@pytest.mark.parametrize("key", KEYS.values(), ids=list(KEYS))
async def test_what_is_no_key(workspace: Workspace, key: str) -> None:
    """Anything but a service account's key == a sentence that says where to get one, and shows nothing."""
    with pytest.raises(ConfigurationError, match="credentials_json is not a service account's key") as caught:
        async with google_target(workspace, credentials_json=key):
            pass
    assert "planted" not in str(caught.value)


async def test_a_key_file_that_cannot_be_read(workspace: Workspace, tmp_path: Path) -> None:
    """No such file, or no text == a sentence with its name."""
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    for name, says in (
        ("none.json", "cannot be read: No such file"),
        ("binary.json", "is not a service account's"),
    ):
        with pytest.raises(ConfigurationError, match=f"{name} {says}"):
            async with google_target(workspace, credentials_json=None, credentials_file=tmp_path / name):
                pass


async def test_without_the_extra(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """google-auth is not installed == a sentence that says how it is."""
    monkeypatch.setitem(sys.modules, "google.auth.crypt", None)
    with pytest.raises(ConfigurationError, match=r'pip install "kenjo-bridge\[google\]"'):
        async with google_target(workspace):
            pass


async def test_secrets_stay_secret(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """The private key, the assertion and the token stand in no text, log or error, whatever is refused."""
    key = workspace.sign_in.key()
    settings = parsed(credentials_json=json.dumps(key))
    texts = [repr(settings), str(settings)]
    async with google_target(workspace) as target:
        await target.find(ana())
        (token,) = workspace.sign_in.given
        texts.append(repr(target.target._sign_in._key))  # type: ignore[attr-defined]
        workspace.sign_in.given.clear()
        workspace.sign_in.delegated = set()
        for call in (target.check(), target.find(ana()), target.upsert(ana(), None)):
            try:
                await call
            except BridgeError as error:
                texts.append(str(error))
    secret = key["private_key"].splitlines()[1]
    for text in (*texts, caplog.text):
        assert secret not in text
        assert token not in text
        assert "eyJ" not in text


# Settings


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"credentials_json": None}, "needs the service account's key"),
        ({"credentials_file": "/x.json"}, "either credentials_file or credentials_json"),
        ({"admin": "root"}, "must be the e-mail address of an administrator"),
        ({"domain": "https://example.com"}, "must be a domain such as example.com"),
        ({"group_domain": 'x" + team.name'}, "must be a domain such as example.com"),
        ({"new_user_org_unit": "Staff"}, "must begin with a slash"),
        ({"match": ["phones.work"]}, "by which Google finds nobody"),
        ({"match": ["externalid"]}, "did you mean 'externalId'"),
        ({"match_groups": ["name"]}, "by which Google finds nobody"),
        ({"match": []}, "at least 1 item"),
        ({"token_url": "ftp://x"}, "http"),
    ],
)
def test_settings_that_cannot_be(given: dict[str, Any], says: str) -> None:
    """A wrong setting is refused when it is read, in a sentence."""
    with pytest.raises(ValidationError, match=says):
        parsed(**given)


def test_the_domain_of_groups() -> None:
    """Groups get their addresses in the administrator's domain, or in the one that is set."""
    for given, domain in (({}, "example.com"), ({"group_domain": "lists.example.org"}, "lists.example.org")):
        team = ADAPTER.fitted(parsed(**given)).mapping[Kind.TEAM]
        assert team["email"] == f'slug(team.name) + "@{domain}"'
        assert "externalId" in team
    assert "externalId" not in ADAPTER.fitted(parsed(group_ids=False)).mapping[Kind.TEAM]


def test_which_targets_share_an_account() -> None:
    """The same account by two keys is one; tenants tell companies apart that one key acts for."""
    one = parsed()
    assert one.shares(parsed(admin="other@example.com"))
    assert one.shares(parsed(admin="other@example.org", tenant="b"))
    assert not parsed(tenant="a").shares(parsed(admin="other@example.org", tenant="b"))
    assert parsed(tenant="a").shares(parsed(tenant="b"))
    assert parsed(customer="C1").server != parsed(customer="C2").server


def test_the_key_file_starts_at_the_configuration(tmp_path: Path) -> None:
    """A relative path of the key is beside bridge.yaml."""
    given = {"kind": "google", "admin": ADMIN, "credentials_file": "key.json"}
    settings = GoogleSettings.model_validate(given, context={"folder": tmp_path})
    assert os.fspath(settings.credentials_file or "") == os.fspath(tmp_path / "key.json")
