"""`python -m sandbox.cloud`: serve the cloud to the engine, or look into it and change it as a person in the console."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sandbox.cloud import Cloud
    from sandbox.cloud.trouble import Trouble

DEFAULT_STATE = Path(".sandbox/cloud.sqlite")

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
StateFile = Annotated[Path, typer.Option("--state", help="The file the cloud is kept in.")]


@app.command()
def serve(state: StateFile = DEFAULT_STATE) -> None:
    """Serve every provider on a free local port; prints {"port": N} once it is open."""
    from sandbox.cloud import provider  # noqa: PLC0415 - the other commands need no gRPC

    def opened() -> tuple[Cloud, Trouble]:
        from sandbox.cloud.facade import Cloud  # noqa: PLC0415 - loaded after the port is told
        from sandbox.cloud.trouble import Trouble  # noqa: PLC0415 - the same

        return Cloud.open(state), Trouble.from_environment()

    asyncio.run(provider.serve(opened, lambda port: print(json.dumps({"port": port}), flush=True)))  # noqa: T201


@app.command("list")
def list_resources(state: StateFile = DEFAULT_STATE) -> None:
    """Every resource: type, id."""
    for record in _open(state).state.all():
        typer.echo(f"{record.type}\t{record.id}")


@app.command()
def show(kind: str, identifier: str, state: StateFile = DEFAULT_STATE) -> None:
    """One resource as JSON, secrets redacted."""
    from sandbox.cloud.catalogue import type_row  # noqa: PLC0415 - `serve` must not wait for it
    from sandbox.cloud.values import lookup, place  # noqa: PLC0415 - the same

    record = _open(state).state.get(kind, identifier)
    if record is None:
        _fail(f"no {kind} with id '{identifier}': `python -m sandbox.cloud list` shows what exists")
    for path in type_row(kind).secrets:
        for _ in lookup(record.outputs, path):
            place(record.outputs, path, "[secret]")
    typer.echo(json.dumps(record.outputs, indent=2, sort_keys=True))


@app.command()
def edit(kind: str, identifier: str, change: str, state: StateFile = DEFAULT_STATE) -> None:
    """Change one property behind the program's back, as somebody in the console: PATH=VALUE, the value as JSON or text."""
    from sandbox.cloud import CloudError  # noqa: PLC0415 - `serve` must not wait for it

    path, sign, text = change.partition("=")
    if not sign or not path:
        _fail(f"'{change}' is no change; write PATH=VALUE, such as settings.availabilityType=ZONAL")
    try:
        value: Any = json.loads(text)
    except ValueError:
        value = text
    try:
        _open(state).edit(kind, identifier, path, value)
    except CloudError as error:
        _fail(f"{error}: `python -m sandbox.cloud list` shows what exists")


@app.command()
def advance(days: float, state: StateFile = DEFAULT_STATE) -> None:
    """Let the cloud's time pass: names of deleted resources become free again."""
    _open(state).state.advance(days)


@app.command()
def reset(state: StateFile = DEFAULT_STATE) -> None:
    """Forget every resource and every blocked name."""
    typer.echo(f"forgot {_open(state).state.reset()} resources")


def _open(state: Path) -> Cloud:
    from sandbox.cloud import Cloud  # noqa: PLC0415 - `serve` must not wait for it

    if not state.is_file():
        _fail(f"there is no cloud at {state}: run `sandbox/pulumi up` first, or name the file with --state")
    return Cloud.open(state)


def _fail(message: str) -> Any:
    typer.echo(f"error: {message}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    app()
