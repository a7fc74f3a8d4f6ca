"""docs/start.md: a newcomer's path, command by command, in an empty folder."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/start.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
LASTING = {
    "kenjo-bridge sandbox": "Look at what has arrived",
    "kenjo-bridge run": "8080",
}  # what they say when ready
PORTS = ("8080", "8090", "8091")
ENTRY = "sys.argv[0] = 'kenjo-bridge'\nfrom service.cli.main import main\nmain()"


class Newcomer:
    """Somebody with a shell, who follows the page. Ports that others use here are replaced by free ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[subprocess.Popen[bytes]] = []
        self.said = ""
        self.ports = dict(zip(PORTS, PORTS if all(map(_free, PORTS)) else _others(), strict=True))

    def follow(self, block: str) -> None:
        """Run a block, and wait until it has ended, or, of what lasts, until it is ready."""
        lasting = [ready for command, ready in LASTING.items() if command in block]
        for port, here in self.ports.items():
            block = block.replace(port, here)
        if lasting:
            self._start(block, self.ports.get(lasting[0], lasting[0]))
        else:
            done = subprocess.run(  # noqa: S602
                f"set -eu\n{block}", shell=True, executable="/bin/bash", cwd=self.folder,
                env=self._environment(), capture_output=True, text=True, check=False, timeout=280,
            )  # fmt: skip
            self.said = done.stdout
            assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        if (self.folder / "first-bridge").is_dir():
            self.folder /= "first-bridge"

    def _start(self, block: str, ready: str) -> None:
        if self.ports["8090"] != "8090":
            block = block.replace("sandbox ", f"sandbox --port {self.ports['8090']} ")
        with (self.folder / f"said-{len(self.running)}").open("w+b") as said:
            self.running.append(
                subprocess.Popen(  # noqa: S602
                    f"exec {block}",
                    shell=True,
                    executable="/bin/bash",
                    cwd=self.folder,
                    env=self._environment(),
                    stdout=said,
                    stderr=subprocess.STDOUT,
                )
            )
        until = time.monotonic() + 60
        while ready not in (text := Path(said.name).read_text(encoding="utf-8")):
            assert self.running[-1].poll() is None, text
            assert time.monotonic() < until, text
            time.sleep(0.1)

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("KENJO_", "PYTHON"))
        }
        return kept | {"KENJO_BRIDGE_WEB__PORT": self.ports["8080"]}

    def end(self) -> list[int]:
        """Press Ctrl-C everywhere. Returns the exit codes."""
        for one in self.running:
            one.send_signal(signal.SIGINT)
        return [one.wait(timeout=30) for one in self.running]


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    """A folder with nothing in it but the project."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "bridge", "service", "workers", "sandbox"],  # noqa: S607
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    for name in (*tracked.stdout.decode().split("\0")[:-1], "pyproject.toml", "README.md", "LICENSE"):
        to = tmp_path / "kenjo-bridge" / name
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, to)
    somebody = Newcomer(tmp_path)
    yield somebody
    for one in somebody.running:
        with contextlib.suppress(ProcessLookupError):
            one.kill()
        one.wait()


def _free(port: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) != 0


def _others() -> list[str]:
    """Three free ports, one after the other: the SCIM server stands beside the made-up Kenjo."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first: int = probe.getsockname()[1]
        if all(map(_free, ports := [str(first + more) for more in range(len(PORTS))])):
            return ports


def _to_the_end(newcomer: Newcomer, blocks: list[str]) -> None:
    for block in blocks:
        newcomer.follow(block)
        if "explain" in block:
            assert "ledger: applied (updated)" in newcomer.said
        if "actions/leave" in block:
            assert '"active":false' in newcomer.said.replace(" ", "")
    assert newcomer.end() == [0, 0]


def test_every_command_works(newcomer: Newcomer) -> None:
    """Each command of the page in its order, with the packages that are here == each ends as it is to."""
    install, *others = BLOCKS
    made, filled = [line for line in install.splitlines() if "venv" in line]
    assert (made, filled) == ("python3 -m venv venv", 'venv/bin/pip install "../kenjo-bridge[demo]"')
    newcomer.follow(install.replace(made, "mkdir -p venv/bin").replace(filled, ""))
    project, command = newcomer.folder.parent / "kenjo-bridge", newcomer.folder / "venv/bin/kenjo-bridge"
    command.write_text(f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(project)!r})\n{ENTRY}\n")
    command.chmod(0o755)
    _to_the_end(newcomer, others)


@pytest.mark.long
def test_every_command_works_from_nothing(newcomer: Newcomer) -> None:
    """The same with an environment that is made and filled from the package registry, as the page says."""
    _to_the_end(newcomer, BLOCKS)
