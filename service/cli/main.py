"""Where `kenjo-bridge` begins: signals are heard first, then everything is imported."""

from __future__ import annotations

import sys
import threading

from service.cli import stopping


def main() -> None:
    """Run a command; what went wrong is one sentence on standard error and an exit code."""
    if threading.current_thread() is threading.main_thread():
        stopping.listen()
    from service.cli.dispatch import dispatch

    sys.exit(dispatch())


if __name__ == "__main__":
    main()
