"""What pages show of everybody: one look for all who look at the same time, and always what is there."""

from __future__ import annotations

import asyncio

from bridge.model import Key, Kind
from service.operations.board import Board
from service.operations.standing import Standing
from tests.service.operated import Operator


async def test_a_look_shows_what_is_there_now(operator: Operator) -> None:
    """A board that has looked before == one that never has, also after changes."""
    async with operator.bridge() as bridge:
        old = Board(bridge)
        before = await old.look()
        (leaver,) = operator.leave(1)
        operator.here.sandbox.actions.rename(employee=operator.people()[-1], last_name="Neu")
        await operator.sync()
        seen, fresh = await old.look(fresh=0), await Board(bridge).look()
        assert seen.known == fresh.known != before.known
        assert seen.stands == fresh.stands
        assert seen.targets == fresh.targets
        key = Key(Kind.PERSON, leaver)
        assert before.stands["directory"][key].standing is Standing.IN_STEP
        assert seen.stands["directory"][key].then == "nothing: the account is closed"


async def test_many_who_look_cost_one_look(operator: Operator) -> None:
    """Looks at the same time, and those shortly after == the same sight."""
    async with operator.bridge() as bridge:
        board = Board(bridge)
        one, *others = await asyncio.gather(*(board.look() for _ in range(5)))
        assert all(other is one for other in [*others, await board.look()])


async def test_what_was_looked_at_before_a_change_is_not_shown_after_it(operator: Operator) -> None:
    """Somebody does something while another one's look is under way == the next look is anew."""
    async with operator.bridge() as bridge:
        board = Board(bridge)
        under_way = asyncio.create_task(board.look())
        await asyncio.sleep(0)
        board.renew()
        assert await board.look() is not await under_way
