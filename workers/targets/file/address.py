"""Where a file is, and what it is called: a path of this machine or an SFTP address. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import ClassVar, Literal, get_args
from urllib.parse import unquote, urlsplit

Format = Literal["csv", "jsonl", "xlsx"]
FORMATS: tuple[str, ...] = get_args(Format)

_ENDINGS: dict[str, Format] = {
    ".csv": "csv", ".txt": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".xlsx": "xlsx",
}  # fmt: skip
_PARTS = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S"}
_NO_ADDRESS = "is no address such as sftp://user@host:22/folder/people.csv"
_TOKEN = 16  # hexadecimal digits that tell the unfinished files of two workers apart


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a file, in which `{year}` and the like stand for parts of the time."""

    pattern: str

    @property
    def format(self) -> Format | None:
        """What the ending says."""
        return _ENDINGS.get(PurePosixPath(self.pattern).suffix.lower())

    def at(self, moment: datetime) -> str:
        """The name of what is written at a moment."""
        return re.sub(r"{(\w+)}", lambda part: moment.strftime(_PARTS[part[1]]), self.pattern)

    def fits(self, name: str) -> bool:
        """Whether a file has such a name, of whatever time."""
        return re.fullmatch(self._expression, name) is not None

    def newest(self, names: Iterable[str]) -> str | None:
        """Of all files with such a name the one of the latest time."""
        return max(filter(self.fits, names), key=self._time, default=None)

    def _time(self, name: str) -> list[str]:
        """The parts of the time in a name that fits, the largest first."""
        found = re.fullmatch(self._expression, name)
        parts = zip(re.findall(r"{(\w+)}", self.pattern), found.groups() if found else (), strict=True)
        told = dict(parts)
        return [told.get(part, "") for part in _PARTS]

    @staticmethod
    def unfinished(name: str, token: str) -> str:
        """What a file is called that is to get a name when it is complete; a folder's listing hides it."""
        return f".{name}.{token[:_TOKEN]}.part"

    def is_unfinished(self, name: str) -> bool:
        """Whether a file is one that somebody has begun to write for such a name."""
        return re.fullmatch(rf"\.{self._expression}\.[0-9a-f]{{{_TOKEN}}}\.part", name) is not None

    @property
    def _expression(self) -> str:
        parts = re.split(r"({\w+})", self.pattern)
        return "".join(
            (r"(\d{4})" if part == "{year}" else r"(\d{2})") if part[:1] == "{" else re.escape(part)
            for part in parts
        )


@dataclass(frozen=True, slots=True)
class Address:
    """A folder of this machine (`host` is ""), or of an SFTP server, and the name of the file there."""

    SCHEME: ClassVar[str] = "sftp://"

    folder: str
    name: Name
    host: str = ""
    port: int = 22
    user: str = ""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read the setting `path`. Raises ValueError with what is wrong, as validators do."""
        if not text.startswith(cls.SCHEME):
            return cls(*_split(text))
        try:
            parts = urlsplit(text)
            port = 22 if parts.port is None else parts.port
        except ValueError:
            raise ValueError(_NO_ADDRESS) from None
        if parts.password is not None:
            raise ValueError("must not hold a password: set it as password")
        usable = parts.hostname and parts.username and port and not parts.netloc.endswith(":")
        if not usable or "?" in text or "#" in text:
            raise ValueError(_NO_ADDRESS)
        if not unquote(text).isprintable() or " " in parts.netloc or "\\" in parts.netloc:
            raise ValueError("must not have characters in it that cannot be seen, or blanks in the host")
        folder, name = _split(unquote(parts.path))
        folder = folder.removeprefix("/~/") if folder.startswith("/~/") else "." if folder == "/~" else folder
        return cls(folder, name, parts.hostname or "", port, unquote(parts.username or ""))

    def __str__(self) -> str:
        path = f"{self.folder.rstrip('/')}/{self.name.pattern}"
        return f"{self.SCHEME}{self.user}@{self.host}:{self.port}{path}" if self.host else path


def _split(path: str) -> tuple[str, Name]:
    """The folder, and the name in it. Raises ValueError."""
    folder, _, name = path.rpartition("/")
    if not name or name in (".", "..") or name.startswith(".") or not name.isprintable():
        raise ValueError("must end in the name of a file, such as people.csv")
    if "{" in folder or "}" in folder:
        raise ValueError("has braces in a folder: only the name of the file may have parts of the time")
    for part in re.findall(r"{[^{}]*}|[{}]", name):
        if part.strip("{}") not in _PARTS or not part.endswith("}"):
            raise ValueError(f"has '{part}'; there is: {', '.join(f'{{{known}}}' for known in _PARTS)}")
    return folder or "/", Name(name)
