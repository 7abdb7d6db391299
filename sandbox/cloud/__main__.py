"""`python -m sandbox.cloud`: serve the cloud to the engine, or look into it and change it as in the console."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cloud import Cloud
    from sandbox.cloud.trouble import Trouble

TROUBLE = "TRIPTRIP_CLOUD_TROUBLE"
DEFAULT_STATE = Path(".sandbox/cloud.sqlite")

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
StateFile = Annotated[Path, typer.Option("--state", help="The file the cloud is kept in.")]


@app.command()
def serve(state: StateFile = DEFAULT_STATE) -> None:
    """Serve every provider on a free local port; prints {"port": N} once it is open."""
    from sandbox.cloud import provider  # noqa: PLC0415 - the other commands need no gRPC

    def opened() -> Cloud:
        from sandbox.cloud.facade import Cloud  # noqa: PLC0415 - loaded after the port is told

        return Cloud.open(state)

    servicer = provider.Servicer(opened, _trouble())
    asyncio.run(provider.serve(servicer, _announce, servicer.prepare))


def _announce(port: int) -> None:
    print(json.dumps({"port": port}), flush=True)  # noqa: T201 - the line its starter waits for


def _trouble() -> Trouble | None:
    """The trouble asked for in the environment, if any."""
    path = os.environ.get(TROUBLE)
    if not path:
        return None
    from sandbox.cloud.errors import CloudError  # noqa: PLC0415 - only where there is trouble
    from sandbox.cloud.trouble import Trouble  # noqa: PLC0415 - the same

    try:
        return Trouble.from_file(path)
    except CloudError as error:
        _fail(f"{TROUBLE}: {error}")


@app.command("list")
def list_resources(state: StateFile = DEFAULT_STATE) -> None:
    """Every resource: type, id."""
    for record in _open(state).state.all():
        typer.echo(f"{record.type}\t{record.id}")


@app.command()
def show(kind: str, name: str, state: StateFile = DEFAULT_STATE) -> None:
    """One resource, by its type and its id or name, as JSON; secrets are redacted."""
    from sandbox.cloud import CloudError  # noqa: PLC0415 - `serve` must not wait for it
    from sandbox.cloud.values import lookup, place  # noqa: PLC0415 - the same

    cloud = _open(state)
    try:
        outputs = cloud.find(kind, name).outputs
        for path in cloud.secrets(kind):
            for _ in list(lookup(outputs, path)):
                place(outputs, path, "[secret]")
    except CloudError as error:
        _fail(str(error))
    typer.echo(json.dumps(outputs, indent=2, sort_keys=True))


@app.command()
def edit(kind: str, name: str, change: str, state: StateFile = DEFAULT_STATE) -> None:
    """Change one property behind the program's back, as in the console: PATH=VALUE, the value as JSON or text."""
    from sandbox.cloud import CloudError  # noqa: PLC0415 - `serve` must not wait for it

    path, sign, text = change.partition("=")
    if not sign or not path:
        _fail(f"'{change}' is no change; write PATH=VALUE, such as settings.availabilityType=ZONAL")
    try:
        value: Any = json.loads(text)
    except ValueError:
        value = text
    try:
        _open(state).edit(kind, name, path, value)
    except CloudError as error:
        _fail(str(error))


@app.command()
def remove(kind: str, name: str, state: StateFile = DEFAULT_STATE) -> None:
    """Delete one resource behind the program's back, as in the console; guards are not asked."""
    _do(lambda cloud: cloud.remove(kind, name), state)


@app.command()
def promote(name: str, state: StateFile = DEFAULT_STATE) -> None:
    """Promote a replica of Cloud SQL, as `gcloud sql instances promote-replica` does."""
    from sandbox.cloud import console  # noqa: PLC0415 - `serve` must not wait for it

    _do(lambda cloud: console.promote(cloud, name), state)


@app.command()
def clone(source: str, name: str, state: StateFile = DEFAULT_STATE) -> None:
    """Clone an instance of Cloud SQL, as `gcloud sql instances clone` does."""
    from sandbox.cloud import console  # noqa: PLC0415 - `serve` must not wait for it

    _do(lambda cloud: console.clone(cloud, source, name), state)


@app.command("switch-over")
def switch_over(name: str, state: StateFile = DEFAULT_STATE) -> None:
    """Let a replica of Cloud SQL and its primary change places, as `gcloud sql instances switchover` does."""
    from sandbox.cloud import console  # noqa: PLC0415 - `serve` must not wait for it

    _do(lambda cloud: console.switch_over(cloud, name), state)


@app.command()
def advance(days: float, state: StateFile = DEFAULT_STATE) -> None:
    """Let the cloud's time pass: names of deleted resources become free again."""
    _open(state).state.advance(days)


@app.command()
def reset(state: StateFile = DEFAULT_STATE) -> None:
    """Forget every resource and every blocked name."""
    typer.echo(f"forgot {_open(state).state.reset()} resources")


def _do(act: Callable[[Cloud], None], state: Path) -> None:
    from sandbox.cloud import CloudError  # noqa: PLC0415 - `serve` must not wait for it

    try:
        act(_open(state))
    except CloudError as error:
        _fail(str(error))


def _open(state: Path) -> Cloud:
    from sandbox.cloud import Cloud, CloudError  # noqa: PLC0415 - `serve` must not wait for it

    if not state.is_file():
        _fail(f"there is no cloud at {state}: run `sandbox/pulumi up` first, or name the file with --state")
    try:
        return Cloud.open(state)
    except CloudError as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    app()
