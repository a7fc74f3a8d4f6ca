"""Which personal fields leave Kenjo, and where they go: for `check`, and for a record of processing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bridge.mapping.route import Route
from bridge.mapping.vocabulary import FIELDS
from bridge.model import GROUP_KINDS, Kind

SCOPE = "not sent: decides who belongs there"
PROTECTED = "not sent: decides who is never removed"
_PURPOSE = "Keep the user account equal to Kenjo"
_COLUMNS = ("Field in Kenjo", "Section", "Target", "Address", "Attribute there", "Purpose")


@dataclass(frozen=True, slots=True, order=True)
class Flow:
    """One field of a person, and the attribute of a target that is made of it."""

    target: str
    address: str
    field: str
    section: str
    attribute: str


def flows(routes: Mapping[str, Route]) -> list[Flow]:
    """All fields of people that targets are given or chosen by, sorted."""
    return sorted({flow for route in routes.values() for flow in _of(route)})


def summary(route: Route) -> str:
    """A line for `check`: each field and the attributes that it becomes."""
    attributes: dict[str, list[str]] = {}
    for flow in sorted(_of(route)):
        if flow.attribute not in (SCOPE, PROTECTED):
            attributes.setdefault(flow.field, []).append(flow.attribute)
    parts = (f"{field} -> {', '.join(sorted(names))}" for field, names in sorted(attributes.items()))
    return f"personal data to {_address(route)}: {'; '.join(parts) or 'none'}"


def record_of_processing(routes: Mapping[str, Route]) -> str:
    """A Markdown page with a row per field, target and attribute (GDPR article 30)."""
    rows = [
        (flow.field, flow.section, flow.target, flow.address, flow.attribute, _PURPOSE)
        for flow in flows(routes)
    ]
    lines = [_COLUMNS, ("---",) * len(_COLUMNS), *rows]
    head = (
        "# Record of processing activities: Kenjo Bridge\n\n"
        "Personal data of employees that is read from Kenjo, and the systems that it is sent to (GDPR,"
        " article 30). Written from the configuration; complete the purposes.\n\n"
    )
    return head + "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines
    )


def _of(route: Route) -> Iterable[Flow]:
    for attribute, expression in route.maps[Kind.PERSON].items():
        yield from _flows(route, attribute, expression.fields)
    mapped = {id(one) for part in route.maps.values() for one in part.values()}
    for attribute, expressions in route.unique.expressions.items():
        for expression in expressions:
            yield from _flows(route, attribute, expression.fields)
            mapped.add(id(expression))
    for expression in route.expressions:
        if id(expression) not in mapped:
            words = PROTECTED if expression.where == "protected" else SCOPE
            yield from _flows(route, words, expression.fields)
    for name, expression in route.maps.get(Kind.TEAM, {}).items():
        if ("team", "members") in expression.fields:
            for source in route.settings.groups.from_:
                field = "person.work." + (source if source in ("teams", "areas") else GROUP_KINDS[source])
                yield Flow(route.name, _address(route), field, "work", f"{name} (of a group)")


def _flows(route: Route, attribute: str, paths: Iterable[tuple[str, ...]]) -> Iterable[Flow]:
    for path in paths:
        if path[0] == Kind.PERSON:
            section = path[1] if len(path) > 1 and path[1] in FIELDS else "account"  # the id, the lifecycle
            yield Flow(route.name, _address(route), ".".join(path), section, attribute)


def _address(route: Route) -> str:
    return route.settings.url or route.settings.kind
