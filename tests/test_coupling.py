"""CONTRIBUTING.md tells how the packages lean on each other."""

from __future__ import annotations

from tests.coupling import table, written


def test_the_table_is_what_the_code_is() -> None:
    """The rows of the table == those counted from the imports now."""
    assert written() == table(), (
        "the imports between packages have changed: look whether they should, then write the table in"
        " CONTRIBUTING.md anew with `make coupling` (.venv/bin/python -m tests.coupling)"
    )
