"""The description of the API (OpenAPI 3.1), made of the endpoints and their models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from bridge.version import installed
from service.web.api.endpoints import Endpoint
from service.web.api.problems import MEDIA, Problem

_ABOUT = (
    "What the pages of Kenjo Bridge show and do, for programs. Times are RFC 3339. Whatever went wrong is a"
    " problem (RFC 9457). Answers to GET have an ETag; ask with If-None-Match to get nothing where nothing is"
    " new. More fields may come in answers: take no notice of those that you do not know."
)

_REF = "#/components/schemas/{model}"
Schemas = Mapping[Any, dict[str, Any]]
"""By model and mode: where its schema is."""


def document(endpoints: Iterable[Endpoint], base: str) -> dict[str, Any]:
    """The description. `base`: the path below which all addresses are."""
    there = list(endpoints)
    schemas, found = models_json_schema(_models(there), ref_template=_REF)
    components = found.get("$defs", {})
    paths: dict[str, dict[str, Any]] = {}
    for one in there:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas, components)
    for model in {one.query for one in there if one.query} - {one.body for one in there}:
        components.pop(model.__name__, None)  # their fields stand with the operations
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kenjo Bridge", "version": "1", "summary": _summary(), "description": _ABOUT},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _summary() -> str:
    return f"The API of kenjo-bridge {installed()}".rstrip()


def _models(endpoints: Iterable[Endpoint]) -> list[tuple[type[BaseModel], JsonSchemaMode]]:
    found: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for one in endpoints:
        for asked in (one.query, one.body):
            if asked:
                found[(asked, "validation")] = None
        if one.answer:
            found[(one.answer, "serialization")] = None
    return list(found)


def _operation(one: Endpoint, schemas: Schemas, components: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": one.name,
        "tags": [one.path.split("/")[1]],
        "summary": one.summary,
        "description": one.description,
        "parameters": [*_in_path(one), *_in_query(one, components)],
        "responses": _responses(one, schemas),
        "security": [{"token": []}] if one.needs else [],
    }
    if one.body:
        content = {"application/json": {"schema": schemas[(one.body, "validation")]}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _in_path(one: Endpoint) -> Iterable[dict[str, Any]]:
    for name in one.variables:
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _in_query(one: Endpoint, components: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    if one.query is None:
        return
    schema = components[one.query.__name__]
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        yield {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": field.get("description", ""),
            "schema": _of_text(field),
        }


def _of_text(field: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a field of a query, which is either there or not, and never null."""
    options = [one for one in field.get("anyOf", ()) if one != {"type": "null"}]
    rest = {key: value for key, value in field.items() if key not in ("description", "title", "anyOf")}
    if options and rest.get("default", ...) is None:
        del rest["default"]
    return {**rest, **(options[0] if len(options) == 1 else {"anyOf": options} if options else {})}


def _responses(one: Endpoint, schemas: Schemas) -> dict[str, Any]:
    content: dict[str, Any] = {media: {"schema": {"type": "string"}} for media in one.media}
    if one.answer:
        content["application/json"] = {"schema": schemas[(one.answer, "serialization")]}
    elif not content and one.status != HTTPStatus.NO_CONTENT:
        content["application/json"] = {"schema": {"type": "object"}}
    done = {"description": HTTPStatus(one.status).phrase, **({"content": content} if content else {})}
    problem = {"schema": schemas[(Problem, "serialization")]}
    found = {str(one.status): done, "default": {"description": "A problem", "content": {MEDIA: problem}}}
    if one.method == "GET":
        found["304"] = {"description": "Nothing is new since the answer whose ETag was sent"}
    return found
