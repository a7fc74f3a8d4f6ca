"""The made-up Active Directory as a server: LDAP version 3 (RFC 4511) with LDAPS and StartTLS."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.workers.targets import ldap_ber as ber
from tests.workers.targets.ldap_ad_domain import (
    KNOWN,
    Domain,
    Entry,
    Refused,
    Who,
    dn_of,
    steps_of,
    unwilling,
)
from tests.workers.targets.ldap_ber import Node
from tests.workers.targets.ldap_line import ended

PAGED = "1.2.840.113556.1.4.319"
TREE_DELETE = "1.2.840.113556.1.4.805"
START_TLS = "1.3.6.1.4.1.1466.20037"
SCHEMA = "CN=Aggregate,CN=Schema,CN=Configuration"

_NEEDS_TLS = (
    "00002028: LdapErr: DSID-0C090202, comment: The server requires binds to turn on integrity checking if"
    " SSL\\TLS are not already active on the connection, data 0, v1db1"
)
_NEEDS_BIND = (
    "LdapErr: DSID-0C0906E8, comment: In order to perform this operation a successful bind must be completed"
    " on the connection."
)
_BIND, _UNBIND, _SEARCH, _ABANDON, _EXTENDED = 0x60, 0x42, 0x63, 0x50, 0x77
_MODIFY, _ADD, _DELETE, _RENAME = 0x66, 0x68, 0x4A, 0x6C
_DONE = {_MODIFY: 0x67, _ADD: 0x69, _DELETE: 0x6B, _RENAME: 0x6D, _SEARCH: 0x65}


@dataclass
class AdServer:
    """A domain and who may sign in to it besides its users: names, passwords, and where they may write.

    `part`: members that are shown at once (MaxValRange); `most`: entries that one search gives (MaxPageSize).
    """

    domain: Domain
    accounts: dict[str, tuple[str, str | None]]
    certificate: ssl.SSLContext
    part: int = 1500
    most: int = 1000
    port: int = 0
    secure_port: int = 0
    refuses_sign_in: str = ""
    searches: list[list[str]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await _Session(self, reader, writer).run()
        finally:
            ended(writer)

    def sign_in(self, name: str, password: str) -> str | None:
        """Where somebody may write, "" for everywhere. Raises Refused as Windows does."""
        if self.refuses_sign_in:
            raise _no_sign_in(self.refuses_sign_in)
        if name in self.accounts:
            known, below = self.accounts[name]
            if known != password:
                raise _no_sign_in("52e")
            return below
        user = next(
            (
                one
                for one in self.domain.entries.values()
                if name.encode() in one.values.get("userprincipalname", []) or dn_of(one.steps) == name
            ),
            None,
        )
        if user is None or not user.password or user.password != password:
            raise _no_sign_in("52e")
        if user.flag("userAccountControl") & 2:
            raise _no_sign_in("533")
        return None


def _no_sign_in(data: str) -> Refused:
    refused = Refused(49, "80090308", "LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error")
    refused.text = refused.text.replace("data 0", f"data {data}, v1db1")
    return refused


class _Session:
    """One connection."""

    def __init__(self, server: AdServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._domain = server.domain
        self._reader = reader
        self._writer = writer
        self._who: Who | None = None
        self._pages: dict[bytes, list[Entry]] = {}

    @property
    def _encrypted(self) -> bool:
        return self._writer.get_extra_info("ssl_object") is not None

    async def run(self) -> None:
        while data := await ber.read_message(self._reader):
            id_, operation, *more = ber.parsed(data).parts
            if operation.tag == _UNBIND:
                return
            controls = {one.parts[0].text: one.parts[1:] for one in more[0].parts} if more else {}
            if operation.tag == _EXTENDED:
                await self._extended(id_.number, operation)
            elif operation.tag == _BIND:
                self._send(id_.number, self._bind(operation))
            elif operation.tag != _ABANDON:
                self._answer(id_.number, operation, controls)
            await self._writer.drain()

    def _send(self, id_: int, operation: bytes, controls: Sequence[bytes] = ()) -> None:
        self._writer.write(ber.message(id_, operation, controls))

    async def _extended(self, id_: int, operation: Node) -> None:
        name = operation.parts[0].text
        if name != START_TLS or self._encrypted:
            self._send(
                id_,
                ber.result(0x78, 2, "0000203D: LdapErr: DSID-0C090D71, comment: Unknown extended request"),
            )
            return
        self._send(id_, ber.result(0x78, 0, "", ber.octets(START_TLS, 0x8A)))
        await self._writer.drain()
        await self._writer.start_tls(self._server.certificate)

    def _bind(self, operation: Node) -> bytes:
        version, name, credentials = operation.parts
        if version.number != 3 or credentials.tag != 0x80:
            return ber.result(
                0x61, 7, "00002027: LdapErr: DSID-0C090C5C, comment: Unknown authentication method"
            )
        if not self._encrypted and name.text:
            return ber.result(0x61, 8, _NEEDS_TLS)
        try:
            below = self._server.sign_in(name.text, credentials.text)
        except Refused as refused:
            return ber.result(0x61, refused.code, refused.text)
        self._who = Who(self._encrypted, steps_of(below) if below else None)
        return ber.result(0x61, 0)

    def _answer(self, id_: int, operation: Node, controls: dict[str, list[Node]]) -> None:
        try:
            self._check(operation, controls)
            self._carry_out(id_, operation, controls, self._who or Who(self._encrypted))
        except Refused as refused:
            self._send(id_, ber.result(_DONE[operation.tag], refused.code, refused.text))

    def _check(self, operation: Node, controls: dict[str, list[Node]]) -> None:
        if [one for name, one in controls.items() if name not in (PAGED, TREE_DELETE) and _critical(one)]:
            raise Refused(12, "000020EF", "LdapErr: DSID-0C090D78, comment: Error processing control")
        is_root = operation.tag == _SEARCH and not operation.parts[0].octets
        if self._who is None and not is_root:
            raise Refused(1, "000004DC", _NEEDS_BIND)

    def _carry_out(self, id_: int, operation: Node, controls: dict[str, list[Node]], who: Who) -> None:
        if operation.tag == _SEARCH:
            self._search(id_, operation, controls, who)
            return
        if operation.tag == _ADD:
            name, attributes = operation.parts
            given = {one.parts[0].text: [v.octets for v in one.parts[1].parts] for one in attributes.parts}
            self._domain.add(who, name.text, given)
        elif operation.tag == _MODIFY:
            name, changes = operation.parts
            self._domain.modify(who, name.text, [_change(one) for one in changes.parts])
        elif operation.tag == _RENAME:
            name, step, delete_old, *above = operation.parts
            if delete_old.octets == b"\x00":
                raise unwilling("00002080")
            self._domain.rename(who, name.text, step.text, above[0].text if above else None)
        else:
            self._domain.delete(who, operation.octets.decode(), tree=TREE_DELETE in controls)
        self._send(id_, ber.result(_DONE[operation.tag], 0))

    # Searching

    def _search(self, id_: int, operation: Node, controls: dict[str, list[Node]], who: Who) -> None:
        base, scope, _, size, _, types_only, where, attributes = operation.parts
        if types_only.octets != b"\x00":
            raise unwilling("00002080")
        asked = [one.text for one in attributes.parts]
        self._server.searches.append(asked)
        if not base.octets:
            self._send_entry(id_, "", _only(self._itself(), asked))
            self._send(id_, ber.result(0x65, 0))
            return
        if base.text == SCHEMA:
            self._send_entry(id_, SCHEMA, {"attributeTypes": _schema()})
            self._send(id_, ber.result(0x65, 0))
            return
        found, cookie = self._page(base.text, scope.number, where, controls)
        limit = min(filter(None, (size.number, self._server.most)))
        cut = len(found) > limit and PAGED not in controls
        for entry in found[:limit] if cut else found:
            self._send_entry(id_, dn_of(entry.steps), self._shown(entry, asked, who))
        self._send(id_, ber.result(0x65, 4 if cut else 0), self._paged(controls, cookie))

    def _page(
        self, base: str, scope: int, where: Node, controls: dict[str, list[Node]]
    ) -> tuple[list[Entry], bytes]:
        """The entries of one page, and the cookie of the next; a cookie is good on its connection only."""
        value = ber.parsed(controls[PAGED][-1].octets).parts if PAGED in controls else []
        if value and value[1].octets:
            if value[1].octets not in self._pages:
                raise unwilling("00000057")
            left = self._pages.pop(value[1].octets)
        else:
            top = self._domain.at(base)
            if top is None:
                raise Refused(
                    32,
                    "0000208D",
                    "NameErr: DSID-03100238, problem 2001 (NO_OBJECT)",
                    ", best match of:\n\t''",
                )
            left = [one for one in self._domain.below(top, scope) if self._holds(one, where)]
        if not value:
            return left, b""
        size = min(value[0].number or self._server.most, self._server.most)
        page, left = left[:size], left[size:]
        if not left:
            return page, b""
        cookie = f"page {len(left)} {id(left)}".encode()
        self._pages[cookie] = left
        return page, cookie

    def _paged(self, controls: dict[str, list[Node]], cookie: bytes) -> list[bytes]:
        if PAGED not in controls:
            return []
        value = ber.value(ber.SEQUENCE, ber.integer(0), ber.octets(cookie))
        return [ber.value(ber.SEQUENCE, ber.octets(PAGED), ber.octets(value))]

    def _holds(self, entry: Entry, where: Node) -> bool:
        combine: dict[int, Callable[..., bool]] = {0xA0: all, 0xA1: any}
        if where.tag in combine:
            return combine[where.tag](self._holds(entry, one) for one in where.parts)
        if where.tag == 0xA2:
            return not self._holds(entry, where.parts[0])
        if where.tag == 0xA3:
            attribute, value = where.parts
            return self._domain.matches(entry, attribute.text, value.octets)
        if where.tag == 0xA4 and where.parts[1].parts[0].tag == 0x80:  # begins with
            start = where.parts[1].parts[0].octets
            return any(one.startswith(start) for one in self._domain.read(entry, where.parts[0].text.lower()))
        if where.tag == 0x87:
            return bool(self._domain.read(entry, where.text.lower()))
        raise unwilling("00002080")

    def _shown(self, entry: Entry, asked: Sequence[str], who: Who) -> dict[str, list[bytes]]:
        found: dict[str, list[bytes]] = {}
        for wanted in asked:
            name, _, option = wanted.partition(";")
            values = self._domain.read(entry, name.lower())
            if wanted == "*":
                all_ = self._domain.shown(entry)
                found |= {KNOWN.get(key, key): one for key, one in all_.items() if key != "member"}
            elif name.lower() == "allowedchildclasseseffective":
                found[wanted] = self._domain.may_create(who, entry.steps)
            elif name.lower() == "member" and values:
                found |= self._range(values, option)
            elif values:
                found[KNOWN[name.lower()]] = values
        return {name: values for name, values in found.items() if values or ";" in name}

    def _range(self, values: list[bytes], option: str) -> dict[str, list[bytes]]:
        """A part of a long list (MS-ADTS 3.1.1.3.1.3.3)."""
        first = int(option.removeprefix("range=").partition("-")[0]) if option else 0
        part = values[first : first + self._server.part]
        whole = first + len(part) >= len(values)
        if not option and whole:
            return {"member": part}
        last = "*" if whole else str(first + len(part) - 1)
        return {**({} if option else {"member": []}), f"member;range={first}-{last}": part}

    def _send_entry(self, id_: int, dn: str, attributes: dict[str, list[bytes]]) -> None:
        listed = [
            ber.value(
                ber.SEQUENCE, ber.octets(name), ber.value(ber.SET, *(ber.octets(one) for one in values))
            )
            for name, values in attributes.items()
        ]
        self._send(id_, ber.value(0x64, ber.octets(dn), ber.value(ber.SEQUENCE, *listed)))

    def _itself(self) -> dict[str, list[bytes]]:
        base = self._domain.base.encode()
        return {
            "namingContexts": [base, b"CN=Configuration," + base],
            "defaultNamingContext": [base],
            "subschemaSubentry": [SCHEMA.encode()],
            "forestFunctionality": [b"7"],
            "supportedControl": [PAGED.encode()],
        }


def _only(attributes: dict[str, list[bytes]], asked: Sequence[str]) -> dict[str, list[bytes]]:
    wanted = {one.lower() for one in asked}
    return {name: values for name, values in attributes.items() if name.lower() in wanted or "*" in wanted}


def _schema() -> list[bytes]:
    return [
        f"( 1.2.840.113556.1.4.{number} NAME '{name}' )".encode()
        for number, name in enumerate(KNOWN.values())
    ]


def _change(node: Node) -> tuple[int, str, list[bytes]]:
    how, attribute = node.parts
    return how.number, attribute.parts[0].text, [one.octets for one in attribute.parts[1].parts]


def _critical(parts: list[Node]) -> bool:
    return bool(parts) and parts[0].tag == 0x01 and parts[0].octets != b"\x00"


@asynccontextmanager
async def ad_server(server: AdServer) -> AsyncIterator[AdServer]:
    """Run it on two free ports of this machine: LDAP with StartTLS, and LDAPS."""
    tasks: set[asyncio.Task[None]] = set()

    def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(server.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    plain = await asyncio.start_server(client, "127.0.0.1", 0)
    secure = await asyncio.start_server(client, "127.0.0.1", 0, ssl=server.certificate)
    server.port, server.secure_port = (one.sockets[0].getsockname()[1] for one in (plain, secure))
    try:
        yield server
    finally:
        for one in (plain, secure):
            one.close()
        for task in set(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for one in (plain, secure):
            await one.wait_closed()
        await asyncio.sleep(0)  # what was aborted is closed in the loop's next round
