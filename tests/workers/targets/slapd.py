"""A real OpenLDAP for tests: slapd as a user without rights, in a folder of its own, on a free port."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.targets.ldap.library import ldap3

SUFFIX = "dc=example,dc=org"
PEOPLE, GROUPS = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{SUFFIX}", "made-up-admin"
BRIDGE, BRIDGE_PASSWORD = f"cn=bridge,{SUFFIX}", "made-up-bridge"
POLICY = f"cn=policy,{SUFFIX}"
RIGHTS = tuple(
    f'access to dn.subtree="{container}" by dn.exact="{BRIDGE}" write by * read'
    for container in (PEOPLE, GROUPS)
)
ACCESS = (
    "access to attrs=userPassword by self write by anonymous auth by * none",
    *RIGHTS,
    "access to * by * read",
)
NOBODY = f"cn=nobody,{GROUPS}"

PROGRAM = shutil.which("slapd") or shutil.which("slapd", path="/usr/sbin:/usr/lib/openldap:/usr/libexec")
_SCHEMAS = next(
    (path for path in map(Path, ("/etc/ldap/schema", "/etc/openldap/schema")) if path.is_dir()), None
)
_MODULES = next(
    (
        path
        for path in map(Path, ("/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap"))
        if path.is_dir()
    ),
    None,
)
MISSING = (
    ""
    if PROGRAM and _SCHEMAS
    else "there is no slapd here: install the package slapd (Debian) or openldap-servers"
)
"""Why no test with a real OpenLDAP can run; "" where it can."""

_LOCAL = "127.0.0.1"


@dataclass(frozen=True)
class Slapd:
    """A running server."""

    port: int

    def connection(self, dn: str = ADMIN, password: str = ADMIN_PASSWORD) -> Any:
        """A connection of ldap3, past all that is tested; bound if the server let it."""
        server = ldap3.Server(_LOCAL, self.port, get_info=ldap3.NONE)
        found = ldap3.Connection(server, dn, password, check_names=False, return_empty_attributes=False)
        found.bind()
        return found

    def may_sign_in(self, dn: str, password: str) -> bool:
        """Whether somebody can sign in."""
        connection = self.connection(dn, password)
        bound = bool(connection.bound)
        connection.unbind()
        return bound


@contextmanager
def slapd(*, lockout: bool = True, limits: Sequence[str] = (), first: Sequence[str] = ()) -> Iterator[Slapd]:
    """Run a server with the overlays ppolicy and refint, and the rights that docs/targets/ldap.md gives.

    `lockout`: pwdLockout of the default policy; `limits`: further lines of its configuration; `first`:
    access lines before all others.
    """
    folder = Path(tempfile.mkdtemp(prefix="kenjo-slapd-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        (folder / "db").mkdir()
        user = "nobody" if os.geteuid() == 0 else None
        if user:
            nobody = pwd.getpwnam(user)
            for path in (folder, folder / "db"):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
        for _ in range(5):  # another process may be quicker to take the port
            port = _free_port()
            process = _start(folder, port, user, [*first, *ACCESS, *limits])
            if _answers(process, port):
                break
        server = Slapd(port)
        _fill(server, lockout=lockout)
        yield server
    finally:
        if process and process.poll() is None:
            process.terminate()
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, port: int, user: str | None, lines: Sequence[str]) -> subprocess.Popen[bytes]:
    config = folder / "slapd.conf"
    config.write_text("\n".join([*_configuration(folder), *lines, ""]))
    command = [str(PROGRAM), "-f", str(config), "-h", f"ldap://{_LOCAL}:{port}/", "-d", "0"]
    rights: dict[str, Any] = (
        {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    )
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **rights)  # noqa: S603


def _configuration(folder: Path) -> list[str]:
    modules = (
        [one for one in ("back_mdb", "refint", "ppolicy") if list(_MODULES.glob(f"{one}*.so*"))]
        if _MODULES
        else []
    )
    return [
        *(f"include {_SCHEMAS}/{name}.schema" for name in ("core", "cosine", "inetorgperson")),
        *([f"modulepath {_MODULES}"] if modules else []),
        *(f"moduleload {name}" for name in modules),
        f"pidfile {folder}/pid",
        "database mdb",
        f'suffix "{SUFFIX}"',
        f'rootdn "{ADMIN}"',
        f"rootpw {ADMIN_PASSWORD}",
        f"directory {folder}/db",
        "index objectClass,entryUUID,description,mail,uid,cn,member eq",
        "overlay refint",
        "refint_attributes member manager",
        f'refint_nothing "{NOBODY}"',
        "overlay ppolicy",
        f'ppolicy_default "{POLICY}"',
    ]


def _fill(server: Slapd, *, lockout: bool) -> None:
    connection = server.connection()
    for dn, classes, attributes in (
        (SUFFIX, ["dcObject", "organization"], {"dc": "example", "o": "Example"}),
        (PEOPLE, ["organizationalUnit"], {}),
        (GROUPS, ["organizationalUnit"], {}),
        (BRIDGE, ["applicationProcess", "simpleSecurityObject"], {"userPassword": BRIDGE_PASSWORD}),
        (
            POLICY,
            ["applicationProcess", "pwdPolicy"],
            {"pwdAttribute": "userPassword", "pwdLockout": str(lockout).upper()},
        ),
    ):
        assert connection.add(dn, classes, attributes), connection.result
    connection.unbind()


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    for _ in range(200):
        if process.poll() is not None:
            return False
        try:
            socket.create_connection((_LOCAL, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind((_LOCAL, 0))
        port: int = taken.getsockname()[1]
        return port
