"""Signing in as an application: OAuth 2.0 client credentials, and what a refusal asks an administrator to do.

Microsoft identity platform, "Get access without a user" and "Authentication and authorization error codes".
"""

from __future__ import annotations

import hashlib

from bridge.config.addresses import host_of
from bridge.errors import BridgeError, TargetHalted
from bridge.wire.answer import Answer
from bridge.wire.parsing import parse
from bridge.wire.tokens import Tokens, classify_sign_in, exchange
from workers.targets.base import Tools
from workers.targets.entra.settings import EntraSettings

_NATIONAL = {"graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"}
"""Hosts of Microsoft Graph in national clouds ("National cloud deployments")."""

_TO_DO = {
    7000215: "client_secret is wrong: copy the Value, not the Secret ID, from Certificates & secrets",
    7000222: "client_secret has expired: make a new one under Certificates & secrets, and set its Value",
    700016: "the tenant has no application with this client_id: compare both with the app's Overview",
    7000112: "the application is disabled: switch on its sign-in under Enterprise applications, Properties",
    90002: "there is no such tenant: compare it with the Directory (tenant) ID, login_url with its cloud",
    900023: "tenant is neither a directory's id nor a domain: copy the Directory (tenant) ID",
    53003: "Conditional Access keeps the application out: allow it in the policy for workload identities",
}
"""By the number of Microsoft's code (AADSTS); they may change, and others are told in Microsoft's words."""


def tokens_of(settings: EntraSettings, tools: Tools) -> Tokens:
    """The tokens of the application, shared by all processes that sign in alike."""
    http = tools.sign_in(settings, settings.login_url, _classify)
    secret = settings.client_secret.get_secret_value()
    form = {
        "grant_type": "client_credentials",
        "client_id": settings.client_id,
        "client_secret": secret,
        "scope": f"https://{_resource(settings.base_url)}/.default",
    }
    name = hashlib.blake2b(digest_size=12)
    for part in (settings.login_url, str(settings.tenant), *form.values()):
        name.update(part.encode() + b"\0")

    async def fetch() -> tuple[str, float | None]:
        return await exchange(http, f"/{settings.tenant}/oauth2/v2.0/token", form)

    return Tokens(name.hexdigest(), fetch, tools.vault)


def _resource(base_url: str) -> str:
    """The host for which tokens are asked for: a national cloud's own, else that of the global service."""
    host = host_of(base_url)
    return host if host in _NATIONAL else "graph.microsoft.com"


def _classify(answer: Answer, said: str) -> BridgeError | None:
    error = classify_sign_in(answer, said)
    if isinstance(error, TargetHalted):
        for code in _codes(answer):
            if code in _TO_DO:
                return TargetHalted(f"the sign-in was refused (AADSTS{code}): {_TO_DO[code]}")
    return error


def _codes(answer: Answer) -> list[int]:
    try:
        body = parse(answer.body)
    except ValueError:
        return []
    codes = body.get("error_codes") if isinstance(body, dict) else None
    return [code for code in codes if isinstance(code, int)] if isinstance(codes, list) else []
