"""The API is asked all that its description allows, and what it does not, by schemathesis."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode

from tests.service.operated import Operator, park
from tests.service.web.asking import TOKENS, Program

_EXAMPLES = 3
"""Requests to each address of what is described, and as many of what is not."""

_DEAR = {"plan": 1, "check": 1, "try": 1, "person": 2, "group": 2, "undo": 2, "redo": 2}
"""Fewer where Kenjo or a target is asked."""

_WHO = {"Authorization": f"Bearer {TOKENS['administrator']}"}


async def test_whatever_is_asked(program: Program, operator: Operator) -> None:
    """What is described and what is not, of who is there and of nobody == answers as they are described."""
    document = await program.document()
    await park(operator, operator.people()[0])
    there = {
        "people": operator.people()[1],
        "targets": "directory",
        "holds": "none",
        "groups": "none",
        "forgotten": "none",
        "runs": (await program.get("/runs"))["items"][0]["id"],
    }
    number = await asyncio.to_thread(_ask_everything, document, program.address, there)
    assert number > 150


def _ask_everything(document: dict[str, Any], address: str, there: Mapping[str, str]) -> int:
    """Ask, and compare each answer with the description. Returns how many requests that were."""
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=address + document["servers"][0]["url"])
    number = 0
    for found in schema.get_all_operations():
        operation = cast("Any", found).ok()
        number += _ask(operation, GenerationMode.POSITIVE, there)
        if operation.path_parameters or operation.query or operation.body:
            number += _ask(operation, GenerationMode.NEGATIVE, there)
    return number


def _ask(operation: Any, mode: GenerationMode, there: Mapping[str, str]) -> int:
    number, examples = 0, _DEAR.get(operation.definition.raw["operationId"], _EXAMPLES)

    @seed(1)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        nonlocal number
        if mode is GenerationMode.POSITIVE and number % 2 == 0:  # what is made up is the name of nobody
            for name in case.path_parameters or ():
                case.path_parameters[name] = there[operation.path.split("/")[1]]
        number += 1
        case.call_and_validate(headers=_WHO)

    ask()
    return number
