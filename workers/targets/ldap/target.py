"""The adapter of LDAP directories. What needs ldap3 is imported when one is connected."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from bridge.errors import ConfigurationError
from bridge.mapping.compiling import compile_maps
from bridge.model import Kind
from workers.targets.base import Adapter, Target, Tools, mapping_of
from workers.targets.ldap.attributes import OWN, check_attribute, takes
from workers.targets.ldap.servers import ACTIVE_DIRECTORY
from workers.targets.ldap.settings import LdapSettings

if TYPE_CHECKING:
    from workers.targets.ldap.directory import LdapTarget

EXTRA = 'a target of the kind ldap needs the package ldap3: pip install "kenjo-bridge[ldap]"'


def _target() -> type[LdapTarget]:
    """The class of targets, which needs an extra. Raises ConfigurationError that names it."""
    try:
        from workers.targets.ldap.directory import LdapTarget
    except ModuleNotFoundError:
        raise ConfigurationError(EXTRA) from None
    return LdapTarget


def fit(settings: LdapSettings) -> tuple[Mapping[str, Any], Callable[[str], str | None]]:
    """The mapping for the type of server. Raises ConfigurationError."""
    _target()
    _check_authority(settings)
    mapping = _mapping(settings.dialect.mapping)
    for kind in Kind:
        named, keeps = settings.names_of(kind), settings.id_attribute
        mapped = {**mapping[kind], **settings.map}
        if keeps.lower() in {name.lower() for name, source in mapped.items() if source is not None}:
            raise ConfigurationError(
                f"the attribute {keeps} keeps Kenjo's id, so it cannot be mapped: set kenjo_id_attribute to"
                " another one"
            )
        if mapped.get(named) is None:
            raise ConfigurationError(f"{named} names the entry of each {kind}: it has to be mapped")
    return mapping, check_attribute


def _check_authority(settings: LdapSettings) -> None:
    try:
        ssl.create_default_context(cafile=settings.ca_file)
    except ssl.SSLError:
        raise ConfigurationError(
            f"ca_file cannot be used: {settings.ca_file} has to be a PEM file with certificates"
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"ca_file cannot be used: {settings.ca_file} cannot be read: {error.strerror}; put the"
            " certificate of the authority there that has signed the server's"
        ) from None


@cache
def _mapping(file: str) -> Mapping[str, Any]:
    return mapping_of(__package__, file)


def _connect(settings: LdapSettings, tools: Tools) -> Target:
    mapping = _mapping(settings.dialect.mapping)
    maps = compile_maps("", settings, mapping)
    given = {Kind.PERSON: {*maps[Kind.PERSON], *settings.unique}, Kind.TEAM: {*maps.get(Kind.TEAM, ())}}
    names = {kind: sorted(given[kind] - OWN) for kind in Kind}
    return _target()(settings, names, tools)


ADAPTER = Adapter(LdapSettings, _mapping(ACTIVE_DIRECTORY.mapping), _connect, check_attribute, fit, takes)
