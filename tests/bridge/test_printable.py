"""What texts from outside may do to a terminal or a log line."""

from __future__ import annotations

import json
import logging
import sys
import unicodedata

import pytest

from bridge import logs
from bridge.config.settings import LogSettings
from bridge.logs import get_logger
from bridge.printable import visible, visible_json

HOSTILE = "a\x1b[2J\r\nb\x9b1m\x07\u202ec\u2066\u200b\u2028\ufeff\x7f\U000e0041"
ACTING = ("Cc", "Cf", "Zl", "Zp", "Cs")


def test_every_acting_character_of_unicode_is_escaped() -> None:
    """All of the categories control, format, separators and surrogates == an escape of printable ASCII."""
    for number in range(sys.maxunicode + 1):
        if unicodedata.category(chr(number)) in ACTING:
            shown = visible(chr(number))
            assert shown.startswith("\\"), hex(number)
            assert shown.isascii(), hex(number)
            assert shown.isprintable(), hex(number)


def test_what_people_write_stays() -> None:
    """Umlauts, other scripts, decomposed letters, emoji == as they are."""
    for text in ("Zoë Müller-Núñez", "Zoe\u0308", "岸本", "محمد", "ไทย", "😀", "a b\\n"):
        assert visible(text) == text


def test_json_keeps_its_values() -> None:
    """JSON that was made visible == the same values when read, and no acting character in it."""
    value = {"name": HOSTILE, HOSTILE: [HOSTILE, 1, None]}
    text = visible_json(json.dumps(value, ensure_ascii=False, indent=2))
    assert json.loads(text) == value
    assert visible(text.replace("\n", "")) == text.replace("\n", "")


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_log_event_is_one_line_that_does_nothing(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Hostile names, values, keys and exceptions in events of ours and of libraries == a line each."""
    before = logging.getLogger().handlers[:]
    logs.configure(LogSettings.model_validate({"format": form}))
    try:
        get_logger("x").warning(HOSTILE, name=HOSTILE, many=[HOSTILE], inner={HOSTILE: HOSTILE})
        error = ValueError(HOSTILE)
        get_logger("x").error(HOSTILE, exc_info=error)
        logging.getLogger(f"aiohttp{HOSTILE}").error("said %s", HOSTILE, exc_info=error)
    finally:
        logging.getLogger().handlers[:] = before
        logging.captureWarnings(capture=False)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert [line for line in lines if visible(line) != line] == []
    assert sum("ValueError" in line for line in lines) == 2
