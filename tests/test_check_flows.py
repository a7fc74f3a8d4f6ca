"""`check` tells where personal data goes."""

from __future__ import annotations

from pathlib import Path

from tests.world import world


async def test_check_shows_personal_fields(tmp_path: Path) -> None:
    """`check` == a line per target with its fields; `--record-of-processing` == the table alone."""
    async with world(tmp_path) as here:
        done = await here.run("check", "--json")
        (target,) = [finding for finding in done.json if finding["part"] == "target directory"]
        assert any("person.account.email -> emails.work, userName" in fact for fact in target["facts"])
        here.proxy.seen.clear()
        done = await here.run("check", "--record-of-processing")
        assert done.code == 0, done.err
        assert "| person.personal.lastName | personal | directory |" in done.out
        assert here.proxy.seen == []
