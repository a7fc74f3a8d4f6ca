"""Names, filters and attributes of LDAP, and the settings: pure, whatever the server."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bridge.config.settings import BridgeSettings
from bridge.errors import ConfigurationError, RecordRejected
from bridge.model import Kind
from bridge.spelling import composed
from workers.connect import routes
from workers.targets.ldap import ADAPTER
from workers.targets.ldap.attributes import check_attribute, texts
from workers.targets.ldap.names import equal, is_under, parent, rdn, same, steps, value_of
from workers.targets.ldap.servers import (
    ACTIVE_DIRECTORY,
    DIRECTORY_389,
    Raw,
    Server,
    access_values,
    id_bytes,
    id_text,
    is_open,
)
from workers.targets.ldap.servers import OPENLDAP as OPEN
from workers.targets.ldap.settings import LdapSettings

BASE = "DC=kb,DC=test"
GIVEN: dict[str, Any] = {
    "kind": "ldap",
    "address": "ldaps://dc1.kb.test",
    "bind_dn": "bridge@kb.test",
    "password": "made-up",
    "base": BASE,
    "people": f"OU=People,{BASE}",
    "groups_base": f"OU=Groups,{BASE}",
}
OPENLDAP = {**GIVEN, "server_type": "openldap"}


@given(st.text(min_size=1).filter(lambda text: text.strip(" ")))
def test_any_text_is_a_name(text: str) -> None:
    """A value in a name == read back as it was, below the same container."""
    name = f"{rdn('cn', text)},{BASE}"
    assert value_of(name, "CN") == text
    assert parent(name) == BASE
    assert is_under(name, BASE)
    assert same(name, f"{rdn('CN', composed(text))} , dc=KB, dc=test")


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ("cn=Ana,dc=x", "CN=ANA , DC=X", True),
        ("cn=a\\,b,dc=x", "cn=a\\2cb,dc=x", True),
        ("cn=a\\2Cb,dc=x", "cn=a,dc=b", False),
        ("cn=a+uid=b,dc=x", "uid=b+cn=a,dc=x", True),
        ("cn=Gro\\c3\\9f,dc=x", "cn=Groß,dc=x", True),
        ("cn=a\\ ,dc=x", "cn=a,dc=x", True),  # blanks at the end do not count (RFC 4518 section 2.6.1)
        ("cn=#1,dc=x", "cn=\\#1,dc=x", True),
    ],
)
def test_names_are_compared_as_directories_do(one: str, other: str, *, are_same: bool) -> None:
    """Letter case, escapes, blanks and the order within a step do not count; anything else does."""
    assert same(one, other) is are_same


@pytest.mark.parametrize("text", ["Sales", "ou=", "=x", "ou=a,,dc=x", "o u=a", "ana@kb.test"])
def test_what_is_no_name(text: str) -> None:
    """A word, an address, a step without an attribute == ValueError (an empty value is one)."""
    if text == "ou=":
        assert steps(text)
        return
    with pytest.raises(ValueError, match="distinguished name"):
        steps(text)


def test_a_filter_has_no_holes() -> None:
    """What would end a filter or widen it == escaped, whatever it is."""
    assert equal("mail", "*)(uid=*") == "(mail=\\2a\\29\\28uid\\3d\\2a)"
    assert equal("objectGUID", b"\x00\xff", b"a") == "(|(objectGUID=\\00\\ff)(objectGUID=a))"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("unicodePwd", "gives no passwords"),
        ("USERPASSWORD", "gives no passwords"),
        ("userAccountControl", "map 'active' instead"),
        ("memberOf", "come from Kenjo's teams"),
        ("objectClass", "the server or its administrator"),
        ("emails.work", "no name of an LDAP attribute"),
        ("displayName;lang-de", "no name of an LDAP attribute"),
    ],
)
def test_attributes_that_cannot_be_mapped(name: str, says: str) -> None:
    """Passwords, access, members and what is the server's == a sentence with what to do."""
    assert says in str(check_attribute(name))
    assert check_attribute("extensionAttribute1") is None
    with pytest.raises(RecordRejected):
        texts(Kind.PERSON, {name: "x"}, is_ad=True)


