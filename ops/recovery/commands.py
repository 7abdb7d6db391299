"""`python -m ops restore …` and `python -m ops drill`: options in, a procedure's steps done.

What talks to Google and PostgreSQL is loaded when a command runs: the commands around a deployment live without it.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as Grid

from infra.derive.drills import DUE
from ops.options import StackName, YesReally
from ops.recovery import moments
from ops.recovery.errors import RecoveryError, RefusedError
from ops.recovery.request import REFUSED, Request, RunName, performed, run_name, takes_request, told
from ops.recovery.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.derive.recovery import TargetPlan

restore = typer.Typer(no_args_is_help=True, help="Bring data back; nothing live is ever deleted or overwritten by it.")
_console = Console(highlight=False, soft_wrap=True, markup=False)

Before = Annotated[str, typer.Option(help="The moment, with its zone: '2026-11-26 03:00 JST'")]
LastGood = Annotated[str, typer.Option(help="A query on the live database that answers the moment, as timestamptz")]


@restore.command("table")
@takes_request
def restore_table(  # noqa: PLR0913, PLR0917 # a command's options
    request: Request,
    table: Annotated[str, typer.Option(help="schema.table")],
    before: Before = "",
    last_good: LastGood = "",
    rule: Annotated[str, typer.Option(help="missing, changed or replace")] = "missing",
    changed_column: Annotated[str, typer.Option(help="changed: only rows whose live value is at or after …")] = "",
    changed_since: Annotated[str, typer.Option(help="… this moment, with its zone")] = "",
) -> None:
    """Recover one table: temporary instance, load beside, validate, merge (REC-TABLE)."""
    from ops.recovery.postgres.merge import Rule  # noqa: PLC0415 # see above
    from ops.recovery.table import RESTORE_TABLE  # noqa: PLC0415 # see above

    if rule not in set(Rule):
        raise RecoveryError("--rule", f"{rule} is none", allowed=", ".join(Rule))
    since = moments.rfc3339(moments.parse(changed_since, "--changed-since")) if changed_since else ""
    if bool(changed_column) != bool(since):
        raise RecoveryError("--changed-column", "goes with --changed-since", fix="give both, or neither")
    options = {"table": table, "rule": rule, "changed_column": changed_column, "changed_since": since}
    performed(RESTORE_TABLE, request, {**options, **_moment(before, last_good)})


@restore.command("pit")
@takes_request
def restore_pit(
    request: Request,
    before: Before = "",
    last_good: LastGood = "",
    check: Annotated[str, typer.Option(help="A query that must answer true on the clone")] = "",
    promote: Annotated[
        bool, typer.Option("--promote", help="Move the names onto it when it holds; asks first")
    ] = False,
) -> None:
    """Clone the database at a moment, validate it, and move the names if that is wanted (REC-PITR)."""
    from ops.recovery.pit import RESTORE_PIT  # noqa: PLC0415 # see above

    if not (before or last_good or request.run or request.plan):
        raise RecoveryError("--before", "is missing", allowed="--before or --last-good", fix="say which moment")
    options = {"check": check, "promote": "yes" if promote else "", **_moment(before, last_good)}
    performed(RESTORE_PIT, request, options)


@restore.command("full")
@takes_request
def restore_full(
    request: Request,
    source: Annotated[str, typer.Option(help="auto, logs, backup or export")] = "auto",
    check: Annotated[str, typer.Option(help="A query that must answer true on the new instance")] = "",
    no_switch: Annotated[bool, typer.Option("--no-switch", help="Leave the names where they are")] = False,
) -> None:
    """Make a new instance from logs, backup or export, and move the names onto it (REC-FULL)."""
    from ops.recovery.full import RESTORE_FULL  # noqa: PLC0415 # see above

    if source not in ("auto", "logs", "backup", "export"):
        raise RecoveryError("--source", f"{source} is none", allowed="auto, logs, backup, export")
    options = {"source": source, "check": check, "no_switch": "yes" if no_switch else ""}
    performed(RESTORE_FULL, request, options)


@restore.command("promote")
def promote_run(run: RunName, env: StackName = "dev", yes_really: YesReally = "") -> None:
    """Move the names onto the copy of a `restore pit` or `full` that has ended without it."""
    _act(env, run, yes_really, "promote")


@restore.command("back")
def move_back(run: RunName, env: StackName = "dev", yes_really: YesReally = "") -> None:
    """Move the names of a run back to where they were."""
    _act(env, run, yes_really, "back")


@restore.command("remove")
def remove_copy(run: RunName, env: StackName = "dev", yes_really: YesReally = "") -> None:
    """Delete the copy of a run, unless a name stands for it."""
    _act(env, run, yes_really, "remove")


@restore.command("runbook")
def write_runbook(
    check: Annotated[bool, typer.Option("--check", help="Only say whether it is current")] = False,
) -> None:
    """Write docs/runbooks/recovery-*.md anew, out of the commands' own steps."""
    with told():
        from ops.recovery import runbook, runbooks  # noqa: PLC0415 # see above

        runbook.write(is_check=check)
        runbooks.write(is_check=check)


