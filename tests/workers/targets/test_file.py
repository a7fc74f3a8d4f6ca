"""The contract for files: a row for each person, seen in the file that is published of them."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.model import Kind
from tests.workers.targets.filing import Filed
from workers.targets.file.target import ADAPTER
from workers.testing.contract import TargetContract
from workers.testing.rig import Allowed, Line, Rig


class FileRig(Rig):
    """Looks into the file past the target. What is between the two is the notebook."""

    adapter = ADAPTER
    clearable = "job_title"
    wrong_name = "two\nlines"
    has_others = False  # a file is written whole
    changes: Mapping[str, Any] = {"email": "ana.neu@example.com", "job_title": "Boss", "weekly_hours": 38.5}

    def __init__(self, path: Path) -> None:
        self.path = path
        self.filed = Filed(path)

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[tuple[Allowed, Line]]:
        async with self.filed.target as target:
            yield Allowed(target), self.filed.book

    def person(self, number: int) -> dict[str, Any]:
        return {
            "id": f"kenjo-p{number}",
            "email": f"ana{number}@example.com",
            "job_title": "Buyer",
            "weekly_hours": 40,
            "active": True,
        }

    async def rows(self) -> list[dict[str, Any]]:
        await self.filed.publish()
        return [json.loads(line) for line in self.path.read_bytes().splitlines()]

    async def stored(self, kind: Kind, remote_id: str) -> dict[str, Any] | None:
        assert kind is Kind.PERSON
        return next((row for row in await self.rows() if f"person:{row['id']}" == remote_id), None)

    async def count(self, kind: Kind) -> int:
        return len(await self.rows()) if kind is Kind.PERSON else 0

    async def is_active(self, remote_id: str) -> bool:
        row = await self.stored(Kind.PERSON, remote_id)
        assert row
        return row["active"] in (True, "true")


class CsvRig(FileRig):
    """The same as text."""

    async def rows(self) -> list[dict[str, Any]]:
        await self.filed.publish()
        with self.path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def expected(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        words = {True: "true", False: "false", None: ""}
        return {name: words.get(value, str(value)) for name, value in attributes.items()}


class TestJsonLines(TargetContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> FileRig:
        return FileRig(tmp_path / "people.jsonl")


class TestCsv(TargetContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> CsvRig:
        return CsvRig(tmp_path / "people.csv")