def test_values_become_texts() -> None:
    """Numbers and truth values as LDAP writes them, nothing for an empty text; a list is refused."""
    found = texts(Kind.PERSON, {"title": "", "pager": 7, "carLicense": True, "sn": None}, is_ad=False)
    assert found == {"title": None, "pager": "7", "carLicense": "TRUE", "sn": None}
    with pytest.raises(RecordRejected, match="join"):
        texts(Kind.PERSON, {"title": ["a", "b"]}, is_ad=False)


@pytest.mark.parametrize(
    ("server", "raw", "opens", "closed"),
    [
        (ACTIVE_DIRECTORY, {"useraccountcontrol": [b"66048"]}, b"66048", b"66050"),
        (ACTIVE_DIRECTORY, {"useraccountcontrol": [b"514"]}, b"512", b"514"),
        (OPEN, {}, None, b"000001010000Z"),
        (OPEN, {"pwdaccountlockedtime": [b"20261130120000Z"]}, None, b"000001010000Z"),
        (DIRECTORY_389, {"nsaccountlock": [b"TRUE"]}, None, b"true"),
        (DIRECTORY_389, {}, None, b"true"),
    ],
)
def test_how_each_server_closes(server: Server, raw: Raw, opens: bytes | None, closed: bytes) -> None:
    """The value that opens an account, and the one that closes it == seen as open and closed."""
    for wants, value in ((True, opens), (False, closed)):
        assert access_values(server, raw, opens=wants) == ([] if value is None else [value])
        then = {server.access.lower(): [] if value is None else [value]}
        if value or not server.is_ad:
            assert is_open(server, then) is wants
    assert is_open(ACTIVE_DIRECTORY, {}) is None


def test_ids() -> None:
    """GUIDs are mixed-endian bytes in AD and texts elsewhere; what is none is not asked for."""
    text = "01020304-0506-0708-090a-0b0c0d0e0f10"
    raw = bytes.fromhex("0403020106050807090a0b0c0d0e0f10")
    assert id_bytes(ACTIVE_DIRECTORY, text) == raw
    assert id_text(ACTIVE_DIRECTORY, raw) == text
    assert id_text(OPEN, text.upper().encode()) == text
    assert id_bytes(DIRECTORY_389, "01020304-05060708-090a0b0c-0d0e0f10")
    for server in (ACTIVE_DIRECTORY, OPEN, DIRECTORY_389):
        assert id_bytes(server, "*)(cn=*") is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"address": "https://dc1.kb.test"}, "is not an address such as ldaps://"),
        ({"address": "ldaps://dc1.kb.test:99999"}, "is not an address such as ldaps://"),
        ({"address": "ldaps://[::1"}, "is not an address such as ldaps://"),
        ({"address": "ldaps://dc1..kb.test"}, "is not an address such as ldaps://"),
        ({"address": "ldaps://u:p@dc1.kb.test"}, "must end with its host or port"),
        ({"address": "ldaps://dc1.kb.test/dc=kb"}, "must end with its host or port"),
        ({"address": "ldap://dc1.kb.test", "start_tls": False}, "passwords only over TLS"),
        ({"base": "kb.test"}, "is no distinguished name"),
        ({"base": ""}, "is no distinguished name"),
        ({"people": "OU=People,DC=other"}, "not within base"),
        ({"groups_base": None}, "groups_base is missing"),
        ({"password": ""}, "is empty"),
        ({"match": ["manager"]}, "which many entries share"),
        ({"match": ["unicodePwd"]}, "gives no passwords"),
        ({"rdn": "no name"}, "no name of an LDAP attribute"),
        ({"object_classes": ["a)(b"]}, "is no object class"),
        ({"page_size": 5000}, "less than or equal to 1000"),
        ({"server_type": "edirectory"}, "active_directory"),
    ],
)
def test_settings_that_cannot_be(given: dict[str, Any], says: str) -> None:
    """Each == a sentence that says what is wrong, without a secret."""
    with pytest.raises(ValidationError) as refused:
        LdapSettings.model_validate({**GIVEN, **given})
    assert says in str(refused.value)
    assert "made-up" not in str(refused.value)


