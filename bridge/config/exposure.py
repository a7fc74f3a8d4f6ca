"""What others could read: secrets in files that every user of the machine can open, and plain http.

Said in the log and by `check`; refused where `kenjo.environment` is production, unless a setting allows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bridge.config.addresses import host_of, is_open_to_listeners
from bridge.config.settings import BridgeSettings, TargetSettings
from bridge.errors import ConfigurationError

_EVERYBODY = 0o006  # read or write for others; a group is whom its administrator has put in it (fsGroup)
_SECRET_NAMES = (
    "token",
    "secret",
    "password",
    "passphrase",
    "key",
    "keys",
    "credentials",
    "secrets",
    "headers",
)
_SECRET_SETTINGS = ("credentials_json", "to")  # a service account's key; addresses that hold passwords
_URL_WITH_A_SECRET = re.compile("@|password=|^http")  # one that is called may carry a key


def files_to_hide(file: Path | None, values: Mapping[str, Any], folder: Path | None) -> list[Path]:
    """The files that hold secrets: all of the folder of secret files, and bridge.yaml if one stands in it."""
    found = [file] if file and _names_a_secret(values) else []
    with suppress(OSError):  # who reads the folder says what is wrong
        found += sorted(folder.iterdir()) if folder else []
    return [path for path in found if path.is_file() and not path.name.startswith("..")]


def readable(path: Path) -> str:
    """A sentence if every user of this machine can read or change a file, else empty.

    A file that Kubernetes has put there (a link by way of `..data`, 0644 by default) stands in a container's
    own memory file system, where no other users are; fsGroup makes it readable by a group.
    """
    if _is_of_kubernetes(path):
        return ""
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""  # who reads it says what is wrong
    if not mode & _EVERYBODY:
        return ""
    return f"{path} holds secrets, and every user of this machine can read it: chmod o= {path}"


def plain_http(setting: str, address: str, values: BridgeSettings) -> str:
    """A sentence if an address sends secrets and people's data over a network as they are, else empty."""
    host = host_of(address)
    if not is_open_to_listeners(address) or host in {one.lower() for one in values.allow.plain_http}:
        return ""
    scheme = address.partition(":")[0].lower()
    return (
        f"{setting} is plain {scheme} to another machine, so that whoever listens can read keys and people's"
        f" data: use {scheme}s"
    )


def of_target(name: str, settings: TargetSettings, values: BridgeSettings) -> tuple[list[str], list[str]]:
    """What others could listen to, and what they could read, of what a target is reached with."""
    at = f"targets.{name}"
    ways = [plain_http(f"{at}.{setting}", one, values) for setting, one in settings.addresses.items()]
    files = () if values.allow.readable_secrets else settings.secret_files
    return list(filter(None, ways)), list(filter(None, map(readable, files)))


def refuse_in_production(values: BridgeSettings, sentences: Iterable[str], remedy: str) -> None:
    """Raise ConfigurationError with what is not to be in production; `remedy`: the setting that allows it."""
    found = [sentence for sentence in sentences if sentence]
    if found and values.kenjo.environment == "production":
        raise ConfigurationError(
            "\n".join(f"{one} (refused as kenjo.environment is production; {remedy})" for one in found)
        )


def _names_a_secret(values: Any, depth: int = 0) -> bool:
    """Whether a secret stands somewhere in settings as they were read, by the names that secrets have."""
    if not isinstance(values, Mapping) or depth > 5:
        return False
    for name, value in values.items():
        if name in ("map", "lookups"):
            continue  # names of attributes and tables
        words = str(name).lower().replace("-", "_").split("_")
        if (words[-1] in _SECRET_NAMES or name in _SECRET_SETTINGS) and value:
            return True
        if name == "url" and isinstance(value, str) and _URL_WITH_A_SECRET.search(value):
            return True
        if _names_a_secret(value, depth + 1):
            return True
    return False


def _is_of_kubernetes(path: Path) -> bool:
    try:
        return path.is_symlink() and str(path.readlink()).startswith("..data/")
    except OSError:
        return False
