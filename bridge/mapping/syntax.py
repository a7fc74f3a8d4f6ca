"""A CEL expression as a tree, for what the compiler does not tell of it. Pure.

The grammar is that of https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax. It decides
nothing: what the compiler takes and this does not read is a tree of which nothing is known.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    """One part of an expression.

    `form` is `literal` (with its `value`), `name`, `select` (`name` of the one part), `has`, `index`, `list`,
    `map` (keys and values in turn), `call` (`name`, its arguments; `method`: the first stands before the
    point), `unknown`, or an operator: `!`, `-`, `?`, or one of two parts such as `+`.
    """

    form: str
    parts: tuple[Node, ...] = ()
    name: str = ""
    value: Any = None
    method: bool = False


UNKNOWN = Node("unknown")
"""What is not understood."""

_TOKEN = re.compile(
    r"(?P<blank>(?:\s|//[^\n]*)+)"
    r"|(?P<text>(?:[rR][bB]?|[bB][rR]?)?(?:\"{3}(?s:\\.|.)*?\"{3}|'{3}(?s:\\.|.)*?'{3}"
    r"|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'))"
    r"|(?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?[uU]?)"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<mark>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])"
)
_LEVELS = (("||",), ("&&",), ("<", "<=", ">", ">=", "==", "!=", "in"), ("+", "-"), ("*", "/", "%"))
_WORDS = {"true": True, "false": False, "null": None}
_DEEPEST = 100
"""Levels of parts in parts that are looked at."""


class _Unread(Exception):
    """Something stands there that this grammar does not have."""


def parse(source: str) -> Node:
    """The tree of an expression that the compiler has taken; UNKNOWN where it is not understood."""
    try:
        reader = _Reader(_tokens(source))
        tree = reader.whole()
    except (_Unread, RecursionError, ValueError, SyntaxError):
        return UNKNOWN
    return tree if reader.ended else UNKNOWN


def path(node: Node) -> tuple[str, ...]:
    """The names of `a.b.c`; () for anything else."""
    if node.form == "name":
        return (node.name,)
    if node.form == "select" and (before := path(node.parts[0])):
        return (*before, node.name)
    return ()


def _tokens(source: str) -> list[tuple[str, str]]:
    found, place = [], 0
    while place < len(source):
        match = _TOKEN.match(source, place)
        if match is None:
            raise _Unread
        place = match.end()
        if match.lastgroup != "blank":
            found.append((str(match.lastgroup), match[0]))
    return found


class _Reader:
    """Reads one token after the other."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def ended(self) -> bool:
        """Whether everything was read."""
        return self._at == len(self._tokens)

    def whole(self) -> Node:
        """`a ? b : c`, or what binds more tightly."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _Unread
        node = self._joined(0)
        if self._take("?"):
            yes = self._joined(0)
            self._need(":")
            node = Node("?", (node, yes, self.whole()))
        self._depth -= 1
        return node

    def _joined(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._signed()
        node = self._joined(level + 1)
        while (mark := self._peek()) in _LEVELS[level]:
            self._at += 1
            node = Node(mark, (node, self._joined(level + 1)))
        return node

    def _signed(self) -> Node:
        for mark in "!-":
            if self._take(mark):
                inner = self._signed()
                if mark == "-" and inner.form == "literal" and type(inner.value) in (int, float):
                    return Node("literal", value=-inner.value)
                return Node("!" if mark == "!" else "minus", (inner,))
        return self._member()

    def _member(self) -> Node:
        node = self._primary()
        while True:
            if self._take("."):
                name = self._name()
                if self._take("("):
                    node = Node("call", (node, *self._list(")")), name, method=True)
                else:
                    node = Node("select", (node,), name)
            elif self._take("["):
                node = Node("index", (node, self.whole()))
                self._need("]")
            else:
                return node

    def _primary(self) -> Node:
        if self._take("("):
            node = self.whole()
            self._need(")")
            return node
        if self._take("["):
            return Node("list", self._list("]"))
        if self._take("{"):
            return Node("map", self._list("}", pairs=True))
        kind, text = self._next()
        if kind in ("text", "number"):
            return _text(text) if kind == "text" else _number(text)
        if kind != "name":
            raise _Unread
        if text in _WORDS:
            return Node("literal", value=_WORDS[text])
        if not self._take("("):
            return Node("name", name=text)
        arguments = self._list(")")
        return Node("has", arguments) if text == "has" else Node("call", arguments, text)

    def _list(self, end: str, *, pairs: bool = False) -> tuple[Node, ...]:
        """Parts between commas, up to a closing bracket; a comma may stand at the end."""
        found: list[Node] = []
        while not self._take(end):
            found.append(self.whole())
            if pairs:
                self._need(":")
                found.append(self.whole())
            if not self._take(","):
                self._need(end)
                break
        return tuple(found)

    def _name(self) -> str:
        kind, text = self._next()
        if kind != "name":
            raise _Unread
        return text

    def _peek(self) -> str:
        kind, text = self._tokens[self._at] if not self.ended else ("", "")
        return text if kind in ("mark", "name") else ""

    def _next(self) -> tuple[str, str]:
        if self.ended:
            raise _Unread
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, mark: str) -> bool:
        if self._peek() != mark:
            return False
        self._at += 1
        return True

    def _need(self, mark: str) -> None:
        if not self._take(mark):
            raise _Unread


def _text(token: str) -> Node:
    """A text; CEL's escapes are nearly Python's, and where they are not, its value is not known."""
    quote = min(place for place in (token.find('"'), token.find("'")) if place >= 0)
    prefix, body = token[:quote].lower(), token[quote:]
    if "b" in prefix:
        return Node("literal", value=b"")
    if "\\" in body and "r" not in prefix:
        return Node("literal", value=_OPEN_TEXT)
    return Node("literal", value=ast.literal_eval(f"r{body}" if "\\" in body else body))


def _number(token: str) -> Node:
    if token[-1] in "uU":
        return UNKNOWN  # an unsigned one
    if token[:2].lower() == "0x":
        return Node("literal", value=int(token, 16))
    return Node("literal", value=float(token) if re.search(r"[.eE]", token) else int(token))


class _OpenText(str):
    """A text of which only that it is one is known."""

    __slots__ = ()


_OPEN_TEXT = _OpenText("…")


def is_known(text: Any) -> bool:
    """Whether a literal's value is what stands in the expression."""
    return isinstance(text, str) and not isinstance(text, _OpenText)
