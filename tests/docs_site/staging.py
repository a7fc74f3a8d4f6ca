"""The pages as the generator takes them: those of docs/ and of the top folder, with links within the site.

It reads one folder, and has its own Markdown. So README, CHANGELOG, CONTRIBUTING, SECURITY and the READMEs of
deploy/ become pages, files of the repository that are linked come along, lists are indented as it wants them
(`commonmark.py`), and each folder has a page.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from tests.docs_site.commonmark import for_the_generator

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "docs/mkdocs.yml"
TOP = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
    "deploy/helm/kenjo-bridge/README.md": "helm.md",
    "deploy/monitoring/README.md": "monitoring.md",
}
LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


def sources() -> list[str]:
    """The pages, by their paths in the repository."""
    inside = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
    return [*TOP, *inside]


def staged_as(source: str) -> str:
    """Where a page of the repository stands in the site, before it is HTML."""
    return TOP.get(source) or re.sub(r"(^|/)README\.md$", r"\1index.md", source.removeprefix("docs/"))


def title(source: str) -> str:
    """The first heading of a page, or of the page that a folder has."""
    found = TITLE.search((ROOT / source).read_text(encoding="utf-8"))
    assert found, f"{source} begins with no heading"
    return found[1]


def stage(folder: Path) -> None:
    """Write all that the generator needs into an empty folder.

    :raises ValueError: a page leads to a file that there is not, or stands nowhere in the navigation.
    """
    pages = folder / "pages"
    shutil.copytree(ROOT / "docs", pages, ignore=shutil.ignore_patterns("*.md", "mkdocs.yml"))
    for source in sources():
        text = (ROOT / source).read_text(encoding="utf-8")
        if source.startswith("docs/examples/") and source != "docs/examples/README.md":
            text += _beside(ROOT / source)
        written = pages / staged_as(source)
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(for_the_generator(_linked(text, source, pages)), encoding="utf-8")
    for page, text in _folders().items():
        (pages / page).write_text(text, encoding="utf-8")
    configuration = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    configuration["nav"] = navigation(configuration["nav"])
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(configuration, sort_keys=False), encoding="utf-8")


def _beside(page: Path) -> str:
    """The files beside a page, which a code host shows in the list of the folder."""
    files = sorted(path for path in page.parent.iterdir() if path.suffix == ".yaml")
    return "".join(f"\n## {one.name}\n\n```yaml\n{one.read_text(encoding='utf-8')}```\n" for one in files)


def _folders() -> dict[str, str]:
    """A page for each folder of pages that has none: what lies in it."""
    made = {}
    for folder in {path.parent for path in (ROOT / "docs").rglob("*.md")}:
        names = sorted(path.name for path in folder.glob("*.md"))
        if folder != ROOT / "docs" and "README.md" not in names:
            inside = folder.relative_to(ROOT / "docs").as_posix()
            rows = [f"- [{title(f'docs/{inside}/{name}')}]({name})" for name in names]
            made[f"{inside}/index.md"] = f"# {inside.capitalize()}\n\n" + "\n".join(rows) + "\n"
    return made


def _linked(text: str, source: str, pages: Path) -> str:
    """The text of a page, whose links within the repository lead within the site."""
    parts = re.split(f"({FENCE.pattern})", text, flags=FENCE.flags)
    parts[::2] = [LINK.sub(lambda link: _leads(link[0], source, pages), part) for part in parts[::2]]
    return "".join(parts)


def _leads(link: str, source: str, pages: Path) -> str:
    if "://" in link or link.startswith(("#", "mailto:")):
        return link
    name, mark, anchor = link.partition("#")
    there = (ROOT / source).parent.joinpath(name).resolve()
    if not (there.exists() and there.is_relative_to(ROOT)):
        raise ValueError(f"{source} leads to {link}, which is not there.")
    path = there.relative_to(ROOT).as_posix()
    if there.is_dir():
        path = f"{path}/README.md"
    if path.endswith(".md"):
        to = staged_as(path)
    elif path.startswith("docs/"):
        to = path.removeprefix("docs/")
    else:
        to = f"files/{path}"
        (pages / to).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(there, pages / to)
    return os.path.relpath(to, Path(staged_as(source)).parent) + mark + anchor


def navigation(wanted: list[Any]) -> list[Any]:
    """The navigation of docs/mkdocs.yml, in which `decisions/*` stands for every page of that folder.

    :raises ValueError: a page of docs/ stands nowhere in it.
    """
    made = _expanded(wanted)
    missing = {staged_as(source) for source in sources()} - set(_named(made))
    if missing:
        raise ValueError(
            f"{', '.join(sorted(missing))}: in no place of the navigation. Add it under `nav` in"
            " docs/mkdocs.yml, in the part in which a reader would look for it."
        )
    return made


def _expanded(wanted: list[Any]) -> list[Any]:
    made: list[Any] = []
    for item in wanted:
        if isinstance(item, dict):
            made += [
                {name: _expanded(inner) if isinstance(inner, list) else inner} for name, inner in item.items()
            ]
        elif item.endswith("/*"):
            inside = f"docs/{item.removesuffix('*')}"
            pages = [one for one in sources() if one.startswith(inside) and one != f"{inside}README.md"]
            made += [{title(page): staged_as(page)} for page in pages]
        else:
            made.append(item)
    return made


def _named(items: list[Any]) -> list[str]:
    """The pages that a navigation names."""
    inner = [one for item in items for one in (item.values() if isinstance(item, dict) else [item])]
    return [page for one in inner for page in (_named(one) if isinstance(one, list) else [one])]
