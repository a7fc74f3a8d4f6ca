"""The version of the project: pyproject.toml has it, and all other files that name it follow.

`python -m release.version` prints it; `python -m release.version 1.2.3` sets it everywhere.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "pyproject.toml"
# Files of the project in which a version of the bridge may stand, and how it stands there.
FOLDERS = ("deploy", "docs")
FILES = ("Dockerfile", "README.md")
_NUMBER = r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?"
_NAMED = re.compile(
    rf"(\bkenjo-bridge:|^ARG VERSION=|^\s*newTag: [\"']?|^(?:appVersion|version): [\"']?)({_NUMBER})\b",
    re.MULTILINE,
)


def version(root: Path = ROOT) -> str:
    """The version in pyproject.toml."""
    found: str = tomllib.loads((root / SOURCE.name).read_text(encoding="utf-8"))["project"]["version"]
    return found


def named(root: Path = ROOT) -> dict[Path, set[str]]:
    """Every other file that names a version of the bridge, with the versions that it names."""
    found = {path: {number for _, number in _NAMED.findall(_text(path))} for path in _files(root)}
    return {path: versions for path, versions in found.items() if versions}


def set_everywhere(new: str, root: Path = ROOT) -> None:
    """Write a version into pyproject.toml and into every file that names one.

    Raises ValueError where it is no version of this project's form.
    """
    if not re.fullmatch(_NUMBER, new):
        raise ValueError(f"{new!r} is no version: write it like 1.2.3, or 1.2.3rc1 before a release")
    for path in named(root):
        path.write_text(_NAMED.sub(rf"\g<1>{new}", _text(path)), encoding="utf-8")
    source = root / SOURCE.name
    text = _text(source).replace(f'\nversion = "{version(root)}"\n', f'\nversion = "{new}"\n', 1)
    source.write_text(text, encoding="utf-8")


def _files(root: Path) -> list[Path]:
    inside = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*")) if path.is_file()]
    texts = [path for path in inside if path.suffix in {".md", ".yaml", ".yml", ".json", ".tpl"}]
    return [*(root / name for name in FILES), *texts]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    try:
        set_everywhere(sys.argv[1]) if sys.argv[1:] else print(version())  # noqa: T201
    except ValueError as wrong:
        sys.exit(str(wrong))