def test_where_it_listens() -> None:
    """The usual ports, others where they are named, and IPv6 (RFC 4516 section 2)."""
    for address, host, port in (
        ("ldaps://dc1.kb.test", "dc1.kb.test", 636),
        ("ldap://dc1.kb.test/", "dc1.kb.test", 389),
        ("LDAPS://[::1]:1636", "::1", 1636),
    ):
        settings = LdapSettings.model_validate({**GIVEN, "address": address})
        assert (settings.host, settings.port) == (host, port)


def configured(*targets: dict[str, Any], **kenjo: Any) -> BridgeSettings:
    named = {f"t{number}": one for number, one in enumerate(targets)}
    return BridgeSettings.model_validate({"kenjo": kenjo, "targets": named})


def test_plain_ldap_in_production() -> None:
    """Without TLS to another machine == refused in production; with StartTLS, or to this one, taken."""
    plain = {**OPENLDAP, "address": "ldap://ldap.internal"}
    assert routes(configured(plain, environment="production"))
    assert routes(configured({**plain, "start_tls": False}, environment="sandbox"))
    here = {**plain, "start_tls": False, "address": "ldap://127.0.0.1"}
    assert routes(configured(here, environment="production"))
    with pytest.raises(ConfigurationError, match=r"targets\.t0\.address is plain ldap .* use ldaps"):
        routes(configured({**plain, "start_tls": False}, environment="production"))


def test_two_targets_of_one_directory() -> None:
    """One base within the other, by whatever server == refused; apart from each other == taken."""
    north, south = f"OU=North,{BASE}", f"OU=South,{BASE}"
    with pytest.raises(ConfigurationError, match="have the same address"):
        routes(configured(GIVEN, {**GIVEN, "address": "ldaps://dc2.kb.test", "base": north, "people": north}))
    two = ({**GIVEN, "base": one, "people": one} for one in (north, south))
    assert len(routes(configured(*two))) == 2


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"map": {"adminDescription": "person.id"}}, "keeps Kenjo's id"),
        ({"kenjo_id_attribute": "mail"}, "keeps Kenjo's id"),
        ({"map": {"cn": None}}, "cn names the entry of each person"),
        ({"rdn": "uid"}, "uid names the entry of each person"),
        ({"map": {"unicodePwd": "person.id"}}, "gives no passwords"),
        ({"ca_file": "/nowhere/ca.pem"}, "/nowhere/ca.pem cannot be read: No such file"),
        ({"ca_file": __file__}, "has to be a PEM file"),
    ],
)
def test_mappings_that_cannot_be(given: dict[str, Any], says: str) -> None:
    """The id's own attribute mapped, or the name not mapped == refused at the start."""
    with pytest.raises(ConfigurationError, match=f"^targets.t0.*{says}"):
        routes(configured({**GIVEN, **given}))


def test_each_server_has_its_mapping() -> None:
    """OpenLDAP gets inetOrgPerson's attributes, AD its own; what is required is mapped."""
    for server_type, name in (
        ("active_directory", "userPrincipalName"),
        ("openldap", "uid"),
        ("389ds", "uid"),
    ):
        settings = LdapSettings.model_validate({**GIVEN, "server_type": server_type})
        mapping = ADAPTER.fitted(settings).mapping
        assert name in mapping["person"]
        assert settings.rdn or settings.names_of(Kind.PERSON) in mapping["required"]["person"]
        assert set(mapping["required"]["person"]) <= set(mapping["person"])


def test_without_the_extra() -> None:
    """ldap3 is not installed == one sentence names what to install, and other kinds work."""
    code = (
        "import sys; sys.modules['ldap3'] = None\n"
        "from workers.targets import load\n"
        "load('scim'); adapter = load('ldap')\n"
        f"settings = adapter.settings.model_validate({GIVEN!r})\n"
        "try: adapter.fitted(settings)\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == (
        "ConfigurationError a target of the kind ldap needs the package ldap3:"
        ' pip install "kenjo-bridge[ldap]"'
    )
