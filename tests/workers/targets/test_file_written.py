"""What stands in a file: encodings, quotes, formulas, numbers and dates, as other programs read them."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
import zipfile
from contextlib import nullcontext
from typing import Any
from xml.etree import ElementTree

import pytest

from bridge.errors import ConfigurationError, RecordRejected
from bridge.exchange import Wanted
from bridge.model import Key, Kind
from tests.workers.targets.filing import Filed
from workers.targets.file import layouts, sftp
from workers.targets.file.layouts import count, render

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ODD = [
    "Jürgen Groß",
    'Zoë; "Ñandú", Jr.',
    "O'Neill",
    " blank ",
    "łódź 🎉",
    "=1+1",
    "",
    "long " * 2000,
    "a\tb\nc",
]


def layout(name: str = "people.csv", **settings: Any) -> Any:
    return Filed(f"/tmp/{name}", **settings).settings  # noqa: S108 - nothing is written


def written(rows: list[dict[str, Any]], **settings: Any) -> str:
    """A CSV file of these rows, with the columns of the first one."""
    columns = list(rows[0])
    given = {"columns": columns, "map": dict.fromkeys(columns, "person.id"), **settings}
    codec = {"windows-1252": "cp1252", "utf-8-bom": "utf-8-sig"}.get(given.get("encoding", ""), "utf-8")
    return render(rows, layout(**given)).decode(codec)


def read_back(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quoting", ["minimal", "text", "all"])
def test_csv_is_read_back(delimiter: str, quoting: str) -> None:
    """Odd texts, by any delimiter and quoting == Python's csv module reads each as it was, in one line."""
    rows = [{"name": text, "next": "x"} for text in ODD]
    text = written(rows, delimiter=delimiter, quoting=quoting, formulas="keep")
    expected = [re.sub(r"[\t\n]+", " ", one).strip() for one in ODD]
    assert read_back(text, delimiter) == [["name", "next"], *([one, "x"] for one in expected)]
    assert text.count("\r\n") == len(rows) + 1
    assert count(text.encode(), layout(delimiter=delimiter)) == len(rows)


def test_a_form_of_dates_that_is_none() -> None:
    """A form of dates with a part that no date has == refused at the start, with the part that is meant."""
    with pytest.raises(ValueError, match="knows no part 'YYYY' of a date; did you mean yyyy"):
        layout(dates="dd.MM.YYYY")


def test_an_empty_value_in_the_only_column() -> None:
    """A line with nothing in it would be none == it is written as an empty text."""
    assert read_back(written([{"name": ""}, {"name": "x"}])) == [["name"], [""], ["x"]]


def test_what_importers_want() -> None:
    """Texts in quotes, numbers and dates without, a decimal comma, a German date, 1 and 0, no header, LF."""
    row = {
        "nr": 100,
        "pnr": "00007",
        "hours": 38.5,
        "whole": 40.0,
        "from": "2026-03-01",
        "on": True,
        "none": None,
    }
    text = written(
        [row],
        delimiter=";",
        quoting="text",
        decimal=",",
        dates="dd.MM.yyyy",
        booleans=["0", "1"],
        header=False,
        line_ends="lf",
        lines_before=["[Stammdaten]"],
        lines_after=["* end"],
    )
    assert text == '[Stammdaten]\n100;"00007";38,5;40;01.03.2026;1;\n* end\n'
    settings = layout(header=False, delimiter=";", lines_before=["[Stammdaten]"], lines_after=["* end"])
    assert count(text.encode(), settings) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1e16, "10000000000000000"),
        (0.1, "0.1"),
        (-12.5, "-12.5"),
        (1e-7, "0.0000001"),
        (12345678901234567, "12345678901234567"),
    ],
)
def test_numbers_have_no_exponent(value: float, expected: str) -> None:
    """Large and small numbers == their digits."""
    assert written([{"n": value}]).splitlines()[1] == expected


FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+SUM(A1)",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    " =1",
    "＝1",
]
HARMLESS = ["+49 30 1234-5", "+49 (0)30/12", "-12,5", "-3.5", "+1", "a=b", "x@example.com", "Anna-Lena", "-"]


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_guarded(text: str) -> None:
    """What a spreadsheet would calculate == an apostrophe stands before it; refused, or kept, if so set."""
    ((cell,),) = read_back(written([{"name": text}]))[1:]
    assert cell.startswith("'")
    with pytest.raises(RecordRejected, match="column 'first_name' has what a spreadsheet would take"):
        changed(text, formulas="refuse")
    ((kept,),) = read_back(written([{"name": text}], formulas="keep"))[1:]
    assert kept == text.strip()


