"""The endpoints below `/_sandbox`, outside Kenjo's API: look into the account, change it, spoil it."""

from collections import Counter

from aiohttp import web

from sandbox.actions import Actions
from sandbox.api import read_object, reply
from sandbox.auth import DEFAULT_DENIED, Keys
from sandbox.errors import ApiError, invalid
from sandbox.faults import Faults, as_row
from sandbox.state import Account
from sandbox.values import Row, parse_day


class Requests:
    """Counts the requests of Kenjo's API by method and path, and how many were answered at the same time."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.running = 0
        self.most_at_once = 0

    def begin(self, method: str, path: str) -> None:
        """Count a request that has come."""
        self.counts[f"{method} {path}"] += 1
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)

    def end(self) -> None:
        """Note that a request has its answer."""
        self.running -= 1

    def reset(self) -> None:
        """Start to count again."""
        self.counts.clear()
        self.most_at_once = self.running


class Controls:
    """The handlers of the control endpoints."""

    def __init__(self, account: Account, keys: Keys, faults: Faults, requests: Requests) -> None:
        self.account, self.keys, self.faults, self.requests = account, keys, faults, requests
        self.actions = Actions(account)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register the endpoints; the package's docstring describes them."""
        router.add_get("/state", self.state)
        router.add_get("/faults", self.list_faults)
        router.add_post("/faults", self.add_fault)
        router.add_delete("/faults", self.clear_faults)
        router.add_delete("/faults/{id}", self.remove_fault)
        router.add_get("/requests", self.show_requests)
        router.add_delete("/requests", self.reset_requests)
        router.add_put("/keys", self.put_key)
        router.add_post("/actions/{name}", self.act)

    async def state(self, _: web.Request) -> web.Response:
        """Return how many there are of everything."""
        people = self.account.employees.values()
        active = sum(bool(person["account"]["isActive"]) for person in people)
        summary: Row = {
            "employees": len(people),
            "active": active,
            "inactive": len(people) - active,
            "withoutEmail": sum(not person["account"].get("email") for person in people),
            "upcoming": sum(self._starts_later(person["work"]) for person in people),
            **{name: len(table) for name, table in self.account.tables.items()},
            "faults": len(self.faults),
            "tokens": self.keys.count(),
            "requests": self.requests.counts.total(),
        }
        return reply(summary)

    async def list_faults(self, _: web.Request) -> web.Response:
        """Return the rules in force."""
        return reply([as_row(fault) for fault in self.faults])

    async def add_fault(self, request: web.Request) -> web.Response:
        """Add a rule."""
        body = await read_object(request)
        texts = [body.pop(name, default) for name, default in (("kind", ""), ("path", "*"), ("method", "*"))]
        if not all(isinstance(text, str) for text in texts):
            raise ApiError(400, "'kind', 'path' and 'method' are texts.")
        kind, path, method = texts
        return reply(as_row(self.faults.add(kind, path, method=method, **body)), 201)

    async def clear_faults(self, _: web.Request) -> web.Response:
        """Remove every rule."""
        self.faults.clear()
        return web.Response(status=204)

    async def remove_fault(self, request: web.Request) -> web.Response:
        """Remove one rule."""
        number = request.match_info["id"]
        if not number.isdecimal():
            raise invalid("id")
        self.faults.remove(int(number))
        return web.Response(status=204)

    async def show_requests(self, _: web.Request) -> web.Response:
        """Return the counts."""
        return reply({"requests": self.requests.counts, "mostAtOnce": self.requests.most_at_once})

    async def reset_requests(self, _: web.Request) -> web.Response:
        """Start to count again."""
        self.requests.reset()
        return web.Response(status=204)

    async def put_key(self, request: web.Request) -> web.Response:
        """Make a key or change what it may not read."""
        body = await read_object(request)
        key, denied = body.get("key"), body.get("denied", DEFAULT_DENIED)
        if not isinstance(key, str) or not key:
            raise invalid("key")
        if not isinstance(denied, list | tuple) or not all(isinstance(path, str) for path in denied):
            raise invalid("denied")
        self.keys.add(key, denied)
        return reply({"key": key, "denied": denied})

    async def act(self, request: web.Request) -> web.Response:
        """Carry out an action; an empty body leaves every choice to the seed."""
        options = await read_object(request) if await request.read() else {}
        return reply(self.actions.run(request.match_info["name"], options))

    def _starts_later(self, work: Row) -> bool:
        start = work.get("startDate")
        return bool(start) and parse_day(start) > self.account.today
