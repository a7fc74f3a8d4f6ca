"""Keeps apart what is done for each target: whatever goes wrong with one is its own problem."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from redis.exceptions import RedisError

from bridge.errors import ConfigurationError, LeaseLost, StoreUnavailable, unforeseen
from bridge.logs import get_logger
from bridge.mapping.route import Route
from bridge.model import RowProblem, Snapshot
from service.watch.pending import Standing

log = get_logger("poller")

_Of = TypeVar("_Of", Route, Standing)

_OF_ALL = (ConfigurationError, LeaseLost, StoreUnavailable, RedisError, OSError)
"""A key of Redis that is not configured, another service that polls now, Redis away: that stops the poll."""


class Apart:
    """What went wrong with targets, each as a problem of the snapshot, so that every command shows it."""

    def __init__(self) -> None:
        self.problems: list[RowProblem] = []

    async def each(self, ones: Iterable[_Of], work: Callable[[_Of], Awaitable[Standing]]) -> list[Standing]:
        """What comes of it for each target, without those for which an exception came that nobody foresaw.

        Nothing is asked for such a target: it stays pending, and the next poll tries again.
        """
        done = []
        for one in ones:
            try:
                done.append(await work(one))
            except _OF_ALL:
                raise
            except Exception as error:  # noqa: BLE001 - the other targets go on, whatever it is
                name = one.name if isinstance(one, Route) else one.route.name
                reason = str(unforeseen(error))
                log.warning("target cannot be served", target=name, reason=reason)
                self.problems.append(RowProblem("targets", name, reason))
        return done

    def told(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with these problems, each once."""
        new = [problem for problem in self.problems if problem not in snapshot.problems]
        return dataclasses.replace(snapshot, problems=(*snapshot.problems, *new))
