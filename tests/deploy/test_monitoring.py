"""Alert rules and dashboard: each name exists, each query gives something, each alert says what to do."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from bridge.families import FAMILIES, NAMESPACE
from bridge.metrics import Metrics
from tests.running import running, until
from tests.world import World, expected, world

from .image import ROOT

FOLDER = ROOT / "deploy" / "monitoring"
RULES = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())
QUERIES = {panel["title"]: target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]}
EMPTY = {"Oldest pending", "Leavers with access, oldest"}
"""Panels that show nothing where nothing waits."""

promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="there is no promtool: install Debian's package prometheus"
)
prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="there is no prometheus: install Debian's package prometheus"
)


@promtool
def test_rules_fire_when_they_should() -> None:
    """The rules are valid, and alerts_test.yaml sees each of them stay quiet, then fire with its words."""
    for command in (["check", "rules", "alerts.yaml"], ["test", "rules", "alerts_test.yaml"]):
        done = subprocess.run(["promtool", *command], cwd=FOLDER, capture_output=True, text=True, check=False)  # noqa: S603, S607
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_is_tested() -> None:
    """alerts_test.yaml has for each alert a moment at which it is quiet, and one at which it fires."""
    seen: dict[str, set[bool]] = {}
    for one in yaml.safe_load((FOLDER / "alerts_test.yaml").read_text())["tests"]:
        for moment in one["alert_rule_test"]:
            seen.setdefault(moment["alertname"], set()).add(bool(moment["exp_alerts"]))
    assert seen == {rule["alert"]: {True, False} for rule in RULES}


def test_every_alert_says_what_to_do() -> None:
    """Each alert has words, and a page that has its heading and something below it."""
    for rule in RULES:
        notes = rule["annotations"]
        assert notes["summary"]
        assert notes["description"]
        page, _, anchor = notes["runbook_url"].partition("#")
        sections = _sections((ROOT / page).read_text())
        assert len(sections[anchor].split()) > 10, rule["alert"]
    alerts = {rule["alert"].lower() for rule in RULES}
    told = _sections((ROOT / "docs" / "operations.md").read_text())
    assert {one for one in told if one.startswith("kenjobridge")} == alerts


def test_rules_and_dashboard_name_what_there_is() -> None:
    """Each metric stands in the table of families or is a process's, with each label that is asked for."""
    labels = {**dict(_exposable()), **{name: {"instance", "job"} for name in _of_processes()}}
    for query in [*QUERIES.values(), *(rule["expr"] for rule in RULES), *_of_variables()]:
        names = set(re.findall(r"\b(?:kenjo_bridge|process)_[a-z_]+", query))
        assert names, query
        assert names <= labels.keys(), query
        assert _labels(query) <= set.union(*(labels[name] for name in names)), query


@prometheus
async def test_every_query_gives_something(tmp_path: Path) -> None:
    """A real Prometheus that scrapes a running bridge == it takes each query, each panel shows something."""
    async with (
        world(tmp_path, people=5) as here,
        running(here, "run") as run,
        scraping(tmp_path, run.address) as ask,
    ):
        await until(lambda: _moves(here, ask), 60)
        for title, query in QUERIES.items():
            found = await ask(query.replace("$target", ".*"))
            assert found or title in EMPTY, title
        for rule in RULES:
            await ask(rule["expr"])
        assert await ask('kenjo_bridge_request_seconds_count{target="directory",status="201"} > 0')


async def _moves(here: World, ask: Any) -> bool:
    """Whether Prometheus has seen somebody being renamed between two of its looks, and at the target."""
    name = f"Name{time.monotonic_ns()}"
    here.sandbox.actions.rename(employee=next(iter(expected(here.sandbox))), last_name=name)
    await asyncio.sleep(3)  # a poll, and two looks of Prometheus
    counts = ("deliveries_total", "changes_total", "latency_seconds_count", "request_seconds_count")
    found = {name: await ask(f"sum(rate(kenjo_bridge_{name}[1m])) > 0") for name in counts}
    return all(found.values())


@asynccontextmanager
async def scraping(folder: Path, address: str) -> AsyncIterator[Any]:
    """A Prometheus that scrapes an address each second; yields what asks it a query."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    target = address.removeprefix("http://")
    job = {"job_name": "bridge", "static_configs": [{"targets": [target]}]}
    rules = [str(FOLDER / "alerts.yaml")]
    config = {"global": {"scrape_interval": "1s"}, "rule_files": rules, "scrape_configs": [job]}
    (folder / "prometheus.yaml").write_text(json.dumps(config))
    process = await asyncio.create_subprocess_exec(
        "prometheus", f"--config.file={folder / 'prometheus.yaml'}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}", stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:

            async def ask(query: str) -> list[Any]:
                async with session.get("/api/v1/query", params={"query": query}) as answer:
                    said = await answer.json()
                assert said["status"] == "success", f"{query}: {said}"
                found: list[Any] = said["data"]["result"]
                return found

            async def is_up() -> bool:
                try:
                    async with session.get("/-/ready") as answer:
                        return answer.status == 200
                except aiohttp.ClientError:
                    return False

            await until(is_up, 30)
            yield ask
    finally:
        process.kill()
        await process.wait()


def _exposable() -> Iterator[tuple[str, set[str]]]:
    """Every name that our families can be asked by, with its labels."""
    for family in FAMILIES.values():
        common = {*family.labels, "instance", "job"}
        if family.kind == "histogram":
            yield f"{family.full_name}_bucket", common | {"le"}
            yield f"{family.full_name}_count", common
            yield f"{family.full_name}_sum", common
        else:
            yield family.full_name, common


def _of_processes() -> set[str]:
    lines = Metrics().exposition().decode().splitlines()
    return {line.split()[0] for line in lines if line.startswith("process_")}


def _of_variables() -> Iterable[str]:
    return [one["definition"] for one in DASHBOARD["templating"]["list"] if "definition" in one]


def _labels(query: str) -> set[str]:
    """The labels that a query selects or groups by."""
    grouped = re.findall(r"\b(?:by|on|without|ignoring) \(([^)]*)\)", query)
    chosen = re.findall(r"[{,]\s*(\w+)\s*(?:=~|!~|!=|=)", query)
    shown = re.findall(rf"label_values\({NAMESPACE}_\w+, (\w+)\)", query)
    return {one.strip() for group in grouped for one in group.split(",")} | set(chosen) | set(shown)


def _sections(page: str) -> dict[str, str]:
    """What stands below each heading, by its anchor."""
    parts = re.split(r"^#+ (.+)$", page, flags=re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in parts[1::2]]
    return dict(zip(anchors, parts[2::2], strict=True))
