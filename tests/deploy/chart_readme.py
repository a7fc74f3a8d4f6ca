"""The README of the Helm chart, from the comments in values.yaml: `python -m tests.deploy.chart_readme`."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from .chart import CHART

README = CHART / "README.md"
_HEAD = """\
# Helm chart of Kenjo Bridge

<!-- Written by `make docs`; change the comments in values.yaml instead. -->

Runs Kenjo Bridge in Kubernetes; [docs/deploy.md](../../../docs/deploy.md#helm) shows it step by step. \
The least that it needs:

```sh
helm install kenjo-bridge deploy/helm/kenjo-bridge --namespace kenjo-bridge --create-namespace \\
  --set image.repository=registry.example.com/kenjo-bridge \\
  --set-file config=bridge.yaml --set secrets.existing=kenjo-bridge-secrets
```

Values that cannot work, alone or together, are refused with a sentence before anything is changed.

| value | default | meaning |
| --- | --- | --- |
"""
_LINE = re.compile(r"^(?P<indent> *)(?P<key>\w+):(?P<rest>.*)$")


class Value(NamedTuple):
    """One value of the chart, or a group of them: its path, its default (None for a group), its comment."""

    path: tuple[str, ...]
    default: Any
    meaning: str


def documented() -> Iterator[Value]:
    """Every key of values.yaml, in order, with the comment above it; a default has no keys of its own."""
    text = (CHART / "values.yaml").read_text()
    everything = yaml.safe_load(text)
    path: tuple[str, ...] = ()
    comment: list[str] = []
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            comment.append(line.strip().removeprefix("#").strip())
            continue
        if (found := _LINE.match(line)) and comment:
            path = (*path[: len(found["indent"]) // 2], found["key"])
            value = everything
            for part in path:
                value = value[part]
            is_group = isinstance(value, dict) and not found["rest"] and path[-1] != "resources"
            yield Value(path, None if is_group else value, " ".join(comment))
        comment = []


def readme() -> str:
    """The whole page."""
    rows = []
    for path, default, meaning in documented():
        shown = "" if default is None else f"`{json.dumps(default)}`"
        rows.append(f"| `{'.'.join(path)}` | {shown} | {meaning} |\n")
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    README.write_text(readme())
