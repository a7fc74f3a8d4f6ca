"""As much of Kubernetes' API as Helm asks while it renders: its kinds, and single Secrets and ConfigMaps."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

KINDS = {
    "v1": {
        "configmaps": "ConfigMap",
        "secrets": "Secret",
        "serviceaccounts": "ServiceAccount",
        "services": "Service",
    },
    "apps/v1": {"deployments": "Deployment"},
}
"""What the chart makes by default, by version of the API and name in paths."""

Data = dict[str, str]


def documents(objects: dict[str, Data]) -> dict[str, Any]:
    """Return what the API answers, by path; `objects` are the data by `secrets/NAME` or `configmaps/NAME`."""
    version = {"groupVersion": "apps/v1", "version": "v1"}
    group = {"name": "apps", "versions": [version], "preferredVersion": version}
    found: dict[str, Any] = {
        "/version": {"major": "1", "minor": "37", "gitVersion": "v1.37.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]},
        "/api/v1": _resources("v1"),
        "/apis/apps/v1": _resources("apps/v1"),
    }
    for place, data in objects.items():
        kind, _, name = place.partition("/")
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        found[f"/api/v1/namespaces/default/{place}"] = {
            "apiVersion": "v1",
            "kind": KINDS["v1"][kind],
            "metadata": {"name": name, "namespace": "default"},
            "data": encoded if kind == "secrets" else data,
        }
    return found


def _resources(version: str) -> dict[str, Any]:
    resources = [
        {"name": name, "singularName": kind.lower(), "namespaced": True, "kind": kind, "verbs": ["get"]}
        for name, kind in KINDS[version].items()
    ]
    return {"kind": "APIResourceList", "groupVersion": version, "resources": resources}


@contextmanager
def cluster(folder: Path, objects: dict[str, Data]) -> Iterator[list[str]]:
    """Serve them while the context lasts; yields the options with which Helm asks there."""
    answers = documents(objects)

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path.partition("?")[0])
            missing = {
                "kind": "Status",
                "apiVersion": "v1",
                "status": "Failure",
                "reason": "NotFound",
                "code": 404,
            }
            body = json.dumps(found or missing).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            """Keep the test's output readable."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield ["--kubeconfig", str(_kubeconfig(folder, server.server_address[1]))]
        finally:
            server.shutdown()
            thread.join()


def _kubeconfig(folder: Path, port: int) -> Path:
    path = folder / f"kubeconfig-{port}"
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
                "users": [{"name": "me", "user": {}}],
                "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
                "current-context": "here",
            }
        )
    )
    return path
