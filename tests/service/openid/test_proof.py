"""What proves who somebody is, and what does not: each attack on a sign-in, on a real provider."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from bridge.config.web_settings import Role
from service.openid.errors import LetNobodyIn, NotProven, Stale
from tests.service.openid.provider import CLIENT, OpenIdProvider
from tests.service.openid.signer import FIRST, Claims, Signer, hashed_with, unsigned
from tests.service.openid.signing_in import away, client, signed_in

STRANGER = Signer("stranger")


async def test_somebody_signs_in(provider: OpenIdProvider) -> None:
    """A token that is in order == who it names, with the role of its claim."""
    who = await signed_in(client(provider))
    assert (who.name, who.subject, who.role) == ("Keycloak: ines@example.com", "248289761001", Role.OPERATOR)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
async def test_each_algorithm_with_a_public_key(provider: OpenIdProvider, algorithm: str) -> None:
    """RSA in both ways and an elliptic curve == signed in, though the keys do not say which it is."""
    provider.ways.signers = [Signer("one", algorithm)]
    assert (await signed_in(client(provider))).role is Role.OPERATOR


def with_claims(**wrong: Any) -> Callable[[Claims], str]:
    """A token that the provider has signed, with other claims; None: without one."""
    return lambda claims: FIRST.token(
        {name: value for name, value in {**claims, **wrong}.items() if value is not None}
    )


def with_header(signer: Signer = FIRST, **header: Any) -> Callable[[Claims], str]:
    return lambda claims: signer.token(claims, **header)


NOW = int(time.time())

FORGED: dict[str, Callable[[Claims], Any]] = {
    "another nonce": with_claims(nonce="another"),
    "no nonce": with_claims(nonce=None),
    "for another client": with_claims(aud="another"),
    "for nobody": with_claims(aud=None),
    "for several, made for none": with_claims(aud=[CLIENT, "another"]),
    "for several, made for another": with_claims(aud=[CLIENT, "another"], azp="another"),
    "made for another": with_claims(azp="another"),
    "expired": with_claims(exp=NOW - 120),
    "without end": with_claims(exp=None),
    "of tomorrow": with_claims(iat=NOW + 86400, exp=NOW + 90000),
    "not valid yet": with_claims(nbf=NOW + 3600),
    "without a time": with_claims(iat=None),
    "of another issuer": with_claims(iss="https://evil.example"),
    "of no issuer": with_claims(iss=None),
    "of an issuer that begins alike": lambda claims: with_claims(iss=f"{claims['iss']}.evil.example")(claims),
    "about nobody": with_claims(sub=None),
    "about nobody by name": with_claims(sub=""),
    "unsigned": unsigned,
    "unsigned, in capitals": with_header(alg="NONE"),
    "with the public key as secret": lambda claims: hashed_with(FIRST.pem(), claims, "first"),
    "with the client's secret as key": lambda claims: hashed_with(b"s3cret+/%~", claims, "first"),
    "by a stranger": with_header(STRANGER),
    "by a stranger under our id": with_header(STRANGER, kid="first"),
    "by a stranger without id": with_header(STRANGER, kid=None),
    "with a key of its own": with_header(STRANGER, kid="first", jwk=STRANGER.jwk()),
    "with what nobody understands": with_header(crit=["exp"]),
    "cut": lambda claims: FIRST.token(claims)[:-10],
    "with the signature of another": lambda claims: ".".join(
        [*FIRST.token(claims).split(".")[:2], FIRST.token({}).split(".")[2]]
    ),
    "no token": lambda _: "ey.ey",
    "a number": lambda _: 7,
    "too large": lambda claims: FIRST.token({**claims, "groups": ["x" * 100] * 2000}),
}


@pytest.mark.parametrize("how", FORGED)
async def test_a_wrong_token_signs_nobody_in(provider: OpenIdProvider, how: str) -> None:
    """Each claim, header and signature that is not as it has to be == nobody."""
    provider.ways.spoiled = FORGED[how]
    with pytest.raises(NotProven):
        await signed_in(client(provider))


async def test_clocks_may_differ_a_little(provider: OpenIdProvider) -> None:
    """A token that ended half a minute ago, or begins in half a minute == signed in."""
    now = int(time.time())  # not as the module was read: much may be tried in between
    for claims in ({"exp": now - 30}, {"iat": now + 30, "nbf": now + 30}):
        provider.ways.claims = claims
        assert (await signed_in(client(provider))).role is Role.OPERATOR


async def test_several_audiences_with_the_bridge_as_party(provider: OpenIdProvider) -> None:
    """A token for several, made for the bridge (azp) == signed in."""
    provider.ways.claims = {"aud": ["account", CLIENT], "azp": CLIENT}
    assert (await signed_in(client(provider))).role is Role.OPERATOR


async def test_an_answer_without_its_state(provider: OpenIdProvider) -> None:
    """Another state, an empty one, none == no answer to this sign-in."""
    ours = client(provider)
    attempt, back = await away(ours)
    for state in ({"state": "another"}, {"state": ""}, {"state": "é"}):
        with pytest.raises(Stale):
            await ours.finish(attempt, {**back, **state})
    del back["state"]
    with pytest.raises(Stale):
        await ours.finish(attempt, back)


@pytest.mark.parametrize("lenient", [False, True])
async def test_a_code_of_another_sign_in(provider: OpenIdProvider, lenient: bool) -> None:
    """A code that was put into another sign-in == refused there by PKCE, and here by the nonce without it."""
    provider.ways.lenient = lenient
    ours = client(provider)
    _, theirs = await away(ours)
    attempt, back = await away(ours)
    with pytest.raises(NotProven, match="nonce" if lenient else "does not take the code"):
        await ours.finish(attempt, {**back, "code": theirs["code"]})


async def test_an_answer_of_another_provider(provider: OpenIdProvider) -> None:
    """Another issuer in the answer, or none where it is announced == nobody, and the code goes nowhere."""
    for answers in ({"iss": "https://evil.example"}, {"iss": ""}):
        provider.ways.answers = answers
        with pytest.raises(NotProven, match="not of the provider"):
            await signed_in(client(provider))
    assert "/token/" not in provider.asked


async def test_a_provider_that_does_not_name_itself(provider: OpenIdProvider) -> None:
    """Where RFC 9207 is not announced, as at Entra ID and Google, its issuer need not be in the answer."""
    provider.ways.metadata = {"authorization_response_iss_parameter_supported": None}
    provider.ways.answers = {"iss": ""}
    assert (await signed_in(client(provider))).role is Role.OPERATOR


async def test_the_provider_refuses(provider: OpenIdProvider) -> None:
    """An error in place of a code == nobody, and nothing of its words."""
    provider.ways.answers = {"code": "", "error": "access_denied", "error_description": "Ana gave up"}
    with pytest.raises(LetNobodyIn) as caught:
        await signed_in(client(provider))
    assert "Ana" not in str(caught.value)


async def test_userinfo_of_somebody_else(provider: OpenIdProvider) -> None:
    """Claims that the userinfo endpoint tells of another subject == nobody."""
    provider.ways.claims = {"roles": None}
    provider.ways.userinfo = {"sub": "another", "roles": ["Bridge.Admins"]}
    with pytest.raises(NotProven, match="somebody else"):
        await signed_in(client(provider))
