"""`python -m schema plan|apply|status|verify STORE --env ENVIRONMENT`."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.derive.schemas import variable
from schema.contents import check_contents
from schema.contents import contents as contents_of
from schema.kit import Record, SchemaError, Step, Store, load_environment
from schema.stores import StoreName, open_store, postgres_bootstrap

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_DONE, _DIFFERS, _FAILED = 0, 1, 2
# Tables are read by people on a terminal, and whole by everybody else.
_console = Console(width=None if sys.stdout.isatty() else 200, highlight=False, soft_wrap=True, markup=False)
_errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


class Form(StrEnum):
    """How a result is written."""

    TEXT = "text"
    JSON = "json"


StoreArgument = Annotated[StoreName, typer.Argument(help="Which store", show_default=False)]
EnvironmentOption = Annotated[
    str, typer.Option("--env", help="The environment: the <name> of Pulumi.<name>.yaml", show_default=False)
]
FormOption = Annotated[Form, typer.Option("--format", help="For people or for tools")]


@app.callback()
def _root() -> None:
    """What lives inside the stores: roles, tables, policies, validators, indices.

    Where a store is stands in TRIPTRIP_SCHEMA_<STORE>. Exit code 0: done, or nothing to do; 1: the store is otherwise
    than the files say; 2: could not be done, or not whole.
    """


@app.command()
def plan(
    store: StoreArgument,
    env: EnvironmentOption,
    form: FormOption = Form.TEXT,
    expect_no_changes: Annotated[
        bool, typer.Option("--expect-no-changes", help="Exit with 1 if there are any")
    ] = False,
) -> None:
    """Show what `apply` would do; changes nothing."""
    with _opened(store, env) as opened:
        steps = opened.steps()
    if form is Form.JSON:
        _console.print_json(json.dumps([{"action": s.action, "what": s.what, "detail": s.detail} for s in steps]))
    else:
        for step in steps:
            _console.print(_line(step))
        _console.print(f"{store} of {env}: {_counted(len(steps), 'change')}")
    raise typer.Exit(_DIFFERS if steps and expect_no_changes else _DONE)


@app.command()
def apply(
    store: StoreArgument,
    env: EnvironmentOption,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for another who is changing the store before giving up")
    ] = 60,
) -> None:
    """Bring the store to what the files say, one whole step after the other."""
    with _opened(store, env) as opened, opened.lock(wait):
        steps = opened.steps()
        _apply(steps, env, store)
        _console.print(f"{store} of {env}: {_counted(len(steps), 'change')} made")
        found = _still_wrong(opened)
    raise typer.Exit(_DIFFERS if found else _DONE)


@app.command()
def status(store: StoreArgument, env: EnvironmentOption, form: FormOption = Form.TEXT) -> None:
    """Show which files have run in the store, when, how long and by whom."""
    with _opened(store, env) as opened:
        records = opened.records()
    if form is Form.JSON:
        _console.print_json(json.dumps([_row(record) for record in records]))
        return
    table = Table("file", "begun (UTC)", "took", "by", "checksum")
    for record in records:
        row = _row(record)
        took = "interrupted" if row["seconds"] is None else f"{row['seconds']} s"
        table.add_row(
            record.name, f"{record.started_at:%Y-%m-%d %H:%M:%S}", took, record.applied_by, record.checksum[:12]
        )
    _console.print(table)


@app.command()
def verify(store: StoreArgument, env: EnvironmentOption) -> None:
    """Compare the store with the files, nothing else: exit code 1 when it is otherwise."""
    with _opened(store, env) as opened:
        found = _still_wrong(opened)
    if not found:
        _console.print(f"{store} of {env}: as the files say")
    raise typer.Exit(_DIFFERS if found else _DONE)


@app.command()
def maintain(store: StoreArgument, env: EnvironmentOption) -> None:
    """Do the upkeep that is due: partitions, materialized views. Run by a schedule."""
    with _opened(store, env) as opened:
        failures = opened.maintain()
    for failure in failures:
        _errors.print(failure)
    raise typer.Exit(_FAILED if failures else _DONE)


@app.command()
def export(
    env: EnvironmentOption,
    bucket: Annotated[
        str, typer.Option(envvar=variable("timescale", "BACKUPS"), help="The backup bucket's name", show_default=False)
    ],
) -> None:
    """Copy the continuous aggregates of TimescaleDB into the backup bucket."""
    with _told():
        # Only this command speaks to Cloud Storage.
        from schema.timescale.exporting import export_aggregates  # noqa: PLC0415

        for line in export_aggregates(load_environment(env), bucket):
            _console.print(line)


@app.command()
def bootstrap(env: EnvironmentOption) -> None:
    """Print what an administrator of PostgreSQL runs once, before the first apply."""
    with _told():
        _console.out(postgres_bootstrap(load_environment(env)), highlight=False)


@app.command()
def contents(
    env: EnvironmentOption,
    check: Annotated[
        bool, typer.Option("--check", help="Fail unless schemas.contents of the stack file is the same")
    ] = False,
) -> None:
    """Print one checksum of all that the image holds for an environment."""
    with _told():
        _console.print(check_contents(env) if check else contents_of(env))


@contextmanager
def _told() -> Iterator[None]:
    """Tell a failure in one message and the exit code."""
    try:
        yield
    except SchemaError as error:
        _errors.print(str(error))
        raise typer.Exit(_FAILED) from None
    except KeyboardInterrupt:
        _errors.print("interrupted; what was begun is undone or continued by the next apply")
        raise typer.Exit(_FAILED) from None


@contextmanager
def _opened(name: StoreName, environment: str) -> Iterator[Store]:
    with _told(), open_store(name, load_environment(environment)) as opened:
        yield opened


def _apply(steps: Sequence[Step], environment: str, name: StoreName) -> None:
    """Make each change; a failure says what is done, what is not, and that the next run goes on from there."""
    for position, step in enumerate(steps):
        started = time.monotonic()
        try:
            step.run()
        except SchemaError as error:
            rest = len(steps) - position - 1
            raise SchemaError(
                error.where,
                f"{error.given}\n{_counted(position, 'change')} made before and kept; not made: {step.what}"
                + (f" and {rest} after it" if rest else ""),
                allowed=error.allowed,
                fix=f"{error.fix + '; then ' if error.fix else ''}`python -m schema apply {name} --env {environment}` "
                "goes on from there",
            ) from error
        _console.print(f"{_line(step)}  {time.monotonic() - started:.1f} s")


def _still_wrong(store: Store) -> int:
    """Tell everything that is otherwise than the files say; returns how much that is."""
    lines = [f"not made: {_line(step)}" for step in store.steps()] + list(store.findings())
    for line in lines:
        _errors.print(line)
    return len(lines)


def _line(step: Step) -> str:
    return f"{step.action:<9}  {step.what}" + (f"  {step.detail}" if step.detail else "")


def _row(record: Record) -> dict[str, str | float | None]:
    finished = record.finished_at
    return {
        "file": record.name,
        "checksum": record.checksum,
        "startedAt": record.started_at.isoformat(),
        "seconds": None if finished is None else round((finished - record.started_at).total_seconds(), 1),
        "appliedBy": record.applied_by,
    }


def _counted(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
