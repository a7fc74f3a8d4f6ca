"""Which addresses of Kenjo and of targets are taken, and which can be listened to."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from bridge.config.addresses import called_address, http_address, is_open_to_listeners
from bridge.config.redis_settings import RedisSettings
from bridge.errors import ConfigurationError
from bridge.store.pool import open_pool
from tests.bridge.configuring import problems, target_problems
from workers.targets.file.settings import FileSettings
from workers.targets.ldap.settings import LdapSettings

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("https://example.com/scim/v2/", "https://example.com/scim/v2"),
        (" https://example.com \n", "https://example.com"),
        ("HTTPS://Example.com:8443/v2", "HTTPS://Example.com:8443/v2"),
        ("http://[::1]:8080/v2", "http://[::1]:8080/v2"),
        ("https://bücher.example/scim", "https://bücher.example/scim"),
    ],
)
def test_an_address_is_taken_without_its_last_slash(address: str, taken: str) -> None:
    """Schemes and hosts in any case, ports, IPv6, umlauts == taken as they are."""
    assert http_address(address) == taken


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (f"ftp://{SECRET}.example", "start with https://"),
        (f"file:///{SECRET}", "start with https://"),
        (f"{SECRET}.example/v2", "start with https://"),
        (f"//{SECRET}.example", "start with https://"),
        ("https://", "start with https://"),
        ("https:///path", "start with https://"),
        (f"https://{SECRET}@example.com", "user or password"),
        (f"https://user:{SECRET}@example.com/v2", "user or password"),
        (f"https://example.com/v2?token={SECRET}", "no \\? or #"),
        ("https://example.com/v2?", "no \\? or #"),
        (f"https://example.com/v2#{SECRET}", "no \\? or #"),
        ("https://example.com#", "no \\? or #"),
        (f"https://{SECRET}..example.com", "is not an address such as"),
        (f"https://{SECRET}{'a' * 64}.example.com", "is not an address such as"),
        ("https://...", "is not an address such as"),
        (f"https://example.com/{SECRET}\ud83d", "must not have blanks"),
        (f"https://example.com/{SECRET} v2", "blanks, line breaks"),
        (f"https://example.com/\r\nX-Header: {SECRET}", "blanks, line breaks"),
        (f"https://example.com\\@{SECRET}.example", "blanks, line breaks"),
        ("https://example.com/\x1b[2J", "blanks, line breaks"),
        ("https://example.com/\u202egnp", "blanks, line breaks"),
        ("http://[::1", "is not an address"),
        ("http://[x]/", "is not an address"),
        ("https://example.com:99999", "is not an address"),
        ("https://example.com:0", "is not an address"),
        ("https://example.com:", "is not an address"),
        ("https://example.com:port", "is not an address"),
        ("https://:443/v2", "is not an address"),
        ("https://example.com/" + "x" * 3000, "longer"),
    ],
)
def test_what_is_no_plain_address_is_refused_by_a_sentence(address: str, sentence: str) -> None:
    """Another scheme, a user, query, fragment, blank, half an address == a sentence without it."""
    with pytest.raises(ValueError, match=sentence) as refused:
        http_address(address)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "address", ["https://example.com/hook/?sig=a%2Fb&x=1", "https://example.com/hook/", "https://example.com"]
)
def test_an_address_that_is_called_stays_as_it_is(address: str) -> None:
    """A query, a slash at the end == taken as they are."""
    assert called_address(f" {address}\n") == address


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (f"https://example.com/hook?a=1#{SECRET}", "a # in it"),
        (f"https://{SECRET}@example.com/hook?a=1", "user or password"),
        (f"{SECRET}.example/hook", "start with https://"),
    ],
)
def test_what_cannot_be_called_is_refused_by_a_sentence(address: str, sentence: str) -> None:
    """A fragment, a password, another scheme == a sentence without it."""
    with pytest.raises(ValueError, match=sentence) as refused:
        called_address(address)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("https://example.com", False),
        ("http://example.com", True),
        ("HTTP://10.0.0.7:80/v2", True),
        ("http://localhost:8080", False),
        ("http://LOCALHOST.", False),
        ("http://scim.localhost", False),
        ("http://127.0.0.53/v2", False),
        ("http://[::1]:1/v2", False),
        ("http://[fe80::1]/v2", True),
        ("http://localhost.example.com", True),
        ("http://127.0.0.1.example.com", True),
        ("http://0.0.0.0", True),
        ("ldap://dc1.example.com", True),
        ("LDAP://127.0.0.1:389", False),
        ("ldaps://dc1.example.com", False),
        ("ldap+starttls://dc1.example.com", False),
    ],
)
def test_plain_http_to_another_machine_can_be_listened_to(address: str, *, is_open: bool) -> None:
    """Plain http or ldap to any host but this machine, by name or number == open to listeners."""
    assert is_open_to_listeners(address) is is_open


def test_kenjo_and_targets_have_the_same_rule(tmp_path: Path) -> None:
    """A query in kenjo.base_url, and in a target's == refused with the setting's path."""
    (line,) = problems(tmp_path, "kenjo: {base_url: 'https://kenjo.example/api/v1?x=1'}")
    assert line.startswith("kenjo.base_url must end with its path")
    (line,) = target_problems(tmp_path, "{kind: scim, base_url: 'https://a.example#x', token: t}")
    assert line.startswith("targets.directory.base_url must end with its path")


LDAP: dict[str, object] = {
    "kind": "ldap",
    "bind_dn": "cn=x,dc=a",
    "password": "p",
    "base": "dc=a",
    "people": "ou=p,dc=a",
}
LDAP |= {"groups": {"from": []}, "server_type": "openldap"}
FILE = {"kind": "file", "host_key": "ssh-ed25519 AAAA", "password": "p"}


@pytest.mark.parametrize(
    "address",
    [
        "ldaps://dc1 .example",
        "ldaps://dc1.exa\tmple",
        "ldaps://dc1.example\nx",
        "ldaps://dc1\u202e.example",
        "ldaps://dc1.example\\@other",
        "ldaps://dc1.example:",
        "ldaps://dc1.example:0",
        "ldaps://dc1.example?",
        "ldaps://dc1.example#",
        "ldaps://[::1",
        "https://dc1.example",
        "ldaps://user@dc1.example",
        "ldaps://dc1.example/dc=a",
    ],
)
def test_what_is_no_address_of_a_directory(address: str) -> None:
    """Blanks, what acts on a terminal, a path, a query, another scheme, half an address == refused."""
    assert LdapSettings.model_validate({**LDAP, "address": " LDAPS://dc1.example:636/ "}).port == 636
    with pytest.raises(ValueError, match=r"is not an address|must end with|must not have"):
        LdapSettings.model_validate({**LDAP, "address": address})


@pytest.mark.parametrize(
    "path",
    [
        "SFTP://u@h/f/people.csv",
        "ftp://u@h/people.csv",
        "https://h/people.csv",
        "file:///tmp/people.csv",
        "sftp:/u@h/people.csv",
        "sftp://u@h/f/people.csv?",
        "sftp://u@h/f/people.csv#x",
        "sftp://u@h:/f/people.csv",
        "sftp://u@h:0/f/people.csv",
        "sftp://u@[::1/f/people.csv",
        "sftp://u@h x/f/people.csv",
        "sftp://u@h\\@e/f/people.csv",
        "sftp://u%0a@h/f/people.csv",
        "sftp://u@h/f%00/people.csv",
        "sftp://u@h\x1b/f/people.csv",
        "/srv/a\nb/people.csv",
        "/srv/\0/people.csv",
    ],
)
def test_what_is_no_place_of_a_file(path: str) -> None:
    """Another scheme, which would be a folder's name here, a query, what cannot be seen == refused."""
    for usable in ("people.csv", "/srv/Löhne 1/people.csv", "sftp://u%40c@h:2222/~/Löhne 1/people.csv"):
        assert FileSettings.model_validate({**FILE, "path": usable})
    with pytest.raises(ValueError, match=r"is no address|must be a path|must not have|must end in"):
        FileSettings.model_validate({**FILE, "path": path})


