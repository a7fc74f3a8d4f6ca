"""Everything that pages say, found in the templates and in the code: what has to have a translation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment
from jinja2.ext import extract_from_ast

from bridge.config.web_settings import Role
from bridge.effects import Verb, what_of
from bridge.model import ChangeKind, Kind, Lifecycle, Outcome
from bridge.store.audit import KINDS, UNREMARKABLE
from bridge.store.gate import HALTED, HELD, MAINTENANCE, THROTTLED, UNREACHABLE
from bridge.store.holds import FIRST_CONTACT, ORPHANS, PUBLICATION
from service.operations import telling
from service.operations.standing import Standing
from service.watch.judging import UNWHOLE
from tests.world import ROOT

PAGES = ROOT / "service/web/pages"

_SAYING = (
    "bridge/mapping/route.py",
    "service/operations/standing.py",
    "service/operations/explaining.py",
    "service/operations/adopting.py",
    "service/operations/candidates.py",
    "service/operations/finding.py",
    "service/operations/undoing.py",
    "service/watch/plausible.py",
    "workers/delivery/first_contact.py",
    "workers/delivery/losing.py",
    "workers/delivery/drift.py",
)
"""Modules whose sentences pages show: the reasons of places, steps and holds."""

_FAILING = ("matching", "clashes", "removing", "confirming", "elsewhere", "failing", "looking", "deciding")
"""Modules of deliveries whose errors are the reasons of failures."""

_REFUSING = (
    *(f"service/operations/{name}.py" for name in ("holds", "failures", "adopting", "closing", "finding")),
    *(f"service/operations/{name}.py" for name in ("assembly", "days", "comparing", "candidates")),
    *(f"service/operations/{name}.py" for name in ("approving", "polling", "runs", "syncing", "undoing")),
    "service/watch/judging.py",
)
"""Modules that refuse with a sentence what is asked of them on a page."""

_TYPED = "--map '{}':"
"""With what a sentence begins that is said of a command line only."""

_ENDS = {", {} days before the first one", ", if Kenjo has them as active then", "an account from {} on{}{}"}
"""Parts of which a sentence is made with nothing between them: it is translated whole."""

_UNSHOWN = {"{} and {} %", "answered \\d{3}", "the account {}"} | _ENDS
"""Limits in short and patterns, what is looked for, which pages do not show, and ends of sentences."""


@cache
def texts() -> set[str]:
    """What templates say, and what pages' own code gives them to say; and words that stand for themselves."""
    return {*_of_templates(), *_words(), *(said for said in _of_pages() if "{}" not in said)}


@cache
def sentences() -> set[str]:
    """What the rest of the bridge says; `{}` stands for each value in it."""
    found = {said for path in _SAYING for said in _spoken(ROOT / path, errors=False)}
    found |= {said for said in _of_pages() if "{}" in said}
    for name in _FAILING:
        found |= set(_spoken(ROOT / f"workers/delivery/{name}.py", errors=True))
    found |= {said for path in _REFUSING for said in _raised(ROOT / path)}
    cells = _spoken(ROOT / "service/kenjo/cells.py", errors=True)
    return {*found, *(f"{{}} {said}" for said in cells)} - _UNSHOWN


def shape(text: str) -> str:
    """A text with `{}` for each of its parts, whatever they are called."""
    return re.sub(r"\{[^{}]*\}", "{}", text)


def _of_templates() -> Iterator[str]:
    environment = Environment(autoescape=True)
    for file in PAGES.rglob("*.html"):
        tree = environment.parse(file.read_text("utf-8"))
        for _line, name, found in extract_from_ast(tree, ("_", "many")):
            given = found if isinstance(found, tuple) else (found,)
            yield from [text for text in given[: 2 if name == "many" else 1] if text]


def _of_pages() -> Iterator[str]:
    """Whole sentences in the code of pages, and how long ago something was."""
    for file in (*PAGES.glob("*.py"), PAGES.parent / "guard.py", PAGES.parent / "hosts.py"):
        if file.name == "live.py":
            continue  # its answers go to no page
        yield from (said for said in _spoken(file, errors=True) if said.endswith((".", "ago")))


def _words() -> Iterator[str]:
    """Words that stand for themselves: places, lifecycles, roles, what happened, what a plan does."""
    yield from (word.value for kind in (Standing, Lifecycle, Role, ChangeKind) for word in kind)
    yield from (word.value for word in Outcome if word not in UNREMARKABLE)
    yield from [what_of(verb, kind) for verb in Verb if verb is not Verb.LOOK for kind in Kind]
    yield from (FIRST_CONTACT, ORPHANS, PUBLICATION, "snapshot", UNWHOLE)
    yield from (HALTED, HELD, THROTTLED, MAINTENANCE, UNREACHABLE)
    yield from ("open", "approved", "rejected")
    yield from (word for word in telling._WORDS.values() if word != "skip")
    yield from KINDS


def _spoken(file: Path, *, errors: bool) -> Iterator[str]:
    """The sentences of a module: its texts with a space in them. `errors`: also those that are raised."""
    tree = ast.parse(file.read_text("utf-8"))
    silent = {
        id(part)
        for node in ast.walk(tree)
        if _is_silent(node, errors=errors)
        for part in list(ast.walk(node))[isinstance(node, ast.JoinedStr) :]
    }
    for node in ast.walk(tree):
        said = "" if id(node) in silent else _text(node).strip()
        if " " in said:
            yield said


def _raised(file: Path) -> Iterator[str]:
    """The sentences that a module raises, or makes an error of."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        made = isinstance(node, ast.Call) and getattr(node.func, "id", "").endswith("Error")
        if made or isinstance(node, ast.Raise):
            parts = [part for one in ast.walk(node) if isinstance(one, ast.JoinedStr) for part in one.values]
            spelled = [part for one in ast.walk(node) if _spells(one) for part in ast.walk(one)]
            found = (_text(one) for one in ast.walk(node) if one not in (*parts, *spelled))
            yield from (said for said in found if " " in said.strip() and not said.startswith(_TYPED))


def _is_silent(node: ast.AST, *, errors: bool) -> bool:
    """Whether what stands here is said to nobody by itself: documentation, the log, parts of a text."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Raise):
        return not errors
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("startswith", "info", "warning")
    if isinstance(node, ast.Call):
        return _spells(node)
    return isinstance(node, ast.JoinedStr)


def _spells(node: ast.AST) -> bool:
    """Whether a command is spelled here: it is the same in every language."""
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "command"


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""
