"""Answers in pages: joined when they are one list, refused when they cannot be."""

from typing import Any

import pytest

from bridge.errors import SourceUnavailable
from service.kenjo.pages import Pages

A, B, C = ({"_id": letter} for letter in "abc")


def page(rows: list[Any], **metadata: Any) -> dict[str, Any]:
    """An answer with what Kenjo says about pages."""
    return {"data": rows, "metadata": {"count": len(rows), "limit": 2, "offset": 1, "total": 3, **metadata}}


@pytest.mark.parametrize(
    "body", [[A, B], {"data": [A, B]}, {"data": [A, B], "metadata": None}, page([A, B], total=2)]
)
def test_answer_without_more_pages_is_whole(body: Any) -> None:
    """A bare array, `data`, and a page that is all there is end the list."""
    pages = Pages("works")
    assert pages.add(body) is None
    assert pages.rows == [A, B]


def test_offset_is_a_page_number_from_one() -> None:
    """The second page is asked for as offset 2, with Kenjo's own limit."""
    pages = Pages("works")
    assert pages.add(page([A, B])) == {"limit": "2", "offset": "2"}
    assert pages.add(page([C], offset=2)) is None
    assert pages.rows == [A, B, C]


@pytest.mark.parametrize(
    "body",
    [
        {"data": [A, B], "page": {"total": 3, "limit": 2}},
        {"data": [A, B], "page": 1, "limit": 2, "total": 3},
        {"data": [A, B], "metadata": {"page": 1, "pageSize": 2, "totalCount": 3}},
        {"data": [A, B], "page": {"number": 1, "size": 2, "totalElements": 3}},
    ],
)
def test_newer_answers_count_in_page(body: Any) -> None:
    """Where Kenjo speaks of `page`, the next one is asked for by that name."""
    assert Pages("works").add(body) == {"limit": "2", "page": "2"}


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (page([]), "ended after 2 of 3 rows"),
        (page([B]), "changed while its pages were read"),
        (page([A, B]), "changed while its pages were read"),
        (page([C], total=4), "changed while its pages were read"),
        (page([C, {"_id": "d"}]), "changed while its pages were read"),
        ([C], "without saying how many rows there are"),
        ({"message": "no"}, "no list"),
    ],
)
def test_pages_that_are_not_one_list_give_nothing(second: Any, says: str) -> None:
    """A row that comes twice, another total, too many or too few rows == someone may be missing."""
    pages = Pages("works")
    pages.add(page([A, B]))
    with pytest.raises(SourceUnavailable, match=says):
        pages.add(second)


@pytest.mark.parametrize(
    "info", [{"metadata": {"limit": 2}}, {"page": 1}, {"page": {"number": 1}}, {"page": None}]
)
def test_page_of_unknown_size_gives_nothing(info: dict[str, Any]) -> None:
    """A page without a total may be one of many, so it proves nothing."""
    with pytest.raises(SourceUnavailable, match="without saying how many rows"):
        Pages("works").add({"data": [A, B], **info})


def test_first_page_beyond_its_total_gives_nothing() -> None:
    """More rows than Kenjo says there are == the list cannot be believed."""
    with pytest.raises(SourceUnavailable, match="changed"):
        Pages("works").add(page([A, B], total=1))


def test_pages_without_end_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A total that is never reached ends at the most pages that are read."""
    monkeypatch.setattr("service.kenjo.pages.MOST_PAGES", 3)
    pages = Pages("works")
    for number in range(2):
        pages.add(page([{"_id": str(number)}], total=10**9))
    with pytest.raises(SourceUnavailable, match="ended after 3 of 1000000000 rows"):
        pages.add(page([{"_id": "last"}], total=10**9))
