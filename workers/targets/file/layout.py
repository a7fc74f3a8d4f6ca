"""The settings of a file that say which columns it has, and how they are written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from bridge.config.section import beside_the_file
from bridge.config.target_settings import TargetSettings
from bridge.errors import ConfigurationError
from bridge.mapping.dates import pattern_problem
from bridge.mapping.expressions import Expression
from workers.targets.file.address import Address, Format
from workers.targets.file.columns import ACTIVE, mapped


class Layout(TargetSettings):
    """Which columns a file has, and how they are written; the ending of the path tells the format."""

    path: str = Field(examples=["./export/people.csv"])
    """Where the file is written: `./export/people.csv`, or `sftp://user@host:22/folder/people.csv`. Its name
    may have `{year}`, `{month}`, `{day}`, `{hour}`, `{minute}` and `{second}`, in the bridge's time zone;
    without, each file takes the place of the one before."""
    format: Format | None = None
    """`csv`, `jsonl` (an object on each line) or `xlsx`. Default: as the name ends."""
    columns: list[str] | None = None
    """The columns of the file in their order, as `map` and the default mapping name them. Default: all of
    the mapping, in its order."""
    inactive_rows: bool | None = None
    """Whether those who have left stay in the file, with `active` false. Default: as long as the file has the
    column `active`; without it nobody could tell them from the others."""
    header: bool = True
    """Whether the first line of a CSV or XLSX file has the names of the columns."""
    lines_before: list[str] = Field(default_factory=list)
    """Lines that stand before everything else in a CSV file, for importers that want them."""
    lines_after: list[str] = Field(default_factory=list)
    """Lines that stand at the end of a CSV file."""
    delimiter: str = ","
    """What stands between two values of a CSV file; `tab` for a tabulator."""
    quoting: Literal["minimal", "text", "all"] = "minimal"
    """Which values of a CSV file stand in double quotes: those that need it, all texts, or all."""
    encoding: Literal["utf-8", "utf-8-bom", "windows-1252"] = "utf-8"
    """The encoding of a CSV file; `utf-8-bom` begins with a byte order mark, by which Excel knows it."""
    unmappable: Literal["refuse", "replace"] = "refuse"
    """What is done about a person with a character that the encoding does not have: `refuse` shows them as
    failed and leaves their row as it was, `replace` writes the letter without its accent, or as it is
    spelled in ASCII, else a question mark."""
    formulas: Literal["guard", "refuse", "keep"] = "guard"
    """What is done about a text in a CSV file that a spreadsheet would take for a formula, as it begins with
    `=`, `+`, `-` or `@`, or goes on so behind a comma, semicolon or bar that is not the `delimiter`: `guard`
    writes an apostrophe there, `refuse` shows the person as failed, `keep` writes it as it is. Numbers, and
    telephone numbers such as +49 30 1, always stay as they are."""
    line_ends: Literal["crlf", "lf"] = "crlf"
    """How the lines of a CSV file end."""
    decimal: Literal[".", ","] = "."
    """What stands before the decimals of a number in a CSV file."""
    dates: str = Field("yyyy-MM-dd", min_length=1)
    """The form of dates in a CSV or XLSX file, of `yyyy`, `yy`, `MM`, `M`, `dd` and `d`: `dd.MM.yyyy`."""
    booleans: list[str] = Field(["false", "true"], min_length=2, max_length=2)
    """How false and true are written in a CSV file, e.g. `["0", "1"]`."""
    sheet: str = Field("People", pattern=r"^[^\[\]:*?/\\']{1,31}$")
    """The name of the sheet in an XLSX file."""

    @field_validator("dates")
    @classmethod
    def _is_a_pattern(cls, value: str) -> str:
        if wrong := pattern_problem(value):
            raise ValueError(wrong)
        return value

    @field_validator("path")
    @classmethod
    def _is_a_place(cls, value: str, info: ValidationInfo) -> str:
        scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:/", value)
        if scheme is None:
            if not value.isprintable():
                raise ValueError("must not have characters in it that cannot be seen")
            value = str(beside_the_file(Path(value), info).absolute())
        elif not value.startswith(Address.SCHEME):  # else it would be the name of a folder here
            raise ValueError(f"must be a path of this machine, or start with {Address.SCHEME}")
        Address.parse(value)
        return value

    @field_validator("map")
    @classmethod
    def _is_about_people(cls, value: dict[str, str | None]) -> dict[str, str | None]:
        for name, source in value.items():
            if source is not None and _uses_team(source):
                raise ValueError(f"has '{name}' with 'team': a file has people only (see person.work.teams)")
        return value

    @field_validator("columns")
    @classmethod
    def _are_mapped(cls, value: list[str] | None, info: ValidationInfo) -> list[str] | None:
        known = mapped(info.data.get("map") or {})
        for name in value or ():
            if name not in known:
                raise ValueError(f"has '{name}', which is not mapped; there is: {', '.join(known)}")
        if value is not None and (not value or len(set(value)) < len(value)):
            raise ValueError("must name at least one column, and none twice")
        return value

    @field_validator("delimiter")
    @classmethod
    def _separates(cls, value: str) -> str:
        value = "\t" if value.lower() == "tab" else value
        if len(value) != 1 or value == '"' or not (value == "\t" or "!" <= value <= "~"):
            raise ValueError("must be one character of ASCII, such as ; or the word tab")
        return value

    @field_validator("lines_before", "lines_after")
    @classmethod
    def _are_lines(cls, value: list[str]) -> list[str]:
        if any("\n" in line or "\r" in line for line in value):
            raise ValueError("must be a list with a text for each line")
        return value

    @property
    def address(self) -> Address:
        """Where the file is."""
        return Address.parse(self.path)

    @property
    def written_as(self) -> Format:
        """Its format."""
        return self.format or self.address.name.format or "csv"

    @property
    def shown(self) -> list[str]:
        """Its columns in order."""
        return self.columns if self.columns is not None else mapped(self.map)

    @property
    def shows_inactive(self) -> bool:
        """Whether those who have left stay in it."""
        return ACTIVE in self.shown if self.inactive_rows is None else self.inactive_rows

    @property
    def told(self) -> dict[str, Any]:
        """All that makes a difference to how a row is written, as JSON."""
        names = {*Layout.__annotations__}
        return {**self.model_dump(mode="json", include=names), "columns": self.shown}


def _uses_team(source: str) -> bool:
    try:
        return any(path[0] == "team" for path in Expression(source, "map").fields)
    except ConfigurationError:
        return False  # the route says what is wrong with it
