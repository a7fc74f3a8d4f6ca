"""A small Django site that serves SCIM with django-scim2, in a process of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory

from tests.scim_server import TOKEN, ScimServer


@asynccontextmanager
async def django_directory() -> AsyncIterator[ScimServer]:
    """Run the site on a free port, with an empty database."""
    with TemporaryDirectory(prefix="kb-") as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.django_directory", folder, TOKEN, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert process.stdout
            port = int(await asyncio.wait_for(process.stdout.readline(), 60))
            yield ScimServer(f"http://127.0.0.1:{port}/v2", TOKEN)
        finally:
            process.kill()  # nothing is to be kept
            await process.wait()
