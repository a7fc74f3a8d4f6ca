"""Where `kenjo-bridge` begins: signals are heard first, then everything is imported."""

from __future__ import annotations

import sys
import threading

from service.cli import stopping

_TOO_OLD = "kenjo-bridge: needs Python 3.11 or newer, and this is {}: make its environment with a newer one\n"


def main() -> None:
    """Run a command; what went wrong is one sentence on standard error and an exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - a folder that was copied, not installed, is asked nothing
        sys.stderr.write(_TOO_OLD.format(".".join(map(str, sys.version_info[:2]))))
        sys.exit(3)
    if threading.current_thread() is threading.main_thread():
        stopping.listen()
    from service.cli.dispatch import dispatch

    sys.exit(dispatch())


if __name__ == "__main__":
    main()
