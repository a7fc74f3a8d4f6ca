"""The end of a run, when targets publish what they were given."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.operated import Operator
from workers.targets.file.target import FileTarget


async def test_a_bug_in_a_publication_is_its_targets(
    fresh: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception that nobody foresaw == told of that target, 1; the other one was given everything."""

    async def draft(*_: Any) -> Any:
        raise KeyError("planted")

    monkeypatch.setattr(FileTarget, "draft", draft)
    path = str(fresh.here.folder / "people.csv")
    fresh.here.config["targets"]["payroll"] = {"kind": "file", "path": path}
    done = await fresh.sync(patience=1.0)
    assert done.exit_code == 1
    assert done.targets["directory"].unpublished is None
    left = done.targets["payroll"].unpublished
    assert left
    assert "KeyError" in left.reason
    assert "planted" not in left.reason
    assert set(await fresh.users()) == set(fresh.people())
