"""What every kind of target that speaks HTTP has to do when something goes wrong."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

import pytest

from bridge.errors import (
    BridgeError,
    NotFound,
    RecordRejected,
    TargetHalted,
    TryLater,
)
from bridge.exchange import Wanted
from bridge.model import Key, Kind
from workers.testing import proxy as faults
from workers.testing.proxy import Proxy
from workers.testing.rig import Allowed, HttpRig, Line, Through, connected, holds, person

PERSON = Kind.PERSON

Call = Callable[[], Awaitable[Any]]


class HttpContract(Through):
    """Errors by what happens next, and privacy."""

    @pytest.fixture
    def proxy(self, line: Line) -> Proxy:
        """The line, which is a proxy where HTTP is spoken."""
        assert isinstance(line, Proxy)
        return line

    async def test_wrong_credentials(self, rig: HttpRig) -> None:
        """Refused credentials halt the target, whatever is asked first."""
        async with connected(rig.adapter, rig.settings(rig.origin) | rig.wrong_credentials()) as target:
            calls: list[Call] = [partial(target.upsert, person(rig, 1), None)]
            if rig.is_asked:
                calls = [target.check, partial(target.find, person(rig, 1)), *calls]
                calls.append(partial(target.remove, Key(PERSON, "kenjo-p1"), "999999"))
            for call in calls:
                with pytest.raises(TargetHalted):
                    await call()

    async def test_unreachable(self, rig: HttpRig) -> None:
        """Where nothing listens, the fault is said to be the whole target's."""
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            origin = f"http://127.0.0.1:{closed.getsockname()[1]}"
            async with connected(rig.adapter, rig.settings(origin)) as target:
                calls: list[Call] = [target.check, partial(target.upsert, person(rig, 1), None)]
                if rig.is_asked:
                    calls += [
                        partial(target.find, person(rig, 1)),
                        partial(target.upsert, person(rig, 1), "1"),
                    ]
                for call in calls:
                    with pytest.raises(TryLater) as caught:
                        await call()
                    assert caught.value.unreachable

    async def test_throttled(self, rig: HttpRig, proxy: Proxy, target: Allowed) -> None:
        """429 asks to try later, after the seconds that the server names; until then nothing is sent."""
        await target.upsert(person(rig, 1), None)  # whatever signing in is needed is done now
        proxy.fail_always(faults.answer(429, "{}", Retry_After="7"))
        with pytest.raises(TryLater) as caught:
            await (target.find(person(rig, 1)) if rig.is_asked else target.upsert(person(rig, 3), None))
        assert caught.value.after == 7
        assert not caught.value.unreachable
        sent = len(proxy.seen)
        with pytest.raises(TryLater) as caught:
            await target.upsert(person(rig, 2), None)
        assert 6 < (caught.value.after or 0) <= 7
        assert len(proxy.seen) == sent

    @pytest.mark.parametrize("fault", [faults.page(), faults.page(502), faults.truncated, faults.dropped])
    async def test_broken_answers(
        self, rig: HttpRig, proxy: Proxy, target: Allowed, fault: faults.Fault
    ) -> None:
        """A gateway's page, half an answer or none is a passing fault, and never taken for success."""
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        proxy.fail_always(fault)
        wanted = person(rig, 1, **rig.changes)
        calls: list[Call] = [
            partial(target.upsert, person(rig, 2), None),
            partial(target.upsert, wanted, remote_id),
            partial(target.remove, wanted.key, remote_id),
        ]
        if rig.is_asked:
            calls.append(partial(target.find, wanted))
        for call in calls:
            with pytest.raises(TryLater):
                await call()
        proxy.fail_always(None)
        await holds(rig, PERSON, remote_id, rig.person(1))

    async def test_page_for_a_write(self, rig: HttpRig, proxy: Proxy, target: Allowed) -> None:
        """An update that a gateway's page answers with 200 did not succeed."""
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id

        async def page_for_writes(proxy: Proxy, request: Any) -> Any:
            page = Proxy.forward if proxy.reads(request.method, request.path) else faults.page()
            return await page(proxy, request)

        proxy.fail_always(page_for_writes)
        with pytest.raises(TryLater):
            await target.upsert(person(rig, 1, **rig.changes), remote_id)

    async def test_odd_ids(self, rig: HttpRig, proxy: Proxy, target: Allowed) -> None:
        """An id with reserved characters stays one segment of the path."""
        await target.upsert(person(rig, 1), None)
        await target.find(person(rig, 1))
        for odd in ("a/b@example.com", "50%2F?#x", "a+b", "é ü"):
            before = len(proxy.seen)
            with pytest.raises((NotFound, RecordRejected)):
                await target.upsert(person(rig, 2), odd)
            for one in proxy.seen[before:]:
                assert odd in [unquote(part) for part in one.path.split("/")], one.path

    @pytest.mark.parametrize("status", [400, 403, 409, 422, 500])
    async def test_errors_are_private(self, rig: HttpRig, proxy: Proxy, target: Allowed, status: int) -> None:
        """An error text carries no personal value, even when the server repeats all that it was sent."""
        remote_id = (await target.upsert(person(rig, 1), None)).remote_id
        changed = person(rig, 1, **rig.changes)

        async def echo_writes(proxy: Proxy, request: Any) -> Any:
            fault = Proxy.forward if proxy.reads(request.method, request.path) else faults.echo(status)
            return await fault(proxy, request)

        proxy.fail_always(echo_writes)
        texts = [
            await _error(target.upsert(person(rig, 2), None)),
            await _error(target.upsert(changed, remote_id)),
        ]
        proxy.fail_always(faults.echo(status))
        texts.append(await _error(target.find(person(rig, 2))))
        for text in texts:
            for wanted in (changed, person(rig, 2)):
                assert not [value for value in _personal(wanted) if value.lower() in text.lower()], text


async def _error(call: Any) -> str:
    try:
        await call
    except BridgeError as error:
        return str(error)
    return ""


def _personal(wanted: Wanted) -> list[str]:
    return [value for value in wanted.attributes.values() if isinstance(value, str) and len(value) > 2]
