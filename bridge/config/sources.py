"""Where settings come from: a YAML file, secret files and the environment, each as nested raw values.

Every value is text until its setting's type reads it, in YAML too: a token of digits stays what it is, and
`no` is not a boolean before a boolean is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bridge.errors import ConfigurationError

PREFIX = "KENJO_BRIDGE_"
CONFIG = f"{PREFIX}CONFIG"
SECRETS_DIR = f"{PREFIX}SECRETS_DIR"

Place = tuple[str, ...]

_ROLES: Place = ("web", "oidc", "roles")


@dataclass(frozen=True, slots=True)
class Source:
    """Raw values in nested dicts, where each stands (for messages), and what could not be placed."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[Place, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, other: Source) -> None:
        """Lay a stronger source over this one: groups are merged, everything else is replaced."""
        self.problems.extend(other.problems)
        self._merge(self.values, other.values, ())
        for place in other.origins:  # what is replaced as a whole stands nowhere else any more
            for inside in [one for one in self.origins if one[: len(place)] == place]:
                del self.origins[inside]
        self.origins.update(other.origins)

    def _merge(self, under: dict[str, Any], over: Mapping[str, Any], place: Place) -> None:
        for name, value in over.items():
            inner, old = (*place, name), under.get(name)
            if not isinstance(value, dict) or old is None:
                under[name] = value
            elif isinstance(old, dict):
                self._merge(old, value, inner)
            else:
                where = self.origins.get(inner, "another source")
                self.problems.append(f"{'.'.join(inner)} must be a group of settings by name ({where})")


def from_yaml(path: Path, named_by: str = "") -> Source:
    """Read a YAML file; an empty one holds nothing. Raises ConfigurationError.

    `named_by`: the variable that named the file, for the message when it is not there.
    """
    text = _read(path, f" (named by {named_by})" if named_by else "")
    source = Source()
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return source
        _note_lines(node, (), path, source, set())
        values = loader.construct_document(node)
    except yaml.YAMLError as error:
        raise ConfigurationError(_yaml_sentence(path, error)) from None
    except RecursionError:
        raise ConfigurationError(f"{path} is nested too deeply") from None
    if isinstance(values, dict):
        source.values.update(values)
    elif values is not None:
        raise ConfigurationError(
            f"{path} must hold settings by name, such as 'kenjo:', and not a list or text"
        )
    return source


def from_environment(
    environ: Mapping[str, str], targets: Iterable[str], company: str | None = None
) -> Source:
    """Read KENJO_BRIDGE_... variables: any case, `__` between the parts of a path; empty ones are not set.

    `targets`: names known so far. Names of variables have no '-': MY_TOOL is `my-tool` if that is there.
    `company`: only what is of that one among several; "" for what is of none of them.
    """
    texts = {
        name: text
        for name, text in environ.items()
        if text and name.upper().startswith(PREFIX) and name not in (CONFIG, SECRETS_DIR)
    }
    named = ((name[len(PREFIX) :], f"environment variable {name}", text) for name, text in texts.items())
    return _nest(sorted(_of_company(named, company)), targets)


def _of_company(texts: Iterable[tuple[str, str, str]], company: str | None) -> Iterator[tuple[str, str, str]]:
    """Those whose path begins with a company, without that beginning."""
    begins = f"accounts__{company.replace('-', '_')}__" if company else ""
    for name, origin, text in texts:
        if company is None or (not company and not name.lower().startswith("accounts__")):
            yield name, origin, text
        elif company and name.lower().startswith(begins):
            yield name[len(begins) :], origin, text


def from_secret_files(folder: Path, targets: Iterable[str], company: str | None = None) -> Source:
    """Read a folder of files named like variables without the prefix. Raises ConfigurationError.

    Folders and names that start with '.' are passed over: Kubernetes keeps versions of a volume in them.
    `company` is what it is for `from_environment`.
    """
    try:
        paths = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    except OSError as error:
        raise ConfigurationError(
            f"the folder of secret files {folder} (named by {SECRETS_DIR}) cannot be read: {error.strerror}"
        ) from None
    named = [(path.name, f"secret file {path}", str(path)) for path in paths if not path.is_dir()]
    texts = [
        (name, origin, _read(Path(path)).rstrip("\r\n")) for name, origin, path in _of_company(named, company)
    ]
    source = _nest([text for text in texts if text[2]], targets)
    source.problems.extend(f"{origin} is empty" for _, origin, text in texts if not text)
    return source


def _read(path: Path, hint: str = "") -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}{hint} is not UTF-8 text (at byte {error.start})") from None
    except OSError as error:
        raise ConfigurationError(f"{path}{hint} cannot be read: {error.strerror}") from None


def _nest(texts: Iterable[tuple[str, str, str]], targets: Iterable[str]) -> Source:
    source = Source()
    known = list(targets)
    for name, origin, text in texts:
        place = tuple(name.lower().split("__"))
        if place[0] == "targets" and len(place) > 1:
            place = ("targets", _target(place[1], known), *place[2:])
        if len(place) > 3 and (place[:3] == _ROLES or (place[0] == "targets" and place[2] == "map")):
            whole = ".".join(place[:3])
            source.problems.append(f"{whole} must be set as a whole, as JSON: case matters in it ({origin})")
            continue
        inner = source.values
        for part in place[:-1]:
            inner = inner.setdefault(part, {}) if isinstance(inner, dict) else inner
        if not isinstance(inner, dict) or place[-1] in inner:
            source.problems.append(f"{'.'.join(place)} is set twice, once by {origin}")
            continue
        inner[place[-1]] = text
        source.origins[place] = origin
    return source


def _target(name: str, known: list[str]) -> str:
    same = [other for other in known if other.replace("-", "_") == name]
    return same[0] if len(same) == 1 and name not in known else name


class _Loader(yaml.SafeLoader):
    """SafeLoader that sees text in every plain scalar, except null and the merge key."""


_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("null", "merge", "str", "seq", "map")}
_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] in _TAGS]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.yaml_constructors = {
    tag: constructor
    for tag, constructor in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag in _TAGS
}


def _note_lines(node: yaml.Node, place: Place, path: Path, source: Source, seen: set[yaml.Node]) -> None:
    """Remember the line of every name, and of every item of a list.

    Raises ConfigurationError for a name that stands twice in a group.
    """
    if not isinstance(node, yaml.CollectionNode) or node in seen:
        return
    seen.add(node)  # an anchor may contain itself
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            inner = (*place, str(number))
            source.origins[inner] = f"{path}, line {item.start_mark.line + 1}"
            _note_lines(item, inner, path, source, seen)
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        name, line = str(key.value), key.start_mark.line + 1
        inner = (*place, name)
        if name in lines:
            where = f"{path}, lines {lines[name]} and {line}"
            raise ConfigurationError(f"{'.'.join(inner)} is set twice ({where})")
        lines[name] = line
        source.origins[inner] = f"{path}, line {line}"
        _note_lines(value, inner, path, source, seen)


def _yaml_sentence(path: Path, error: yaml.YAMLError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return f"{path} holds a character that YAML does not allow"
    problem = error.problem or ""
    if re.search(r"\b(alias|anchor|tag)\b", problem):
        # These quote the file's own text, which may be a secret that nobody put in quotes.
        problem = re.split(r"['\"]", problem)[0] + "(text that starts with * & or ! needs quotes)"
    return f"{path}, line {error.problem_mark.line + 1}, is not YAML: {problem}"
