"""Whether people can sign in at the provider of `web.oidc`: asked by `check`, before anybody tries."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.config.web_settings import OidcSettings, WebSettings
from bridge.errors import BridgeError
from service.openid.provider import Provider


async def provider_facts(settings: WebSettings, oidc: OidcSettings) -> tuple[Sequence[str], Sequence[str]]:
    """What is so, and a sentence for each problem."""
    addresses = [settings.return_address(host) for host in settings.hosts or [f"localhost:{settings.port}"]]
    facts = [oidc.issuer, *(f"sends people back to {address}" for address in addresses)]
    try:
        said = await Provider(oidc).tried(addresses[0])
    except BridgeError as error:
        return facts, [str(error)]
    known = "client id and secret are accepted" if said == "invalid_grant" else _UNTRIED
    return [*facts, known], []


_UNTRIED = "client id and secret cannot be tried before somebody signs in"
