"""Whether Kenjo has the custom fields that expressions use; only Kenjo knows which there are."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from bridge.errors import SourceRefused
from bridge.exchange import Greeting
from bridge.mapping.expressions import FieldPath
from bridge.mapping.vocabulary import custom_fields
from service.kenjo.client import KenjoClient

LIST = "custom-fields"


async def check_custom_fields(client: KenjoClient, fields: Iterable[FieldPath]) -> Greeting:
    """Compare the custom fields in use with Kenjo's list of them, which is read only if there are any.

    Raises SourceUnavailable. A key that may not read the list is no problem: polls do not read it.
    """
    used = custom_fields(fields)
    if not used:
        return Greeting()
    try:
        rows = (await client.fetch([LIST]))[LIST]
    except SourceRefused as error:
        return Greeting(facts=(f"custom fields: not checked ({error})",))
    labels = {
        str(row["apiName"]): str(row.get("label"))
        for row in rows
        if isinstance(row, dict) and row.get("apiName")
    }
    unknown = sorted((section, name) for section, name in used if name not in labels)
    problems = tuple(_sentence(section, name, labels) for section, name in unknown)
    return Greeting((f"custom fields: {len(used)} in use, {len(labels)} in Kenjo",), problems)


def _sentence(section: str, name: str, labels: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(name, labels, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    there = ", ".join(f"{label} -> {api_name}" for api_name, label in sorted(labels.items())) or "none"
    return f"person.{section}.{name} is no custom field in Kenjo{hint or '.'} There is: {there}"
