"""Presets: what vendors document, as defaults of settings that everybody may set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from bridge.config.configuration import load_settings
from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError
from bridge.mapping.route import Route
from bridge.model import Kind
from service.cli import registered
from service.cli.app import app
from service.operations.presets import list_of_presets, one_preset
from workers.connect import routes
from workers.targets.scim.presets import Fact, Preset, presets
from workers.targets.scim.settings import ScimSettings

ADDRESS = "https://scim.example.com/v2"


def routed(**given: Any) -> Route:
    """The route of one target, all the way from the configuration."""
    target = {"kind": "scim", "token": "x", **given}
    return routes(BridgeSettings.model_validate({"targets": {"d": target}}))["d"]


def settings(**given: Any) -> ScimSettings:
    found = routed(**given).settings
    assert isinstance(found, ScimSettings)
    return found


def own_address(name: str) -> dict[str, str]:
    return {"base_url": ADDRESS} if presets()[name].address else {}


@pytest.mark.parametrize("name", sorted(presets()))
def test_each_can_be_used(name: str) -> None:
    """A token, and an address where each account has its own, are enough for all that the preset sets."""
    found = settings(preset=name, **own_address(name)).model_dump(by_alias=True)
    for setting, value in presets()[name].settings.items():
        part = found[setting]
        assert part == value if not isinstance(value, dict) else value.items() <= part.items()


@pytest.mark.parametrize("name", sorted(presets()))
def test_each_fact_has_its_source(name: str) -> None:
    """Every fact is a sentence with the page that says it, and no two set the same."""
    preset = presets()[name]
    assert bool(preset.address) != ("base_url" in preset.settings)
    for fact in preset.facts:
        assert fact.source.startswith("https://")
        assert fact.says[0] == fact.says[0].upper()
        assert fact.says.endswith(".")
    names = [setting for fact in preset.facts for setting in fact.set]
    assert len(names) == len(set(names))


def test_what_is_given_wins() -> None:
    """A setting of the target == its own value; the preset's others stay."""
    found = settings(preset="slack", rate=1, base_url=ADDRESS)
    assert (found.rate, found.base_url) == (1, ADDRESS)
    assert settings(preset="leapsome", rate=1).patch == "flat"


def test_groups_of_settings_are_merged_by_name() -> None:
    """`map` and `groups` in part == what is given over what the preset sets, name by name."""
    mapped = routed(preset="asana", map={"name.formatted": None, "title": None})
    assert mapped.settings.map == {
        "name.givenName": None,
        "name.familyName": None,
        "name.formatted": None,
        "title": None,
    }
    assert not routed(preset="deel", groups={"scope": 'team.name == "a"'}).serves(Kind.TEAM)
    assert routed(preset="deel", groups={"from": ["teams"]}).serves(Kind.TEAM)


def test_from_file_and_environment(tmp_path: Path) -> None:
    """The preset of a variable over a file's target == as if both stood in one place."""
    file = tmp_path / "bridge.yaml"
    file.write_text("targets: {d: {kind: scim, token: t, map: {title: null}, removal: {left: keep}}}")
    values = load_settings(file, {"KENJO_BRIDGE_TARGETS__D__PRESET": "notion"})
    found = routes(values)["d"].settings
    assert found.url == "https://www.notion.so/scim/v2"
    assert found.map == {"name.formatted": "person.personal.displayName", "title": None}
    assert found.removal.left == "keep"


def test_the_name_alone_changes_nothing() -> None:
    """The same settings with and without the preset's name == one configuration: nothing is given anew."""
    by_hand = {"base_url": ADDRESS, "rate": 3}
    assert routed(preset="slack", base_url=ADDRESS).configuration == routed(**by_hand).configuration
    assert routed(preset="aws", base_url=ADDRESS).configuration != routed(**by_hand).configuration


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("slak", "did you mean slack?"),
        ("Slack", "did you mean slack?"),
        ("frobnicate", "there is: 15five, asana, "),
        ("", "there is: 15five, asana, "),
    ],
)
def test_an_unknown_one(name: str, said: str) -> None:
    """One sentence names the nearest, or all; the address that is missing too is not talked about."""
    with pytest.raises(ConfigurationError) as caught:
        settings(preset=name)
    assert str(caught.value).startswith(f"targets.d cannot be read: there is no preset '{name}'; {said}")
    assert len(str(caught.value).splitlines()) == 1


def test_none_is_none() -> None:
    """`preset` without a value == no preset, and the address is asked for."""
    with pytest.raises(ConfigurationError, match=r"^targets\.d\.base_url is missing"):
        settings(preset=None)


@pytest.mark.parametrize("name", sorted(presets()))
def test_what_is_printed_can_be_copied(name: str) -> None:
    """The printed YAML == what the preset sets, with every fact and source as a comment."""
    text = one_preset(name)
    assert (yaml.safe_load(text) or {}) == presets()[name].settings
    for fact in presets()[name].facts:
        assert f"# {fact.says}\n# {fact.source}\n" in text
    assert presets()[name].address in text


def test_the_command() -> None:
    """`kenjo-bridge preset` == the list, with a name that one, with a wrong name the nearest."""
    assert registered.__all__
    assert CliRunner().invoke(app, ["preset"]).output == list_of_presets()
    assert CliRunner().invoke(app, ["preset", "aws"]).output == one_preset("aws")
    assert str(CliRunner().invoke(app, ["preset", "slac"]).exception).endswith("did you mean slack?")
    for name, one in presets().items():
        assert f"{name} " in list_of_presets()
        assert one.product in list_of_presets()


def test_facts_add_up() -> None:
    """Two facts that set names of one group == both names."""
    facts = (
        Fact("A.", "https://a.example", {"map": {"a": None}}),
        Fact("B.", "https://b.example", {"map": {"b": None}}),
    )
    assert Preset("Any", facts).settings == {"map": {"a": None, "b": None}}
