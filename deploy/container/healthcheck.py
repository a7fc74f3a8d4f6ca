#!/usr/bin/env python3
"""Exit with 0 when the process in this container answers its health check, with 1 otherwise.

Every role that serves HTTP (run, serve, work) has the same page on the same port, so one check is right for
all. It uses the standard library only, because the image has no curl.
"""

import http.client
import os
import sys

TIMEOUT = 5.0
"""Seconds to wait for the answer; the image's HEALTHCHECK allows one more for starting Python."""

EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # looked up here, not listened on


def problem() -> str | None:
    """Ask /healthz at the address and port that the image sets, and say what is wrong, if anything."""
    host = os.environ["KENJO_BRIDGE_WEB__HOST"]
    port = int(os.environ["KENJO_BRIDGE_WEB__PORT"])
    # Not urllib.request: it would follow HTTP_PROXY.
    connection = http.client.HTTPConnection(EVERY_ADDRESS.get(host, host), port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"no answer from port {port}: {type(error).__name__}"
    finally:
        connection.close()
    return None if status == http.HTTPStatus.OK else f"/healthz answered {status}"


if __name__ == "__main__":
    sys.exit(problem())
