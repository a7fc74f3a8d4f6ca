"""`preset`: what vendors document of their SCIM servers, with the pages that say so."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from bridge.errors import ConfigurationError
from workers.targets.scim.presets import Fact, Preset, preset, presets


def list_of_presets() -> str:
    """A line for each product."""
    widths = [max(map(len, column)) for column in (presets(), [one.product for one in presets().values()])]
    lines = [
        f"{name:{widths[0]}}  {one.product:{widths[1]}}  {_address(one)}" for name, one in presets().items()
    ]
    return "\n".join([*lines, "", "What one sets, and why: kenjo-bridge preset NAME", ""])


def one_preset(name: str) -> str:
    """YAML with comments. Raises ConfigurationError that names the nearest presets."""
    try:
        found = preset(name)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    return "\n".join(_parts(name, found))


def _parts(name: str, found: Preset) -> Iterator[str]:
    sets = "sets this, unless the target does" if found.settings else "sets nothing but the defaults"
    yield f"# {found.product}, as it is documented. For a target of the kind scim, `preset: {name}` {sets}.\n"
    if found.address:
        yield f"# Each account has an address of its own, which is to be set:\n# base_url: {found.address}\n"
    for fact in found.facts:
        yield "".join(f"{line}\n" for line in _lines(fact))


def _lines(fact: Fact) -> Iterator[str]:
    yield f"# {fact.says}"
    yield f"# {fact.source}"
    if fact.set:
        yield yaml.safe_dump(dict(fact.set), width=1000, sort_keys=False).rstrip("\n")


def _address(found: Preset) -> str:
    return found.address or str(found.settings["base_url"])
