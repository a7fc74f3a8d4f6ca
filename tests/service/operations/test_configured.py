"""The settings in use are shown without a single secret, whatever the kind of target."""

from __future__ import annotations

import base64

import orjson

from bridge.config.settings import BridgeSettings
from service.operations.assembly import opened
from service.operations.configured import mappings, settings_in_use

_SECRET = base64.b64encode(b"a secret of theirs, of 33 bytes..").decode()
_TARGETS = {
    "directory": {"kind": "scim", "base_url": "https://scim.example.com/v2", "token": _SECRET},
    "mail": {
        "kind": "entra",
        "tenant": "example.com",
        "client_id": "5f0c2a10-0000-4000-8000-000000000000",
        "client_secret": _SECRET,
    },
    "flows": {
        "kind": "webhook",
        "url": "https://hooks.example.com/x",
        "secret": f"whsec_{_SECRET}",
        "headers": {"X-Key": _SECRET},
    },
}


async def test_no_secret_is_shown(redis_url: str) -> None:
    """Targets of several kinds == their settings, with asterisks in place of what is secret."""
    given = {"kenjo": {"api_key": _SECRET}, "redis": {"url": f"{redis_url}?db=3"}, "targets": _TARGETS}
    async with opened(BridgeSettings.model_validate(given)) as bridge:
        found = settings_in_use(bridge)
        assert _SECRET not in orjson.dumps(found).decode()
        assert _SECRET not in str(found)
        assert found["targets"]["directory"]["base_url"] == "https://scim.example.com/v2"
        assert set(found["targets"]["directory"]["token"]) == {"*"}
        assert set(found["targets"]["flows"]["headers"]["X-Key"]) == {"*"}
        assert mappings(bridge)["directory"]["person"]["userName"]
