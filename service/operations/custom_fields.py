"""Whether Kenjo has the custom fields that expressions use; only Kenjo knows which there are."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from bridge.errors import ConfigurationError, SourceRefused, SourceUnavailable
from bridge.exchange import Greeting
from bridge.mapping.expressions import FieldPath
from bridge.mapping.vocabulary import custom_fields
from service.kenjo.client import KenjoClient

LIST = "custom-fields"

Labels = Mapping[tuple[str, str], str]
"""What Kenjo calls its custom fields, by section and name; the section is "" where it does not say."""


class CustomFields:
    """The custom fields in use, compared with Kenjo's list once, before the first look of a start."""

    def __init__(self, fields: Iterable[FieldPath]) -> None:
        self._fields = frozenset(fields)
        self._there = not custom_fields(self._fields)

    async def see(self, client: KenjoClient) -> None:
        """Raises ConfigurationError where Kenjo lacks one: its attribute would be emptied for everybody.

        A list that cannot be had now is looked at the next time; the snapshot itself tells of an outage.
        """
        if self._there:
            return
        try:
            found = await check_custom_fields(client, self._fields)
        except SourceUnavailable:
            return
        if found.problems:
            raise ConfigurationError("\n".join(found.problems))
        self._there = True


async def check_custom_fields(client: KenjoClient, fields: Iterable[FieldPath]) -> Greeting:
    """Compare the custom fields in use with Kenjo's list of them, which is read only if there are any.

    Raises SourceUnavailable. A key that may not read the list is no problem: polls do not need it.
    """
    used = custom_fields(fields)
    if not used:
        return Greeting()
    try:
        rows = (await client.fetch([LIST]))[LIST]
    except SourceRefused as error:
        return Greeting(facts=(f"custom fields: not checked ({error})",))
    labels = {
        (str(row.get("section") or ""), str(row["apiName"])): str(row.get("label"))
        for row in rows
        if isinstance(row, dict) and row.get("apiName")
    }
    unknown = sorted(one for one in used if one not in labels and ("", one[1]) not in labels)
    problems = tuple(_sentence(section, name, labels) for section, name in unknown)
    return Greeting((f"custom fields: {len(used)} in use, {len(labels)} in Kenjo",), problems)


def _sentence(section: str, name: str, labels: Labels) -> str:
    if elsewhere := sorted(other for other, same in labels if same == name):
        return (
            f"person.{section}.{name} is a custom field of another section: write"
            f" person.{elsewhere[0]}.{name}"
        )
    names = {written: f"person.{other or section}.{written}" for other, written in labels}
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {names[near[0]]}?" if near else "."
    listed = sorted((label, names[written]) for (_, written), label in labels.items())
    there = ", ".join(f"{label} -> {path}" for label, path in listed) or "none"
    return f"person.{section}.{name} is no custom field in Kenjo{hint} There is: {there}"
