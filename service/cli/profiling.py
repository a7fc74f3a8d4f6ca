"""The commands for whoever describes an HTTP API: profile check, profile new."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bridge.commands import command
from bridge.errors import ConfigurationError
from service.cli.app import ConfigOption, JsonOption, app, out, print_json, print_lines, read, start
from service.operations.profiles import Can, examine, prove_live, prove_recorded, starting, write_starting
from service.operations.sync import PROBLEM
from workers.targets.rest.proving import Proof, summary

profile_app = typer.Typer(help="Profiles of HTTP APIs (kind: rest): check, new.", no_args_is_help=True)
app.add_typer(profile_app, name="profile")


@profile_app.command("check")
def check_profile(
    profile: Annotated[str, typer.Argument(help="A file, or the name of a built-in profile.")],
    live: Annotated[
        str | None, typer.Option("--live", help="Prove it, reading only, with this target of bridge.yaml.")
    ] = None,
    recorded: Annotated[
        Path | None,
        typer.Option("--recorded", help="Prove it with recorded answers: a JSON file, or a folder."),
    ] = None,
    values: Annotated[bool, typer.Option("--values", help="Show people's values too.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Say what is wrong with a profile, and prove it against the API or recorded answers. Writes nothing.

    Exit codes: 0 it is right, 3 it is not.
    """
    if live and recorded:
        raise ConfigurationError("--live and --recorded exclude each other")
    can = examine(profile)

    async def work() -> int:
        proof = None
        if live:
            proof = await prove_live(profile, read(config), live)
        elif recorded:
            proof = await prove_recorded(profile, recorded)
        if json:
            print_json(_as_json(can, proof, values=values))
        else:
            _show(can, proof, values=values)
        return PROBLEM if proof and proof.problems else 0

    return start(work())


@profile_app.command()
def new(
    file: Annotated[Path | None, typer.Argument(help="The file to write; else it is printed.")] = None,
) -> int:
    """Begin a profile: a commented one, to be changed."""
    if file is None:
        print_lines(starting())
    else:
        write_starting(file)
        out.print(f"{file} is written. Try it: {command('profile check', file)}", soft_wrap=True)
    return 0


def _as_json(can: Can, proof: Proof | None, *, values: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"title": can.title, "can": can.can, "attributes": can.attributes}
    if proof:
        found["proof"] = {
            "steps": proof.steps,
            "problems": proof.problems,
            "expressions": _shown(proof.expressions, values=values),
            "attributes": _shown(proof.attributes, values=values),
            "missing": proof.missing,
        }
    return found


def _shown(found: dict[str, Any], *, values: bool) -> dict[str, Any]:
    return found if values else {name: summary(value) for name, value in found.items()}


def _show(can: Can, proof: Proof | None, *, values: bool) -> None:
    out.print(f"{can.title}: the profile is right", style="green", soft_wrap=True)
    for what, verbs in can.can.items():
        out.print(
            f"  {what}: {', '.join(verbs)}; attributes {', '.join(can.attributes[what])}", soft_wrap=True
        )
    if proof is None:
        return
    for step in proof.steps:
        out.print(f"  {step}", soft_wrap=True)
    for title, found in (("what expressions gave", proof.expressions), ("what one shows", proof.attributes)):
        if found:
            out.print(title, style="bold")
        for name, value in _shown(found, values=values).items():
            out.print(f"  {name}: {value}", soft_wrap=True)
    for name in proof.missing:
        out.print(f"  not shown: {name}", style="yellow", soft_wrap=True)
    for problem in proof.problems:
        out.print(f"  {problem}", style="red", soft_wrap=True)
