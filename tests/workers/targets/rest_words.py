"""The tables of docs/targets/rest.md: every word of a profile. `python -m` this module prints them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import BaseModel

from workers.targets.rest import profile, requests
from workers.targets.rest.profile import Profile

TITLES: dict[type[BaseModel], str] = {
    Profile: "The file",
    profile.Setting: "`settings.<name>`",
    profile.SecretWord: "`secrets.<name>`",
    profile.SignIn: "`sign_in`",
    profile.Basic: "`sign_in.basic`",
    requests.TokenRequest: "`sign_in.token`",
    profile.Rule: "`answers`, a list",
    profile.People: "`people`",
    profile.Groups: "`groups`",
    profile.Attribute: "`attributes.<name>`",
    requests.Request: "Any request",
    requests.ListRequest: "`list`, `find.<attribute>`, `lists.<name>`",
    requests.Paging: "`pages`",
    requests.ReadRequest: "`read`",
    requests.Batch: "`batch`",
    requests.Create: "`create`",
    requests.Step: "`update`, `deactivate`, `reactivate`: lists of steps",
    requests.Names: "`lists.<name>`",
    profile.Members: "`groups.members`",
    requests.MemberRequest: "`add`, `remove`",
}


def tables() -> str:
    """All tables, in Markdown."""
    told: set[tuple[str, str]] = set()
    return "\n\n".join(
        table for model, title in TITLES.items() if (table := "\n".join(lines(model, title, told)))
    )


def lines(model: type[BaseModel], title: str, told: set[tuple[str, str]]) -> Iterator[str]:
    """One table; what a model has from another one stands in that one's table only."""
    inherited = {
        name for base in model.__mro__[1:] if base in TITLES for name in getattr(base, "model_fields", {})
    } - model.__annotations__.keys()
    rows = []
    for name, field in model.model_fields.items():
        word = field.alias or name
        if name in inherited or (word, field.description or "") in told:
            continue
        told.add((word, field.description or ""))
        text = re.sub(r"\s+", " ", field.description or "").replace("|", "\\|")
        rows.append(f"| `{word}`{' (needed)' if field.is_required() else ''} | {text} |")
    if rows:
        yield from (f"**{title}**", "", "| word | meaning |", "|---|---|", *rows)


if __name__ == "__main__":
    print(tables())  # noqa: T201 - for the page
