"""Answers that no server should give, byte by byte: for tests of whatever reads answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypothesis import strategies as st

STATUSES = [0, 99, 100, 199, 200, 201, 204, 299, 302, 400, 404, 409, 412, 429, 500, 503, 999]
BODIES = st.one_of(
    st.sampled_from(
        [b"[" * 3000, b'{"a":' * 900 + b"1" + b"}" * 900, b"null", b"7", b'"x"', b"{}", b"[]", b"[{}]",
         b"\xff\xfe",
         b'{"Resources": 7}', b'{"Resources": [[], 7, null, {"id": {}}], "totalResults": "many"}',
         b'{"Resources": [{"id": "1", "userName": []}], "totalResults": -1}',
         b'{"id": null}', b'{"id": {"x": 1}}',
         b'{"detail": ["planted"]}', b'{"detail": {"detail": {"detail": {}}}}', b'{"scimType": {}}',
         b'{"Resources": [{"id": "1", "emails": "planted", "externalId": "ana", "active": []}]}',
         b'{"totalResults": 1e400}', b'{"\\ud83d": "\\ud83d"}']
    ),
    st.binary(max_size=40),
)  # fmt: skip
HEADERS = st.lists(
    st.sampled_from(
        [b"Retry-After: 1e308", b"Retry-After: -1", b"Content-Length: -5", b"Content-Length: 99999999",
         b"X: \xff\x00",
         b"Content-Encoding: gzip", b"Content-Encoding: br", b"Transfer-Encoding: chunked",
         b"Content-Type: \xe9",
         b"Content-Type: text/html; charset=nonsense", b"ETag: " + b"x" * 9000, b": empty", b"no colon",
         b"Location: http://[",
         b"X-RateLimit-Reset: 99999999999", b"Date: never", b"Set-Cookie: a=\xff; expires=x"]
    ),
    max_size=3,
)  # fmt: skip


@asynccontextmanager
async def saying(*said: bytes) -> AsyncIterator[str]:
    """A server that answers each request with these bytes, one after the other, and then hangs up."""
    turns = iter(said)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(next(turns, said[-1]))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


ANSWERS = st.builds(
    lambda status, headers, body: b"\r\n".join([b"HTTP/1.1 %d Odd" % status, *headers, b"", body]),
    st.sampled_from(STATUSES),
    HEADERS,
    BODIES,
)
