"""Reads the Dockerfile and .dockerignore, as far as the ones in this project go."""

import json
import re
import shlex
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass
class Stage:
    """One FROM and what follows it, in order."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, keyword: str) -> list[str]:
        """Return the arguments of every instruction of that kind."""
        return [value for found, value in self.steps if found == keyword]

    def last(self, keyword: str) -> str:
        """Return the arguments of the instruction of that kind that counts."""
        return self.all(keyword)[-1]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that ENV sets."""
        pairs = [pair.partition("=") for value in self.all("ENV") for pair in shlex.split(value)]
        return {name: value for name, _, value in pairs}

    @property
    def sources(self) -> list[tuple[str, str]]:
        """Every source in the build context with its destination."""
        copies = [shlex.split(value) for value in self.all("COPY") if "--from=" not in value]
        return [(source, words[-1]) for words in copies for source in _plain(words)[:-1]]


def _plain(words: list[str]) -> list[str]:
    return [word for word in words if not word.startswith("--")]


@cache
def stages() -> tuple[dict[str, str], list[Stage]]:
    """Return the build arguments before the first FROM, and the stages."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    arguments: dict[str, str] = {}
    found: list[Stage] = []
    for line in text.replace("\\\n", " ").splitlines():
        keyword, _, value = line.strip().partition(" ")
        if keyword == "FROM":
            found.append(Stage(value.split()[0]))
        elif found and keyword:
            found[-1].steps.append((keyword, value.strip()))
        elif keyword == "ARG":
            name, _, default = value.partition("=")
            arguments[name] = default
    return arguments, found


def final() -> Stage:
    """Return the stage that becomes the image."""
    return stages()[1][-1]


def health_command() -> list[str]:
    """Return the words of the HEALTHCHECK's command."""
    words: list[str] = json.loads(final().last("HEALTHCHECK").partition("CMD")[2])
    return words


def project() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def tag() -> str:
    """Return the name of the image of this version, as every example uses it."""
    return f"kenjo-bridge:{project()['project']['version']}"


def is_ignored(path: str) -> bool:
    """Tell whether .dockerignore keeps a path out of the build: the last line that matches it decides."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        if any(_matches(parent, pattern.removeprefix("!")) for parent in _with_parents(path)):
            ignored = not pattern.startswith("!")
    return ignored


def _with_parents(path: str) -> list[str]:
    pure = PurePosixPath(path)
    return [str(pure), *(str(parent) for parent in pure.parents if parent.name)]


def _matches(path: str, pattern: str) -> bool:
    """Match a whole path: `*` stays within a folder, a leading `**/` is any folder or none."""
    anywhere = pattern.startswith("**/")
    expression = re.escape(pattern.removeprefix("**/")).replace(r"\*", "[^/]*")
    return re.fullmatch(("(?:.*/)?" if anywhere else "") + expression, path) is not None
