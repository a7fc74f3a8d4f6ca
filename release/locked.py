"""What the image installs: the lines of requirements.lock that hold in it, and what the packages declare."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from license_expression import Licensing, get_spdx_licensing
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
# The markers of the image (PEP 508): the Python of the Dockerfile's BASE, on Linux.
IMAGE: dict[str, str] = {
    "implementation_name": "cpython",
    "implementation_version": "3.12.0",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": "3.12.0",
    "python_version": "3.12",
    "sys_platform": "linux",
}
# As their licence files have it, for packages whose metadata names no licence by its SPDX identifier.
_BY_FILE = {
    "aiosignal": "Apache-2.0",
    "anyascii": "ISC",
    "google-auth": "Apache-2.0",
    "google-re2": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "ldap3": "LGPL-3.0-or-later",
    "markdown-it-py": "MIT",
    "mdurl": "MIT",
    "prompt-toolkit": "BSD-3-Clause",
    "protobuf": "BSD-3-Clause",
    "pyasn1-modules": "BSD-2-Clause",
    "shellingham": "ISC",
    "uvloop": "MIT OR Apache-2.0",
    "wcwidth": "MIT",
}


@dataclass(frozen=True)
class Package:
    """One package that the image installs."""

    name: str  # as in the lock, normalised (PEP 503)
    version: str
    licence: str  # an SPDX expression
    needs: tuple[str, ...]  # names of other packages of the lock


def packages() -> list[Package]:
    """Every package that the image installs, by name.

    Raises SystemExit where the environment has not what the lock says, or a package names no licence.
    """
    pinned = _pinned()
    return [
        Package(name, version, _licence(name, _metadata(name, version)), _needs(name, pinned))
        for name, version in sorted(pinned.items())
    ]


def asked() -> list[str]:
    """What the project itself asks for in the image, by name: all but what only its demo needs."""
    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [lines for extra, lines in about["optional-dependencies"].items() if extra != "demo"]
    return sorted(
        {
            canonicalize_name(Requirement(line).name)
            for lines in [about["dependencies"], *extras]
            for line in lines
        }
    )


def _pinned() -> dict[str, str]:
    """The version of each package whose marker holds in the image."""
    found: dict[str, str] = {}
    for line in re.findall(r"^[a-z0-9].*==[^\\\n]*", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE):
        requirement = Requirement(line.strip())
        if requirement.marker is None or requirement.marker.evaluate({**IMAGE}):
            (pin,) = requirement.specifier
            found[canonicalize_name(requirement.name)] = pin.version
    return found


def _metadata(name: str, version: str) -> metadata.PackageMetadata:
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        raise SystemExit(f"{name} is not installed here: run make setup") from None
    if about["Version"] != version:
        raise SystemExit(f"{name} is {about['Version']} here and {version} in {LOCK.name}: run make setup")
    return about


def _licence(name: str, about: metadata.PackageMetadata) -> str:
    """The licence as an SPDX expression: what the package declares, or what its licence file says."""
    known = _licensing()
    declared = (about["License-Expression"], about["License"], _BY_FILE.get(name))
    for expression in declared:
        if expression and "\n" not in expression and not known.validate(expression).errors:
            return str(known.parse(expression))
    raise SystemExit(
        f"{name} names no licence by its SPDX identifier: read its licence file, and add it to {__file__}"
    )


@cache
def _licensing() -> Licensing:
    """The identifiers of SPDX, which take long to read."""
    return get_spdx_licensing()


def _needs(name: str, pinned: dict[str, str]) -> tuple[str, ...]:
    """What a package asks for, with any of its extras: the lock decides which extras are there."""
    extras = ["", *metadata.metadata(name).get_all("Provides-Extra", [])]
    needed = set()
    for line in metadata.requires(name) or []:
        requirement = Requirement(line)
        wanted = canonicalize_name(requirement.name)
        marker = requirement.marker
        holds = marker is None or any(marker.evaluate({**IMAGE, "extra": extra}) for extra in extras)
        if holds and wanted in pinned and wanted != name:
            needed.add(wanted)
    return tuple(sorted(needed))
