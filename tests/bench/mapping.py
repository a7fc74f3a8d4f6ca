"""What the default mapping costs: CPU seconds for all people, without any request."""

from __future__ import annotations

import statistics
import time

from bridge.mapping.route import Route
from tests.delivery import person
from workers.targets import load

ROUNDS = 5


def measure(people: int) -> tuple[float, float, float]:
    """Median, least and most CPU seconds for so many people."""
    adapter = load("scim")
    settings = adapter.settings.model_validate(
        {"kind": "scim", "base_url": "https://example.com", "token": "t"}
    )
    route = Route("directory", settings, adapter.mapping)
    records = [person(f"p{number}", manager=f"p{number // 7}") for number in range(people)]
    costs = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for record in records:
            route.map(record)
        costs.append(time.process_time() - started)
    return statistics.median(costs), min(costs), max(costs)
