"""The examples of docs/api.md do what the page says."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

import yaml

from bridge.config.settings import BridgeSettings
from tests.service.operated import operated, park
from tests.service.web.asking import TOKENS, WEB, asking

PAGE = (Path(__file__).parents[1] / "docs" / "api.md").read_text(encoding="utf-8")


def _block(language: str) -> str:
    """The one block of code in a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


async def _ran(address: str, *command: str) -> str:
    """What an example prints."""
    environment = {**os.environ, "BRIDGE": address, "TOKEN": TOKENS["operator"]}
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return out.decode()


async def test_the_examples(tmp_path: Path, redis_url: str) -> None:
    """Both examples at a bridge with a failure == who fails and why; a poll is asked for."""
    async with operated(tmp_path, redis_url) as operator:
        assert (await operator.sync()).exit_code == 0
        ana = operator.people()[0]
        await park(operator, ana)
        operator.here.config["web"] = WEB
        name = operator.here.sandbox.account.employees[ana]["personal"]["displayName"]
        async with operator.bridge() as bridge, asking(bridge) as program:
            assert await bridge.backend.lease().acquire()
            told = await _ran(program.address, sys.executable, "-c", _block("python"))
            assert told.startswith(f"{name} directory answered 400"), told
            assert len(told.splitlines()) == 1
            if shutil.which("curl"):
                told = await _ran(program.address, "sh", "-ec", _block("sh"))
                assert ('"state":"look"' in told, ana in told) == (True, True)
                assert await bridge.backend.asked.take()


def test_the_settings_on_the_page() -> None:
    """The example of `web.tokens` == settings that are taken."""
    values = BridgeSettings.model_validate(yaml.safe_load(_block("yaml")))
    assert values.web.tokens["payroll"].role == "operator"
