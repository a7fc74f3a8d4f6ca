"""Serves the site: `python -m tests.django_directory FOLDER TOKEN` prints the port and runs on."""

from __future__ import annotations

import logging
import socketserver
import sys
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import django  # type: ignore[import-untyped]  # ships no types
from django.conf import settings  # type: ignore[import-untyped]
from django.core.management import call_command  # type: ignore[import-untyped]
from django.core.wsgi import get_wsgi_application  # type: ignore[import-untyped]

HERE = "tests.django_directory"


class _Server(WSGIServer):
    request_queue_size = 128

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # the inherited one asks the DNS for this host's name
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])
        self.setup_environ()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the inherited name
        """Write nothing."""


def serve(folder: Path, token: str) -> None:
    """Make the database and answer requests."""
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        AUTH_USER_MODEL="django_directory.User",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "db.sqlite3")}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_scim", HERE],
        LOGGING_CONFIG=None,
        MIDDLEWARE=[f"{HERE}.site.signed_in", "django_scim.middleware.SCIMAuthCheckMiddleware"],
        ROOT_URLCONF=f"{HERE}.site",
        SCIM_SERVICE_PROVIDER={
            "NETLOC": "127.0.0.1",
            "AUTHENTICATION_SCHEMES": [{"type": "oauthbearertoken", "name": "Bearer"}],
            "GROUP_MODEL": f"{HERE}.models.Group",
        },
        SCIM_TOKEN=token,
        SECRET_KEY="of no use here",
        USE_TZ=True,
    )
    logging.disable()
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    with _Server(("127.0.0.1", 0), _Quiet) as server:
        server.set_app(get_wsgi_application())
        print(server.server_port, flush=True)  # noqa: T201 - whoever started it reads it
        server.serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2])
