"""`profile`: whether a profile of an HTTP API is right, also against the API, and one to begin with."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError
from bridge.wire.http import open_session
from bridge.wire.tokens import Token
from service.operations.recorded import answering, read_recorded
from workers.connect import route
from workers.targets.base import Tools
from workers.targets.rest.loading import STARTING, folder, load
from workers.targets.rest.proving import Proof, prove
from workers.targets.rest.settings import RestSettings

_RECORDED = "recorded"
"""Stands for whatever an account has, where answers were recorded."""


@dataclass(frozen=True, slots=True)
class Can:
    """What a profile has requests for, by kind of object, and which attributes."""

    title: str
    can: dict[str, list[str]]
    attributes: dict[str, list[str]]


def examine(name: str) -> Can:
    """Read and compile a profile. Raises ConfigurationError, a line for each problem."""
    compiled = _settings(name).compiled
    verbs = ("find", "read", "create", "update", "deactivate", "reactivate", "delete", "members")
    kinds = {"people" if one is compiled.people else "groups": one for one in compiled.kinds}
    can = {what: ["list", *(verb for verb in verbs if getattr(one, verb))] for what, one in kinds.items()}
    return Can(compiled.title, can, {what: list(one.spec.attributes) for what, one in kinds.items()})


def _settings(name: str, **more: Any) -> RestSettings:
    """Settings for a profile of whose account nothing is known."""
    profile, _ = load(name)
    given = {
        "with": dict.fromkeys(profile.settings, _RECORDED),
        "secrets": dict.fromkeys(profile.secrets, _RECORDED),
    }
    return RestSettings.model_validate({"kind": "rest", "profile": name, **given, **more})


async def prove_live(name: str, values: BridgeSettings, target: str) -> Proof:
    """Prove a profile with the credentials of a configured target. Raises ConfigurationError."""
    if target not in values.targets:
        raise ConfigurationError(
            f"there is no target '{target}'; there is: {', '.join(values.targets) or 'none'}"
        )
    settings = route(values, target).settings
    if not isinstance(settings, RestSettings):
        raise ConfigurationError(f"targets.{target} is of the kind {settings.kind}, not rest")
    if load(name) != load(settings.profile):
        raise ConfigurationError(f"targets.{target} has another profile: {settings.profile}")
    async with open_session() as session:
        return await prove(settings, Tools(session))


async def prove_recorded(name: str, path: Path) -> Proof:
    """Prove a profile with recorded answers, given by a server here. Raises ConfigurationError."""
    lacking: list[str] = []
    recorded, base_url = read_recorded(path), load(name)[0].base_url
    async with answering(recorded, base_url, lacking) as address, open_session() as session:
        settings = _settings(name, base_url=address)
        proof = await prove(settings, Tools(session, vault=_Vault()))
    proof.problems += [f"nothing is recorded for {one}" for one in dict.fromkeys(lacking)]
    return proof


class _Vault:
    """Has a token for everybody: nobody has to record a sign-in."""

    async def get(self, _name: str) -> Token | None:
        return Token(_RECORDED, time.time(), time.time() + 3600)

    async def put(self, _name: str, _token: Token) -> None:
        pass


def starting() -> str:
    """A commented profile to begin with."""
    return (folder() / STARTING).read_text("utf-8")


def write_starting(path: Path) -> None:
    """Write it to a new file. Raises ConfigurationError where there is one."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(starting())
    except FileExistsError:
        raise ConfigurationError(f"{path} is there already; name another file") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None