@pytest.mark.parametrize("text", HARMLESS)
def test_numbers_and_telephones_are_none(text: str) -> None:
    """Telephone numbers, negative numbers, dashes inside == as they are, whatever is set."""
    ((cell,),) = read_back(written([{"name": text}]))[1:]
    assert cell == text
    assert changed(text, formulas="refuse")


BEHIND = [
    'x,=HYPERLINK("http://a.example","b"),y',
    "x;=1+1;y",
    "x | @SUM(1) | y",
    'x,"=1+1',
    'x;" =1+1";y',
    "=1,=2;=3|=4",
    "x,-2+cmd|' /C calc'!A0,y",
]
SEPARATORS = {",", ";", "|", "\t"}


@pytest.mark.parametrize("text", BEHIND)
@pytest.mark.parametrize("delimiter", sorted(SEPARATORS))
@pytest.mark.parametrize("quoting", ["minimal", "text", "all"])
def test_formulas_behind_another_delimiter(text: str, delimiter: str, quoting: str) -> None:
    """Read by another delimiter than the file's, heeding quotes or not == no cell begins like a formula."""
    rows = [{"name": "Ana", "title": text, "next": text}, {"name": text, "title": "x", "next": "x"}]
    lines = written(rows, delimiter=delimiter, quoting=quoting).splitlines()
    for other in SEPARATORS - {delimiter}:
        cells = [one for row in csv.reader(lines, delimiter=other) for one in row]
        cells += [one.strip('"') for line in lines for one in line.split(other)]
        assert not [one for one in cells if one.strip().startswith(("=", "+", "-", "@"))]
    kept = read_back("\n".join(lines), delimiter)[1][1]
    assert kept.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize(
    ("text", "delimiter", "expected"),
    [
        ("x,=1", ";", "x,'=1"),
        ("x,=1", ",", "x,=1"),
        ("x; =1", ",", "x; '=1"),
        ("Tel. +49 30 1, +49 30 2", ";", "Tel. +49 30 1, +49 30 2"),
        ("Köln, Bonn; a-b", "|", "Köln, Bonn; a-b"),
        ('"-5"; "-7"', ",", '"-5"; "-7"'),
    ],
)
def test_where_a_guard_stands(text: str, delimiter: str, expected: str) -> None:
    """Behind any delimiter but the file's == right before the sign; numbers stay as they are."""
    assert read_back(written([{"name": text}], delimiter=delimiter), delimiter)[1] == [expected]
    refused = text != expected
    with pytest.raises(RecordRejected) if refused else nullcontext():
        assert changed(text, delimiter=delimiter, formulas="refuse")


def changed(text: str, **settings: Any) -> Any:
    """What would be sent for somebody with this first name."""
    filed = Filed("/tmp/people.csv", **settings)  # noqa: S108 - nothing is written
    return filed.target.change(Wanted(Key(Kind.PERSON, "ana"), {"first_name": text, "active": True}), None)


def test_windows_1252() -> None:
    """Umlauts, the euro and typographic signs, composed or not == the bytes that Windows knows."""
    for text in ("Jürgen Groß", "Ju\u0308rgen", "10 € – „ja“", "Šime Žižek"):
        assert changed(text, encoding="windows-1252")
    content = render(
        [{"first_name": "Ju\u0308rgen €"}], layout(encoding="windows-1252", columns=["first_name"])
    )
    assert content == b"first_name\r\nJ\xfcrgen \x80\r\n"


@pytest.mark.parametrize(
    ("text", "like"),
    [("łódź", "lódz"), ("Yıldız", "Yildiz"), ("Ana 🎉", "Ana ?"), ("Čedomir", "Cedomir"), ("Иван", "Ivan")],
)
def test_what_windows_1252_does_not_have(text: str, like: str) -> None:
    """Refused without the value; or replaced, by the letter without its accent, or as it is spelled."""
    with pytest.raises(RecordRejected) as caught:
        changed(text, encoding="windows-1252")
    assert str(caught.value) == "the column 'first_name' has a character that windows-1252 does not have"
    assert changed(text, encoding="windows-1252", unmappable="replace")
    assert read_back(written([{"name": text}], encoding="windows-1252"))[1] == [like]


@pytest.mark.parametrize("unmappable", ["refuse", "replace"])
def test_a_letter_with_very_many_marks(unmappable: str) -> None:
    """9,800 marks on one letter, which take seconds to put in order == refused; UTF-8 writes it as it is."""
    text = "a" + "\u0301\u0323" * 4_900
    with pytest.raises(RecordRejected, match="'first_name' was given a letter with more than 30 marks"):
        changed(text, encoding="windows-1252", unmappable=unmappable)
    assert changed(text)


