"""A line to an LDAP server: it passes on what clients send, keeps count of writes, and can fail.

Messages are told apart by their tags (RFC 4511 section 4.2 and after); TLS ends here, if there is any.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.workers.targets import ldap_ber as ber

WRITES = {0x66: "modify", 0x68: "add", 0x4A: "delete", 0x6C: "rename"}
"""Requests that change something, by their tag."""

SEARCH, BIND, UNBIND = 0x63, 0x60, 0x42
_ANSWERS = {0x66: 0x67, 0x68: 0x69, 0x4A: 0x6B, 0x6C: 0x6D, SEARCH: 0x65, BIND: 0x61}

Fault = Callable[[int], tuple[int, str] | str | None]
"""What meets a request with this tag: a result code and a text, "lose", "drop", "hang"; None: it passes."""


class LdapLine:
    """Forwards to a server at `port` of this machine; its own is at `own_port`.

    `slow`: seconds from one byte of an answer to the next.
    """

    def __init__(self, port: int, inner: ssl.SSLContext | None, outer: ssl.SSLContext | None) -> None:
        self.writes: list[str] = []
        self.searches = 0
        self.connections = 0
        self.own_port = 0
        self.slow = 0.0
        self._port = port
        self._inner, self._outer = inner, outer
        self._faults: list[Fault] = []
        self._always: Fault | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def requests(self) -> int:
        """What a rate counts."""
        return len(self.writes) + self.searches

    def lose(self) -> None:
        """Let the next write be done, and its answer get lost."""
        self.at_a_write("lose")

    def refuse(self) -> None:
        """Let the server refuse the next write for what is in it."""
        self.at_a_write((65, "object class violation"))

    def at_a_write(self, what: tuple[int, str] | str) -> None:
        """Meet the next write so."""
        self._faults.append(lambda tag: what if tag in WRITES else None)

    def fail_always(self, fault: Fault | None) -> None:
        """Meet every request with this, until called with None."""
        self._always = fault

    def cut(self) -> None:
        """Close all connections that stand."""
        for writer in self._open:
            writer.close()

    def _fault(self, tag: int) -> tuple[int, str] | str | None:
        for fault in self._faults:
            if what := fault(tag):
                self._faults.remove(fault)
                return what
        return self._always(tag) if self._always else None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        self.connections += 1
        there, back = await asyncio.open_connection(
            "127.0.0.1", self._port, ssl=self._inner, server_hostname="localhost" if self._inner else None
        )
        lost: set[int] = set()
        self._open.add(writer)
        answers = asyncio.create_task(self._pass_answers(there, writer, lost))
        try:
            while message := await ber.read_message(reader):
                if not await self._pass(message, writer, back, lost):
                    break
            if lost:
                await answers
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            answers.cancel()
            self._open.discard(writer)
            ended(writer, back)
            with contextlib.suppress(asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
                await answers

    async def _pass(
        self, message: bytes, writer: asyncio.StreamWriter, back: asyncio.StreamWriter, lost: set[int]
    ) -> bool:
        id_, tag = head(message)
        what = self._fault(tag)
        if what == "hang":
            return True
        if what == "drop":
            return False
        if isinstance(what, tuple):
            writer.write(ber.message(id_, ber.result(_ANSWERS[tag], *what)))
            return True
        if tag in WRITES:
            self.writes.append(WRITES[tag])
        self.searches += tag == SEARCH
        if what == "lose":
            lost.add(id_)
        back.write(message)
        await back.drain()
        return True

    async def _pass_answers(
        self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: set[int]
    ) -> None:
        while message := await ber.read_message(there):
            if head(message)[0] in lost:
                break
            if self.slow:
                for start in range(len(message)):
                    writer.write(message[start : start + 1])
                    await asyncio.sleep(self.slow)
            else:
                writer.write(message)
        writer.close()


def ended(*writers: asyncio.StreamWriter) -> None:
    """Close connections at once: a parting of TLS may take longer than the test's loop runs."""
    for writer in writers:
        writer.transport.abort()


def head(message: bytes) -> tuple[int, int]:
    """The id of a message, and the tag of what it is."""
    id_, operation, *_ = ber.parsed(message).parts
    return id_.number, operation.tag


@asynccontextmanager
async def line_to(
    port: int, inner: ssl.SSLContext | None = None, outer: ssl.SSLContext | None = None
) -> AsyncIterator[LdapLine]:
    """Run a line on a free port. `inner`: TLS to the server, `outer`: TLS to clients."""
    line = LdapLine(port, inner, outer)
    tasks: set[asyncio.Task[None]] = set()

    def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(line.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(client, "127.0.0.1", 0, ssl=outer)
    line.own_port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        for task in set(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)  # what was aborted is closed in the loop's next round
