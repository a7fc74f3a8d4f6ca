"""Rows as the bytes of a file, and the number of rows in the bytes of one. Nothing is written anywhere."""

from __future__ import annotations

import asyncio
import csv
import importlib
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson

from bridge.errors import ConfigurationError
from workers.targets.file import cells
from workers.targets.file.layout import Layout

Row = Mapping[str, Any]

_BOM = b"\xef\xbb\xbf"
_FIRST_DAY = date(1900, 3, 1)  # before, spreadsheets disagree about the calendar
_EVER = datetime(2000, 1, 1)  # noqa: DTZ001 - when a workbook says that it was made
_LONGEST_NUMBER = 15  # digits that a spreadsheet keeps of a number
_CHUNK = 1 << 20
_LARGEST_SHEET = 1 << 30  # bytes of a sheet that are read at most


def render(rows: Sequence[Row], settings: Layout) -> bytes:
    """The whole file; equal rows give equal bytes."""
    return {"csv": _csv, "jsonl": _json_lines, "xlsx": _xlsx}[settings.written_as](rows, settings)


async def rendered(rows: Sequence[Row], settings: Layout) -> bytes:
    """The same, beside whatever else runs: of ten thousand rows it takes a second."""
    return await asyncio.to_thread(render, rows, settings)


def count(content: bytes, settings: Layout) -> int | None:
    """How many rows a file has; None when it cannot be read as what it should be."""
    head = 1 if settings.header else 0
    try:
        if settings.written_as == "jsonl":
            return sum(1 for line in content.splitlines() if line.strip() and orjson.loads(line) is not None)
        if settings.written_as == "xlsx":
            return max(_sheet_rows(content) - head, 0)
        text = content.removeprefix(_BOM).decode(cells.CODECS[settings.encoding])
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=settings.delimiter, strict=True)
        others = head + len(settings.lines_before) + len(settings.lines_after)
        return max(sum(1 for line in lines if line) - others, 0)
    except (ValueError, csv.Error, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return None


def _csv(rows: Sequence[Row], settings: Layout) -> bytes:
    header = [[cells.cell(name, settings) for name in settings.shown]] if settings.header else []
    body = ([cells.cell(row.get(name), settings) for name in settings.shown] for row in rows)
    written = [_line(line, settings.delimiter) for line in (*header, *body)]
    end = "\r\n" if settings.line_ends == "crlf" else "\n"
    text = "".join(f"{line}{end}" for line in (*settings.lines_before, *written, *settings.lines_after))
    bom = _BOM if settings.encoding == "utf-8-bom" else b""
    return bom + text.encode(cells.CODECS[settings.encoding], errors="replace")


def _line(values: Sequence[str], delimiter: str) -> str:
    """A line of a single empty value would be no line at all for who reads it."""
    return delimiter.join(values) or '""'


def _json_lines(rows: Sequence[Row], settings: Layout) -> bytes:
    objects = ({name: row.get(name) for name in settings.shown} for row in rows)
    return b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in objects)


def _xlsx(rows: Sequence[Row], settings: Layout) -> bytes:
    """All is made in memory, and no cell is a formula or a link, whatever it begins with."""
    xlsxwriter, file = writer(), io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"created": _EVER})
        form = book.add_format({"num_format": settings.dates.lower()})
        sheet = book.add_worksheet(settings.sheet)
        lines: Iterable[Sequence[Any]] = ([row.get(name) for name in settings.shown] for row in rows)
        for at, values in enumerate([settings.shown, *lines] if settings.header else lines):
            for column, value in enumerate(values):
                _put(sheet, at, column, value, form)
    return file.getvalue()


def _put(sheet: Any, row: int, column: int, value: Any, form: Any) -> None:
    found = cells.day(value)
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float) and len(cells.number(value, ".")) <= _LONGEST_NUMBER:
        sheet.write_number(row, column, value)
    elif found and found >= _FIRST_DAY:
        sheet.write_datetime(row, column, datetime(found.year, found.month, found.day), form)  # noqa: DTZ001 - a day
    elif text := cells.plain(value):
        sheet.write_string(row, column, text)


def writer() -> Any:
    """The package that writes XLSX. Raises ConfigurationError when it is not installed."""
    try:
        return importlib.import_module("xlsxwriter")
    except ImportError:
        raise ConfigurationError(
            'an XLSX file needs a package more: pip install "kenjo-bridge[file]"'
        ) from None


def _sheet_rows(content: bytes) -> int:
    """The rows of the first sheet. Raises BadZipFile, KeyError, ValueError."""
    with zipfile.ZipFile(io.BytesIO(content)) as book, book.open("xl/worksheets/sheet1.xml") as sheet:
        found, rest, size = 0, b"", 0
        while chunk := sheet.read(_CHUNK):
            if (size := size + len(chunk)) > _LARGEST_SHEET:
                raise ValueError("too large")
            found += len(re.findall(rb"<row[ >]", text := rest + chunk))
            rest = text[-4:]  # a tag may lie across two chunks
        return found