def test_what_is_in_no_column_is_not_refused() -> None:
    """A character that the encoding lacks, in a value that the file does not show == no matter."""
    assert changed("Ana 🎉", encoding="windows-1252", columns=["id", "active"])


def test_a_byte_order_mark() -> None:
    """`utf-8-bom` begins with one, `utf-8` does not; both count alike."""
    rows: list[dict[str, Any]] = [{"id": "ä"}]
    settings: dict[str, Any] = {"columns": ["id"]}
    for encoding, begins in (("utf-8", False), ("utf-8-bom", True)):
        content = render(rows, layout(encoding=encoding, **settings))
        assert content.startswith(b"\xef\xbb\xbf") is begins
        assert count(content, layout(encoding=encoding, **settings)) == 1


def sheet(content: bytes) -> tuple[list[list[tuple[str, Any]]], str]:
    """The cells of the first sheet, each with its type and value, and the formats of the book."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        strings = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))  # noqa: S314 - our own
        texts = ["".join(one.itertext()) for one in strings.iter(f"{SHEET}si")]
        root = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - our own
        styles = book.read("xl/styles.xml").decode()
    assert not list(root.iter(f"{SHEET}f")), "there is a formula"
    rows = []
    for line in root.iter(f"{SHEET}row"):
        cells = []
        for cell in line.iter(f"{SHEET}c"):
            value = cell.findtext(f"{SHEET}v") or ""
            kind = cell.get("t") or "n"
            cells.append((kind, texts[int(value)] if kind == "s" else value))
        rows.append(cells)
    return rows, styles


def test_xlsx() -> None:
    """Texts that look like formulas, links and numbers stay texts; numbers, dates and booleans are such."""
    row = {
        "a": "=1+1", "b": "007", "c": "https://example.com", "d": 38.5, "e": True, "f": "2026-03-01",
        "g": "🎉 ä\nx", "h": 12345678901234567,
    }  # fmt: skip
    settings = layout(
        "people.xlsx", columns=list(row), map=dict.fromkeys(row, "person.id"), dates="dd.MM.yyyy"
    )
    content = render([row, row], settings)
    lines, styles = sheet(content)
    assert lines[0] == [("s", name) for name in row]
    assert lines[1] == [
        ("s", "=1+1"), ("s", "007"), ("s", "https://example.com"), ("n", "38.5"), ("b", "1"), ("n", "46082"),
        ("s", "🎉 ä x"), ("s", "12345678901234567"),
    ]  # fmt: skip
    assert "dd.mm.yyyy" in styles
    assert count(content, settings) == 2
    assert render([row, row], settings) == content


def test_what_a_spreadsheet_does_not_hold() -> None:
    """A text that is longer than a cell == refused, and not cut."""
    filed = Filed("/tmp/people.xlsx")  # noqa: S108 - nothing is written
    assert filed.settings.written_as == "xlsx"
    with pytest.raises(RecordRejected, match="longer than"):
        changed("x" * 40_000, format="xlsx")


@pytest.mark.parametrize("name", ["people.csv", "people.jsonl", "people.xlsx"])
def test_what_is_no_such_file_has_no_number(name: str) -> None:
    """Something else stands where the file should be == it cannot be counted, and nothing fails."""
    assert count(b"\xff\x00PK\x03\x04 {", layout(name, encoding="utf-8")) is None


def test_ten_thousand_rows() -> None:
    """Ten thousand people == some tens of megabytes at most, in each format, and all of them there."""
    rows = [{"id": f"{number:024x}", "first_name": "Ana", "active": True} for number in range(10_000)]
    for name in ("people.csv", "people.jsonl", "people.xlsx"):
        settings = layout(name)
        tracemalloc.start()
        content = render(rows, settings)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 100 << 20
        assert count(content, settings) == 10_000


def test_a_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What writes XLSX, or speaks SFTP, is missing == a sentence with what to install."""

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", missing)
    for package in (layouts.writer, sftp.package):
        with pytest.raises(ConfigurationError, match=r'pip install "kenjo-bridge\[file\]"'):
            package()


def test_json_lines() -> None:
    """JSON lines == one object on each line, with the types of the values."""
    content = render([{"id": "a", "active": True, "x": [1]}], layout("p.jsonl", columns=["id", "active"]))
    assert content == b'{"id":"a","active":true}\n'
