"""The page about settings is written from the settings."""

import subprocess
import sys
from pathlib import Path

from bridge.config.section import Section
from bridge.config.settings import BridgeSettings, TargetSettings
from bridge.config.words import every_setting, variable
from service.cli.settings_doc import settings_doc
from workers.targets import kinds, load

ROOT = Path(__file__).parents[3]


class PigeonQuotas(Section):
    """How much a pigeon carries."""

    grams: int = 70
    """Grams of one letter."""


class PigeonSettings(TargetSettings):
    """A pigeon loft."""

    loft: str
    """Where the pigeon lives | sleeps."""
    tame: bool = True
    quotas: PigeonQuotas = PigeonQuotas()


def test_page_is_fresh() -> None:
    """docs/settings.md is what `python -m service.cli.settings_doc` prints now."""
    command = [sys.executable, "-m", "service.cli.settings_doc"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)  # noqa: S603 - our own module
    assert (ROOT / "docs" / "settings.md").read_bytes() == done.stdout


def test_every_setting_is_on_the_page_with_its_meaning() -> None:
    """Each setting, common or of a kind, stands there with a meaning and its variable."""
    models = {kind: load(kind).settings for kind in kinds()}
    places = list(every_setting(BridgeSettings))
    for model in models.values():
        places += every_setting(model, ("targets", "<name>"))
    page = settings_doc(models)
    rows = {row.split(" | ")[0]: row.split(" | ") for row in page.splitlines() if row.startswith("| `")}
    groups = {place[:-1] for place, _ in places}
    leaves = [place for place, _ in places if place not in groups and (*place, "<name>") not in groups]
    assert len(leaves) > 20
    for place in leaves:
        row = rows[f"| `{'.'.join(place)}`"]
        assert row[3].strip(), f"{'.'.join(place)} has no docstring"
        assert f"`{variable(place)}`" in row[4]


def test_kind_adds_a_table_of_its_own_settings() -> None:
    """What a kind adds is told with type, default and meaning; what all kinds have is not repeated."""
    page = settings_doc({"pigeon": PigeonSettings})
    section = page[page.index("## targets.&lt;name> with kind: pigeon") :]
    assert "A pigeon loft." in section
    assert "| `targets.<name>.loft` | text | required | Where the pigeon lives &#124; sleeps. |" in section
    assert "| `targets.<name>.tame` | true or false | `true` |" in section
    assert "| `targets.<name>.quotas.grams` | whole number | `70` |" in section
    assert "`targets.<name>.rate`" not in section