@takes_request
def drill(
    request: Request,
    kind: Annotated[str, typer.Option(help="pit, full, export, or due: the one that is due first")] = "pit",
    history: Annotated[bool, typer.Option("--history", help="Print what drills have achieved")] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 when a drill is overdue")] = False,
) -> None:
    """Restore into a throw-away instance, check the data, record achieved RPO and RTO, tear down."""
    from ops.recovery import drill as drills  # noqa: PLC0415 # see above

    if history or check:
        raise typer.Exit(_shown(request.env, is_check=check))
    targets = _targets(request.env)
    if kind not in (DUE, *targets):
        raise RecoveryError("--kind", f"{kind} is none", allowed=", ".join((*targets, DUE)))
    if kind == DUE and not request.plan:
        kind = drills.due(_records(request.env), targets, datetime.now(UTC))
        _console.print(f"due first: {kind}")
    made = performed(drills.DRILL, request, {"kind": kind})
    if made is not None and (verdict := made.value("record")["verdict"]) != "met":
        raise RefusedError(f"drill {made.journal.run}", f"its targets were {verdict}", fix="see its record")


def _targets(env: str) -> Mapping[str, TargetPlan]:
    """What each kind of drill must reach in this environment."""
    from ops.recovery import session  # noqa: PLC0415 # see above

    if not (targets := session.target_of(env).targets):
        fix = "declare triptrip:recovery, or give recovery.drills.targets a kind"
        raise RecoveryError(f"Pulumi.{env}.yaml", "declares no drills", fix=fix)
    return targets


def _records(env: str) -> list[dict[str, Any]]:
    """What drills have achieved, the newest first."""
    from ops.recovery import drill as drills  # noqa: PLC0415 # see above
    from ops.recovery import session  # noqa: PLC0415 # see above
    from ops.recovery.cloud import connect  # noqa: PLC0415 # see above

    with closing(connect(session.target_of(env))) as google:
        return drills.history(google.bucket)


def _shown(env: str, *, is_check: bool) -> int:
    from ops.recovery import drill as drills  # noqa: PLC0415 # see above
    from ops.recovery import session  # noqa: PLC0415 # see above

    if is_check and not session.target_of(env).targets:
        _console.print(f"Pulumi.{env}.yaml declares no drills: none is overdue")
        return 0
    records = _records(env)
    grid = Grid("run", "kind", "RPO, s", "of", "RTO, s", "of", "verdict")
    for row in records:
        figures = (row["rpo_seconds"], row["target_rpo_seconds"], row["rto_seconds"], row["target_rto_seconds"])
        grid.add_row(
            row["run"], row["kind"], *("-" if figure is None else f"{figure:g}" for figure in figures), row["verdict"]
        )
    _console.print(grid)
    due = drills.overdue(records, _targets(env), datetime.now(UTC))
    for line in due:
        _console.print(f"overdue: {line}")
    return REFUSED if is_check and due else 0


def _moment(before: str, last_good: str) -> dict[str, str]:
    if before and last_good:
        raise RecoveryError("--before", "and --last-good name two moments", fix="give one")
    return {"moment": moments.rfc3339(moments.parse(before)) if before else "", "last_good": last_good}


def _act(env: str, run: str, yes_really: str, name: str) -> None:
    """Do one thing to what a run has made."""
    with told():
        from ops.recovery import session  # noqa: PLC0415 # see above
        from ops.recovery.actions import ACTIONS  # noqa: PLC0415 # see above
        from ops.recovery.journal import Journal  # noqa: PLC0415 # see above

        target, terminal = session.target_of(env), Terminal()
        agreed = session.consent(target, yes_really, terminal, f"{name} of run {run}")
        journal = Journal.of_run(session.folder(), env, run_name(run))
        session.act(ACTIONS[name], target, journal, terminal, agreed=agreed)
