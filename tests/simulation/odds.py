"""Which faults one seed has, and how often."""

from __future__ import annotations

import dataclasses
from copy import copy
from dataclasses import dataclass
from random import Random
from typing import Any

TEMPERS = ("scim", "google", "entra", "rest", "ldap", "provisioning", "webhook", "file")
"""Kinds of directories, see `tests.simulation.tempers`; most are of the first one."""

DRAWN = ("google", "entra", "rest", "ldap", "provisioning")
"""The others that seeds have. Two are played where they are asked for. A receiver of events: an object whose
first event had no answer counts as there, so others may refer to it although that has not heard of it. Files:
they have nothing of the groups and references that much of a seed is about."""


@dataclass(frozen=True, slots=True)
class Odds:
    """Odds are per occasion: an await point, a command to Redis, a request, a reading of Kenjo.

    `jobs`, `clock`: mean seconds between two meddlings with queues and clocks (0: none); `lag`: seconds for
    which a new account is not found; `unique`: whether the directory refuses a second account with the same
    keys; `first_contact`: whether its accounts are looked over before the first delivery.

    Quiet faults of Kenjo, whose every list answers 200: `cut`: all lists lack the same people; `one_list`
    lacks some; a `column` is lost; some cells are `odd`. `forbidden`: it tells of no single person.

    `strangers`: accounts with another's id, or inactive ones, match by their address; `hands`: addresses and
    names change hands. `deaf`: a directory says that access was opened or closed, and leaves it as it was;
    `partial`: it shows only some members of a group. `redis_partly`: Redis loses some values of one kind.

    `mistake`: somebody gets a setting wrong for a while; `tight`: the limit of removals is a low one; `leap`:
    mean seconds between two nights in which everything sleeps for hours (0: none). `late`: a service sleeps
    just before it commits, for longer than its lease; no seed has this, as `freeze` holds it, but seldom.

    `tempers`: of which kind the first and the second directory are.
    """

    crash: float = 0.0
    freeze: float = 0.0
    delay: float = 0.0
    redis_fails: float = 0.0
    redis_reply_lost: float = 0.0
    server_error: float = 0.0
    answer_lost: float = 0.0
    unreachable: float = 0.0
    throttled: float = 0.0
    refused_token: float = 0.0
    source_fails: float = 0.0
    truncated: float = 0.0
    kept: float = 0.0
    jobs: float = 0.0
    clock: float = 0.0
    redis_restored: bool = False
    redis_emptied: bool = False
    lag: float = 0.0
    unique: bool = True
    second_target_down: bool = False
    many_leave: bool = False
    first_contact: bool = True
    cut: float = 0.0
    forbidden: bool = False
    one_list: float = 0.0
    column: float = 0.0
    odd: float = 0.0
    strangers: bool = False
    hands: bool = False
    deaf: float = 0.0
    partial: bool = False
    redis_partly: bool = False
    mistake: bool = False
    tight: bool = False
    leap: float = 0.0
    late: float = 0.0
    tempers: tuple[str, str] = ("scim", "scim")

    @classmethod
    def of(cls, seed: int) -> Odds:
        """The odds of a seed."""
        return cls.draw(Random(seed))  # noqa: S311 - repeatable on purpose

    @classmethod
    def draw(cls, random: Random) -> Odds:
        """Each seed has some of the faults: all at once would hide what a few of them do."""

        def some(*values: float, likely: float = 0.35) -> float:
            return random.choice(values) if random.random() < likely else 0.0

        odds = cls(
            crash=some(0.0005, 0.002, 0.006),
            freeze=some(0.0005, 0.002, 0.006),
            delay=some(0.005, 0.02),
            redis_fails=some(0.005, 0.03),
            redis_reply_lost=some(0.005, 0.03),
            server_error=some(0.03, 0.15),
            answer_lost=some(0.03, 0.15),
            unreachable=some(0.03, 0.15),
            throttled=some(0.01, 0.05),
            refused_token=some(0.002, likely=0.1),
            source_fails=some(0.1, 0.4),
            truncated=some(0.1, 0.4),
            kept=some(0.1, 0.3),
            jobs=some(1.0, 5.0),
            clock=some(10.0, 30.0, likely=0.2),
            redis_restored=random.random() < 0.12,
            redis_emptied=random.random() < 0.08,
            lag=some(0.5, 3.0, likely=0.1),
            unique=random.random() < 0.5,
            second_target_down=random.random() < 0.15,
            many_leave=random.random() < 0.15,
            first_contact=random.random() < 0.25,
        )
        if odds.freeze or odds.redis_restored or odds.redis_emptied or odds.lag:
            # Each of these lets two deliveries of one record overlap, or hides an account from its look-up.
            # Then only the directory itself can refuse a second account.
            odds = dataclasses.replace(odds, unique=True)
        quiet: dict[str, Any] = {
            "partial": random.random() < 0.2,
            "strangers": random.random() < 0.2,
            "cut": some(0.1, 0.4, likely=0.2),
            "forbidden": random.random() < 0.2,
            "one_list": some(0.1, 0.3, likely=0.15),
            "column": some(0.1, 0.3, likely=0.15),
            "odd": some(0.1, 0.3, likely=0.15),
            "leap": some(15.0, 40.0, likely=0.1),
            "deaf": some(0.1, 0.4, likely=0.15),
            "redis_partly": random.random() < 0.15,
            "mistake": random.random() < 0.1,
            "tight": random.random() < 0.2,
            "hands": random.random() < 0.2,
        }
        # Drawn apart, so that all else in a seed is what it would be at any other directory.
        apart = Random(copy(random).getrandbits(64))  # noqa: S311 - repeatable on purpose
        first, second = (apart.choice(DRAWN) if apart.random() < 0.35 else TEMPERS[0] for _ in range(2))
        return dataclasses.replace(odds, tempers=(first, second), **quiet)
