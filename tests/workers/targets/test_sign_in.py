"""What `Tools` give an adapter to sign in with, on a real server."""

from __future__ import annotations

import aiohttp
import pytest

from bridge.config.settings import TargetSettings
from bridge.errors import BridgeError, TargetHalted
from bridge.wire.answer import Answer
from bridge.wire.tokens import exchange
from tests.bridge.serving import explaining, serving
from workers.targets.base import Tools

SETTINGS = TargetSettings(kind="any")


def in_the_vendors_words(answer: Answer, said: str) -> BridgeError | None:
    return TargetHalted(f"{answer.status} means: renew the key, as {said}")


async def test_a_vendor_may_say_more_of_a_refusal() -> None:
    """A refused sign-in is told in a kind's own words where it has some, else in those of all kinds."""
    async with (
        serving(explaining(401, {"error_description": "too old"})) as there,
        aiohttp.ClientSession() as session,
    ):
        tools = Tools(session)
        with pytest.raises(TargetHalted, match="401 means: renew the key, as too old"):
            await exchange(tools.sign_in(SETTINGS, there.base_url, in_the_vendors_words), "/token", {})
        with pytest.raises(TargetHalted, match="the sign-in was refused"):
            await exchange(tools.sign_in(SETTINGS, there.base_url), "/token", {})