def test_the_link_of_notices(tmp_path: Path) -> None:
    """What each notice ends with == an address like all others, on one line."""
    for link in ("javascript:alert(1)", "https://h/\\n- all is well", "https://h/\\u202e", "https://u:p@h"):
        (line,) = problems(tmp_path, f'notices: {{link: "{link}"}}')
        assert line.startswith("notices.link must")


@pytest.mark.parametrize(
    "address",
    [
        "http://h",
        "h:6379",
        "redis://h:port",
        "redis://h:99999",
        "redis://[::1",
        "redis://h?db=x",
        f"redis://h?{SECRET}=1",
        "redis://h?decode_responses=true",
        "rediss://h?ssl_cert_reqs=no",
        "redis://a..b",
        "redis://\u202eh",
        f"redis://{'h' * 70}",
    ],
)
def test_what_is_no_address_of_redis(address: str) -> None:
    """Another scheme, host, port or option than there is == a sentence before anything is asked."""
    assert open_pool(at("rediss://user:p%40@[::1]:1/2?ssl_cert_reqs=none"))
    assert open_pool(at("unix:///run/redis.sock?db=1"))
    with pytest.raises(ConfigurationError, match=r"redis\.url must") as refused:
        open_pool(at(address))
    assert SECRET not in str(refused.value)


def at(url: str) -> RedisSettings:
    return RedisSettings(url=SecretStr(url))
