"""The shapes in which Kenjo answers a list: a bare array, `{"data": [...]}`, or one page of many. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.errors import SourceUnavailable

MOST_PAGES = 10_000
"""Pages that are read of one list: a million rows of the 100 that Kenjo gives at most."""

_TOTALS = ("total", "totalElements", "totalCount")
_LIMITS = ("limit", "size", "pageSize")


class Pages:
    """Collects the answers for one list until it is whole. `rows` is complete when `add` gave None."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[Any] = []
        self._ids: set[str] = set()
        self._count = 0
        self._total: int | None = None

    def add(self, body: Any) -> dict[str, str] | None:
        """Add an answer; return the parameters that request the next page, or None when there is none.

        Raises SourceUnavailable for an answer of no known shape, and for pages that are not parts of one
        list: someone may be missing then.
        """
        rows = body.get("data") if isinstance(body, dict) else body
        if not isinstance(rows, list):
            raise SourceUnavailable(
                f"Kenjo answered {self.name} with no list; make sure that kenjo.base_url is right"
            )
        self._count += 1
        self.rows += rows
        info = _paging(body) if isinstance(body, dict) else {}
        if not info and self._total is None:
            return None
        return self._next(body, info, rows)

    def _next(
        self, body: Mapping[str, Any], info: Mapping[str, Any], rows: list[Any]
    ) -> dict[str, str] | None:
        total = _number(info, _TOTALS)
        if total is None:
            raise SourceUnavailable(
                f"Kenjo answered {self.name} in pages without saying how many rows there are"
            )
        if self._repeats(rows) or total != (self._total or total) or len(self.rows) > total:
            raise SourceUnavailable(
                f"Kenjo's list {self.name} changed while its pages were read; the next poll reads it again"
            )
        self._total = total
        if len(self.rows) == total:
            return None
        if not rows or self._count >= MOST_PAGES:
            raise SourceUnavailable(
                f"Kenjo's list {self.name} ended after {len(self.rows)} of {total} rows;"
                " the next poll reads it again"
            )
        parameter = "page" if "page" in body or "page" in info else "offset"
        limit = _number(info, _LIMITS) or len(rows)
        return {"limit": str(limit), parameter: str(self._count + 1)}  # both count pages, from 1

    def _repeats(self, rows: list[Any]) -> bool:
        """Whether a page brings a row of an earlier page: the list has moved, so another row is missing."""
        ids = {row["_id"] for row in rows if isinstance(row, dict) and isinstance(row.get("_id"), str)}
        repeats = not ids.isdisjoint(self._ids)
        self._ids |= ids
        return repeats


def _paging(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an answer says about pages: below `metadata` or `page`, or beside the rows."""
    for info in (body.get("metadata"), body.get("page")):
        if isinstance(info, dict) and info:
            return info
    return body if "page" in body or "total" in body else {}


def _number(info: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    values = (info.get(name) for name in names)
    return next((value for value in values if isinstance(value, int) and not isinstance(value, bool)), None)
