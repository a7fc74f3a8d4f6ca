"""Where the settings of several companies stand: as `accounts` of one file, or as a file each in a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from bridge.config import sources
from bridge.config.redis_settings import PREFIX
from bridge.config.sources import Source
from bridge.errors import ConfigurationError

ACCOUNTS = "accounts"
COMMON_FILE = "bridge.yaml"
"""In a folder: what all companies share. Every other file whose name ends in .yaml is a company's."""

_NAME = re.compile(PREFIX)


@dataclass(frozen=True, slots=True)
class Account:
    """What stands in files about one company; `problem` says why that cannot be read."""

    file: Path
    source: Source = field(default_factory=Source)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Accounts:
    """What a configuration of several companies says: what is `common` to them, and each by name.

    `file`: where the common settings stand, if there are any. `problems`: what is nobody's.
    """

    folder: Path
    file: Path | None
    common: Source
    by_name: dict[str, Account]
    problems: tuple[str, ...] = ()


def settings_of(file: Path | None, named_by: str = "") -> Source | Accounts:
    """What stands in a file, or in a file or folder of several companies.

    Raises ConfigurationError when that, or what is common to the companies, cannot be read; what is wrong
    with one of them is its own `problem`. `named_by`: the variable that named the file, for the message.
    """
    if file is None:
        return Source()
    if file.is_dir():
        return _of_folder(file)
    source = sources.from_yaml(file, named_by)
    return _of_file(file, source) if ACCOUNTS in source.values else source


def _of_folder(folder: Path) -> Accounts:
    file = folder / COMMON_FILE
    common = _of_file(file, sources.from_yaml(file)) if file.exists() else None
    found = dict(common.by_name) if common else {}
    problems = list(common.problems) if common else []
    for path in sorted(folder.glob("*.yaml")):
        if path.name == COMMON_FILE or path.name.startswith("."):
            continue
        if path.stem in found:
            problems.append(f"{path} is passed over: {file} has a company of that name already")
        elif not _NAME.fullmatch(path.stem):
            problems.append(f"{path} is passed over: {_not_a_name()}")
        else:
            found[path.stem] = _of_one(path)
    return Accounts(
        folder.absolute(), file if common else None, common.common if common else Source(), found,
        tuple(problems),
    )  # fmt: skip


def _of_one(path: Path) -> Account:
    try:
        source = sources.from_yaml(path)
    except ConfigurationError as error:
        return Account(path, problem=str(error))
    if ACCOUNTS in source.values:
        return Account(path, problem=f"{path} has accounts, which only {COMMON_FILE} may have")
    return Account(path, source)


def _of_file(file: Path, source: Source) -> Accounts:
    raw = source.values.pop(ACCOUNTS, None) or {}
    if not isinstance(raw, dict):
        raise ConfigurationError(f"{ACCOUNTS} must be a group of companies by name ({file})")
    found, problems = {}, []
    for name, values in raw.items():
        if not _NAME.fullmatch(str(name)):
            problems.append(f"a company in {file} is passed over: {_not_a_name()}")
        elif not isinstance(values, dict | None):
            found[str(name)] = Account(file, problem=f"{ACCOUNTS}.{name} must be a group of settings by name")
        else:
            found[str(name)] = Account(file, _below(source, str(name), values or {}))
    return Accounts(file.absolute().parent, file, source, found, tuple(problems))


def _below(source: Source, name: str, values: dict[str, object]) -> Source:
    """What stands below `accounts.NAME`, as if it stood in a file of its own."""
    origins = {place[2:]: where for place, where in source.origins.items() if place[:2] == (ACCOUNTS, name)}
    return Source(dict(values), {place: where for place, where in origins.items() if place})


def _not_a_name() -> str:
    return "a company's name has 1 to 40 lower-case letters, digits or '-', and starts with no '-'"
