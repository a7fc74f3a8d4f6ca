"""`mapping`: the default mapping of a kind of target, to be copied and changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from bridge.model import Kind
from workers.targets import load

_HEAD = """\
# What a target of the kind '{kind}' is given by default: its attribute, and a CEL expression over Kenjo's
# fields. Change it under targets.<name>.map: another expression, or null to take an attribute out.
"""


def default_mapping(kind: str) -> str:
    """YAML with comments. Raises ConfigurationError that names the kinds there are."""
    mapping = load(kind).mapping
    if not any(mapping.get(record) for record in Kind):
        return f"# What a target of the kind '{kind}' is given depends on its settings, not on its kind.\n"
    lines = [line for record in Kind if mapping.get(record) for line in _lines(record, mapping)]
    return _HEAD.format(kind=kind) + "\n".join(lines) + "\n"


def _lines(record: Kind, mapping: Mapping[str, Any]) -> Iterator[str]:
    required = mapping.get("required", {}).get(record, ())
    references = mapping.get("references", {})
    yield f"{record}:"
    for attribute, source in mapping[record].items():
        line = yaml.safe_dump({attribute: source}, width=1000, allow_unicode=True).rstrip("\n")
        remarks = ["required: who lacks it is left out"] if attribute in required else []
        if attribute in references:
            remarks.append(f"the id of a {references[attribute]}, whose account is looked up")
        yield f"  {line}" + (f"  # {'; '.join(remarks)}" if remarks else "")
