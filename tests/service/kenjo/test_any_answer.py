"""Whatever Kenjo answers, a poll ends with lists or with a sentence."""

from __future__ import annotations

import aiohttp
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bridge.config.settings import KenjoSettings
from bridge.errors import SourceUnavailable
from service.kenjo.client import KenjoClient
from service.kenjo.fields import ACCOUNTS, WORKS
from tests.odd_answers import ANSWERS, saying

SIGNED_IN = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n{"token":"tok"}'


@settings(max_examples=150, deadline=None)
@given(said=st.lists(ANSWERS | st.binary(max_size=30), min_size=1, max_size=3), signed_in=st.booleans())
async def test_any_answer_ends_in_a_sentence(said: list[bytes], signed_in: bool) -> None:
    """Any bytes as answers to a sign-in and to lists == lists, or SourceUnavailable with no value in it."""
    async with (
        saying(*([SIGNED_IN] if signed_in else []), *said) as address,
        aiohttp.ClientSession() as session,
    ):
        given_ = KenjoSettings(base_url=address, api_key=SecretStr("planted-key"), timeout=2.0)
        client = KenjoClient(session, given_)
        caught: SourceUnavailable | None = None
        try:
            await client.fetch({ACCOUNTS, WORKS})
        except SourceUnavailable as error:
            caught = error
        await client.close()
    assert len(str(caught)) < 600
    assert "planted" not in str(caught)
