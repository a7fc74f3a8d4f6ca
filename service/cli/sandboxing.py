"""`sandbox`: a Kenjo to try things against, until stopped."""

from __future__ import annotations

from rich.console import Console

from bridge.errors import ConfigurationError
from bridge.printable import counted
from sandbox.server import Sandbox
from service.cli.app import stop_event


async def run_sandbox(port: int, people: int, seed: int, console: Console) -> int:
    """Serve until Ctrl-C. Raises ConfigurationError when the port is taken."""
    stop = stop_event()
    sandbox = Sandbox(people=people, seed=seed, port=port)
    try:
        await sandbox.start()
    except OSError as error:
        raise ConfigurationError(f"cannot listen on port {port} ({error.strerror}); use --port") from None
    try:
        console.print(
            f"A Kenjo with {counted(people, 'person', 'people')}. Ctrl-C ends it; nothing of it is kept."
        )
        console.print()
        console.print("In bridge.yaml:", style="bold")
        for line in ("kenjo:", f"  base_url: {sandbox.url}", f"  api_key: {sandbox.api_key}", ""):
            console.print(line, soft_wrap=True)
        console.print("Make changes:", style="bold")
        for action in ("hire", "move", "rename", "leave"):
            console.print(f"curl -X POST {sandbox.control_url}/actions/{action}", soft_wrap=True)
        await stop.wait()
    finally:
        await sandbox.stop()
    return 0
