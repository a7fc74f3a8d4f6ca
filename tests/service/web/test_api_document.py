"""The description of the API, as it is read from the functions that answer."""

from __future__ import annotations

from typing import get_args

import orjson
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from service.operations.standing import Standing
from service.web.api.document import document
from service.web.api.values import Place
from tests.service.web.asking import ENDPOINTS


def test_the_description_is_whole() -> None:
    """The document == every endpoint once, with a summary; valid schemas; every reference there."""
    described = document(ENDPOINTS, "/api/v1")
    operations = [one for there in described["paths"].values() for one in there.values()]
    assert len({one["operationId"] for one in operations}) == len(operations) == len(ENDPOINTS)
    assert all(one["summary"].endswith(".") for one in operations)
    for name, schema in described["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert name.isalpha(), name
    text = orjson.dumps(described).decode()
    references = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert references <= set(described["components"]["schemas"])


def test_places_have_their_names() -> None:
    """The places of the API == those of the bridge."""
    assert list(get_args(Place)) == [standing.field for standing in Standing]
