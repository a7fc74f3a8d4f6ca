"""The page for administrators says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.workers.targets import slapd
from workers.targets.ldap import ADAPTER
from workers.targets.ldap.settings import LdapSettings

PAGE = (Path(__file__).parents[3] / "docs" / "targets" / "ldap.md").read_text("utf-8")
SETTINGS = {
    "kind": "ldap",
    "address": "ldaps://dc1.corp.example",
    "bind_dn": "kenjo-bridge",
    "password": "made-up",
    "base": "dc=x",
    "people": "dc=x",
    "groups_base": "dc=x",
}


def test_the_default_mappings_are_documented() -> None:
    """The tables of the page are the default mappings, row by row, with what is required."""
    rows = re.findall(r"^\| `(\w+)`( \(required\))? \| `([^|]+)` \|$", PAGE, re.MULTILINE)
    expected = []
    for server_type in ("active_directory", "openldap"):
        settings = LdapSettings.model_validate({**SETTINGS, "server_type": server_type})
        mapping = ADAPTER.fitted(settings).mapping
        expected += [
            (name, " (required)" if name in mapping["required"][kind] else "", expression)
            for kind in ("person", "team")
            for name, expression in mapping[kind].items()
        ]
    assert rows == expected


def test_the_settings_are_documented() -> None:
    """Every setting that LDAP adds has a row with its default."""
    table = PAGE.partition("## Settings")[2].partition("## Default mapping")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \|(?: `([^`]+)`)? \| ", table, re.MULTILINE))
    for name in set(LdapSettings.__annotations__) & set(LdapSettings.model_fields):
        field = LdapSettings.model_fields[name]
        default = "" if field.is_required() else field.default
        assert rows.pop(name) == (default if isinstance(default, str) else json.dumps(default)), name
    assert rows == {}


def test_the_rights_of_the_page_are_those_that_were_tried() -> None:
    """The access lines of the page == those of the slapd that the contract runs at."""
    for line in re.findall(r"^ +(access to .+)$", PAGE, re.MULTILINE):
        assert line in slapd.RIGHTS
    assert len(re.findall(r"^ +access to ", PAGE, re.MULTILINE)) == 2
