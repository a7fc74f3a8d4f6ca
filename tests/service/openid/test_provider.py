"""A provider as it is set up: what it says of itself, its keys, its roles, its failures."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from bridge.config.web_settings import Role
from service.openid.errors import NoRole, NotProven, ProviderUnusable
from tests.service.openid.provider import OpenIdProvider
from tests.service.openid.signer import Signer
from tests.service.openid.signing_in import RETURNS, client, signed_in

BY_EMAIL = {"role_claim": "email", "roles": {"i@a.example": "operator"}}
EMAIL = {"email": "i@a.example"}
URL = "https://acme.example/roles"


class Clock:
    """A time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("claims", "settings", "role"),
    [
        ({"roles": "Bridge.Admins"}, {}, "administrator"),
        ({"roles": ["other", "Bridge.Viewers", "Bridge.Admins", "Bridge.Operators"]}, {}, "administrator"),
        ({"realm_access": {"roles": ["Bridge.Viewers"]}}, {"role_claim": "realm_access.roles"}, "viewer"),
        ({URL: "Bridge.Admins"}, {"role_claim": URL}, "administrator"),
        ({**EMAIL, "email_verified": True}, BY_EMAIL, "operator"),
    ],
)
async def test_a_role_of_a_claim(
    provider: OpenIdProvider, claims: dict[str, Any], settings: dict[str, Any], role: str
) -> None:
    """Text, a list, a group within, a name with dots, a verified address == the highest role of them."""
    provider.ways.claims = {"roles": None, **claims}
    assert (await signed_in(client(provider, **settings))).role is Role(role)


@pytest.mark.parametrize(
    ("claims", "settings"),
    [
        ({"roles": None}, {}),
        ({"roles": []}, {}),
        ({"roles": "bridge.admins"}, {}),
        ({"roles": "Bridge.Admins Bridge.Viewers"}, {}),
        ({"roles": {"Bridge.Admins": True}}, {}),
        ({"roles": [["Bridge.Admins"], 7, None]}, {}),
        ({"realm_access": "roles"}, {"role_claim": "realm_access.roles"}),
        (EMAIL, BY_EMAIL),
        ({**EMAIL, "email_verified": False}, BY_EMAIL),
        ({**EMAIL, "email_verified": "false"}, BY_EMAIL),
    ],
)
async def test_no_role(provider: OpenIdProvider, claims: dict[str, Any], settings: dict[str, Any]) -> None:
    """No claim, another value or form, an address that nobody has verified == who it is, and no role."""
    provider.ways.claims = {"roles": None, **claims}
    with pytest.raises(NoRole) as caught:
        await signed_in(client(provider, **settings))
    assert (caught.value.name, caught.value.subject) == ("Keycloak: ines@example.com", "248289761001")
    assert "ines" not in str(caught.value)


async def test_a_role_that_only_userinfo_tells(provider: OpenIdProvider) -> None:
    """A thin token == its subject's claims are asked for; a full one needs no request."""
    provider.ways.userinfo = {"roles": ["Bridge.Admins"]}
    assert (await signed_in(client(provider))).role is Role.OPERATOR
    assert "/userinfo" not in provider.asked
    provider.ways.claims = {"roles": None}
    assert (await signed_in(client(provider))).role is Role.ADMINISTRATOR


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": None}, "248289761001"),
        ({"preferred_username": "  "}, "248289761001"),
        ({"preferred_username": 7}, "248289761001"),
        ({"preferred_username": "ines\n\x1b[31m\u202e"}, "ines\\n\\x1b[31m\\u202e"),
        ({"preferred_username": "x" * 1000}, "x" * 255),
    ],
)
async def test_how_somebody_is_called(provider: OpenIdProvider, claims: dict[str, Any], name: str) -> None:
    """Without a usable name the subject; nothing invisible, and no end of it."""
    provider.ways.claims = claims
    assert (await signed_in(client(provider))).name == f"Keycloak: {name}"


async def test_another_key(provider: OpenIdProvider) -> None:
    """A key that came since the last sign-in == read at once; one that was withdrawn is believed no more."""
    clock, old, new = Clock(), Signer("old"), Signer("new", "ES256")
    ours = client(provider, clock)
    provider.ways.signers = [old]
    await signed_in(ours)
    provider.ways.signers = [new]
    clock.now += 11
    await signed_in(ours)
    provider.ways.spoiled = old.token
    with pytest.raises(NotProven):
        await signed_in(ours)


async def test_a_key_is_not_believed_for_ever(provider: OpenIdProvider) -> None:
    """A key that the provider has withdrawn, and that still signs == believed for an hour, and no longer."""
    clock, stolen = Clock(), Signer("stolen", "ES256")
    ours = client(provider, clock)
    provider.ways.signers = [stolen]
    await signed_in(ours)
    provider.ways.signers, provider.ways.spoiled = [Signer("new", "ES256")], stolen.token
    await signed_in(ours)
    clock.now += 3601
    with pytest.raises(NotProven):
        await signed_in(ours)


