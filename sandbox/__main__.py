"""`python -m sandbox`: a Kenjo on this machine until Ctrl-C or SIGTERM."""

import argparse
import asyncio
import signal
import sys

from sandbox.auth import SANDBOX_KEY, TOKEN_LIFETIME
from sandbox.server import Sandbox


def main() -> int:
    """Run until a signal; 1 if the port is taken."""
    options = _parser().parse_args()
    sandbox = Sandbox(
        options.people,
        options.seed,
        options.host,
        options.port,
        token_lifetime=options.token_lifetime,
        api_key=options.api_key,
    )
    try:
        asyncio.run(_serve(sandbox))
    except OSError as error:
        sys.stderr.write(f"Cannot listen on {options.host}:{options.port}: {error.strerror}\n")
        return 1
    return 0


async def _serve(sandbox: Sandbox) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with sandbox:
        sys.stdout.write(f"Kenjo sandbox: {sandbox.url}\nAPI key: {sandbox.api_key}\n")
        sys.stdout.write(f"Controls: {sandbox.control_url}\n")
        sys.stdout.flush()
        await ended.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A Kenjo to try the bridge against."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090, help="0 takes any free port (default: %(default)s)")
    parser.add_argument("--people", type=int, default=200, help="employees (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same people")
    parser.add_argument("--api-key", default=SANDBOX_KEY, help="the key that signs in (default: %(default)s)")
    parser.add_argument("--token-lifetime", type=float, default=TOKEN_LIFETIME, help="seconds")
    return parser


if __name__ == "__main__":
    sys.exit(main())
