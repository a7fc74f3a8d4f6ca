"""Rules by which the sandbox misbehaves: which requests, how often, and in which way.

Kinds and their options (defaults in brackets). The first group answers instead of Kenjo, the second changes
the rows of a list (and leaves every other answer alone), the third changes how the answer is sent.

- `status`: `status` (503), `body` (Kenjo's error form; a text is sent as it is), `retry_after` (none)
- `html`: a gateway's page, `status` (502; 200 is possible), `body`
- `slow`: waits `seconds` (1.0), then answers as usual
- `drop`: closes the connection without an answer
- `expire_tokens`: all tokens end before this request is looked at
- `empty`: a list without rows
- `half`: the first `fraction` (0.5) of the rows
- `malformed`: bad rows, `variant` is one of `malform.VARIANTS`, `rows` (1) says how many, `field` which one
- `paged`: the list in pages with `metadata`; `limit` (50) where the request names none
- `truncated`: the first half of the body; the connection ends before `Content-Length`, or with
  `complete` (false) the short body is all that was announced
- `stalled`: headers and half of the body at once, the rest `seconds` (1.0) later
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from sandbox.errors import ApiError, invalid
from sandbox.malform import VARIANTS
from sandbox.values import Row

ANSWERS = ("status", "html", "slow", "drop", "expire_tokens")
ROWS = ("empty", "half", "malformed", "paged")
SENDING = ("truncated", "stalled")

_OPTIONS: dict[str, Row] = {
    "status": {"status": 503, "body": None, "retry_after": None},
    "html": {"status": 502, "body": "<html><head><title>Bad gateway</title></head><body>nginx</body></html>"},
    "slow": {"seconds": 1.0},
    "drop": {},
    "expire_tokens": {},
    "empty": {},
    "half": {"fraction": 0.5},
    "malformed": {"variant": "no_id", "rows": 1, "field": "email"},
    "paged": {"limit": 50},
    "truncated": {"complete": False},
    "stalled": {"seconds": 1.0},
}

_RANGES = {
    "status": (200, 599),
    "seconds": (0, 3600),
    "fraction": (0, 1),
    "rows": (1, 10**6),
    "limit": (1, 10**6),
}


@dataclass
class Fault:
    """One rule; `count` says how many more requests it spoils (`None`: every one), `used` how many it has."""

    id: int
    kind: str
    path: str
    method: str
    count: int | None
    options: Row = field(default_factory=dict)
    used: int = 0

    def covers(self, method: str, path: str) -> bool:
        """Tell whether the rule speaks of this request and is not used up."""
        return self.count != 0 and fnmatchcase(method, self.method.upper()) and fnmatchcase(path, self.path)

    def use(self) -> None:
        """Count one spoiled request."""
        self.used += 1
        if self.count is not None:
            self.count -= 1


class Faults:
    """The rules in force, in the order in which they were added."""

    def __init__(self) -> None:
        self._rules: dict[int, Fault] = {}
        self._last_id = 0

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._rules.values()))

    def __len__(self) -> int:
        return len(self._rules)

    def add(
        self, kind: str, path: str = "*", *, method: str = "*", count: int | None = None, **options: Any
    ) -> Fault:
        """Add a rule; `path` is a glob such as `/employees/*` whose `*` crosses slashes."""
        if kind not in _OPTIONS:
            raise ApiError(400, f"There is no fault '{kind}', only {', '.join(_OPTIONS)}.")
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
            raise invalid("count")
        for name, value in options.items():
            _check_option(kind, name, value)
        self._last_id += 1
        fault = Fault(self._last_id, kind, _glob(path), method, count, _OPTIONS[kind] | options)
        self._rules[fault.id] = fault
        return fault

    def remove(self, fault_id: int) -> None:
        """Take a rule out of force."""
        if self._rules.pop(fault_id, None) is None:
            raise ApiError(404, f"There is no fault {fault_id}.")

    def clear(self) -> None:
        """Take all rules out of force."""
        self._rules.clear()

    def take(self, kinds: tuple[str, ...], method: str, path: str) -> Iterator[Fault]:
        """Yield the rules of these kinds for a request, counting each one as used when it is asked for."""
        for fault in self:
            if fault.kind in kinds and fault.covers(method, path):
                fault.use()
                yield fault


def as_row(fault: Fault) -> Row:
    """Return the rule as JSON shows it."""
    row = asdict(fault)
    return {**row.pop("options"), **row}


def _check_option(kind: str, name: str, value: Any) -> None:
    if name not in _OPTIONS[kind]:
        raise ApiError(400, f"The fault '{kind}' has no option '{name}', only {sorted(_OPTIONS[kind])}.")
    if name in _RANGES:
        low, high = _RANGES[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise invalid(name)
    if name == "variant" and value not in VARIANTS:
        raise ApiError(400, f"There is no variant '{value}', only {', '.join(VARIANTS)}.")


def _glob(path: str) -> str:
    path = path.removeprefix("/api/v1")
    return path if path.startswith(("/", "*")) else f"/{path}"