async def test_unknown_keys_cost_no_more_than_one_look(provider: OpenIdProvider) -> None:
    """Tokens that name keys that are not there == one more reading in ten seconds, however many come."""
    ours = client(provider, Clock())
    provider.ways.spoiled = Signer("nobody's", "ES256").token
    for _ in range(5):
        with pytest.raises(NotProven):
            await signed_in(ours)
    assert provider.asked.count("/keys") == 1
    assert provider.asked.count("/.well-known/openid-configuration") == 1


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({"issuer": "https://evil.example"}, "calls itself 'https://evil.example': web.oidc.issuer has to"),
        ({"issuer": None}, "calls itself nothing"),
        ({"issuer": "x\x1b[2J"}, r"calls itself 'x\\x1b\[2J'"),
        ({"token_endpoint": None}, "token_endpoint is no address"),
        ({"token_endpoint": "http://evil.example/token"}, "token_endpoint is no address with https"),
        ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri is no address"),
        ({"authorization_endpoint": ["x"]}, "authorization_endpoint is no address"),
        ({"end_session_endpoint": "javascript:alert(1)"}, "end_session_endpoint is no address"),
        ({"response_types_supported": ["id_token"]}, "no authorization code flow"),
        ({"code_challenge_methods_supported": ["plain"]}, "no PKCE with S256"),
        ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "no algorithm with a public key"),
    ],
)
async def test_a_provider_that_cannot_be_used(
    provider: OpenIdProvider, metadata: dict[str, Any], says: str
) -> None:
    """What it says of itself, and is not to be believed or not enough == a sentence that says what."""
    provider.ways.metadata = metadata
    with pytest.raises(ProviderUnusable, match=says):
        await client(provider).begin(RETURNS)


async def test_a_provider_that_announces_little(provider: OpenIdProvider) -> None:
    """Only what Discovery requires == signed in; and signed out nowhere but here."""
    optional = ("userinfo_endpoint", "end_session_endpoint", "code_challenge_methods_supported")
    provider.ways.metadata = dict.fromkeys(optional)
    ours = client(provider)
    await signed_in(ours)
    assert await ours.sign_out_address(RETURNS) == ""


async def test_the_secret_goes_as_it_is_asked_for(provider: OpenIdProvider) -> None:
    """A provider that takes the client's secret in the form only == signed in."""
    provider.ways.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert (await signed_in(client(provider))).role is Role.OPERATOR


async def test_a_wrong_secret(provider: OpenIdProvider) -> None:
    """It is said which settings are wrong, when somebody signs in and before; the right one is seen, too."""
    wrong = client(provider, client_secret="another")
    for trying in (signed_in(wrong), wrong.tried(RETURNS)):
        with pytest.raises(ProviderUnusable, match=r"invalid_client.*web\.oidc\.client_secret"):
            await trying
    assert await client(provider).tried(RETURNS) == "invalid_grant"


async def test_a_provider_that_is_down(provider: OpenIdProvider) -> None:
    """A sentence without its words; it is asked again after some seconds and not before, and is back then."""
    clock = Clock()
    ours = client(provider, clock)
    provider.ways.down = True
    for _ in range(3):
        with pytest.raises(ProviderUnusable, match=r"the provider's configuration: answered 503$"):
            await ours.begin(RETURNS)
    assert len(provider.asked) == 1
    provider.ways.down = False
    clock.now += 6
    await signed_in(ours)


async def test_what_is_asked_of_the_provider(provider: OpenIdProvider) -> None:
    """The address == the query of Core, 3.1.2.1, and PKCE; no two sign-ins have a value in common."""
    ours = client(provider, scopes=["openid", "groups"])
    (one, address), (other, chosen) = await ours.begin(RETURNS), await ours.begin(RETURNS, choose=True)
    asked = dict(parse_qsl(urlsplit(address).query))
    assert asked == {
        "response_type": "code",
        "client_id": "kenjo-bridge",
        "redirect_uri": RETURNS,
        "scope": "openid groups",
        "state": one.state,
        "nonce": one.nonce,
        "code_challenge": asked["code_challenge"],
        "code_challenge_method": "S256",
    }
    assert "prompt=select_account" in chosen
    random = {one.state, one.nonce, one.verifier, other.state, other.nonce, other.verifier}
    assert (len(random), one.verifier in address) == (6, False)
    assert min(map(len, random)) >= 43  # RFC 7636, section 4.1


async def test_an_address_that_has_a_query(provider: OpenIdProvider) -> None:
    """An endpoint with a query of its own, as Azure AD B2C has it == both are sent."""
    provider.ways.metadata = {
        "authorization_endpoint": f"{provider.issuer}/authorize?p=policy",
        "token_endpoint": f"{provider.issuer}/token/?p=policy",
    }
    _, address = await client(provider).begin(RETURNS)
    assert "/authorize?p=policy&response_type=code" in address
    assert (await signed_in(client(provider))).role is Role.OPERATOR
