"""`python -m ops report`: writes the report of a stack into a folder, offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.settings.problems import SettingsError
from ops.options import StackName
from ops.report.markdown import added, cheaper, closing, month
from ops.report.stack import ROOT, Stack

if TYPE_CHECKING:
    from ops.report.model import Report

_NOT_ASKED = 2
_errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


def report(
    stack: StackName = "dev",
    output: Annotated[Path, typer.Option(help="Folder that is written into; it is made when it is not there")] = ROOT
    / "build/report",
    against: Annotated[
        Path | None, typer.Option(help="The stack file as it is deployed: what a month costs more", show_default=False)
    ] = None,
    phases: Annotated[
        bool, typer.Option("--phases", help="With what each phase of PostgreSQL does: three plans more")
    ] = False,
) -> None:
    """Tell which promises a stack keeps, what it costs and what would close each gap; no account is asked."""
    # What plans and draws is not installed where the other commands run.
    from ops.report.build import make  # noqa: PLC0415
    from ops.report.files import files  # noqa: PLC0415
    from sandbox.plan import PlanError  # noqa: PLC0415

    try:
        with _errors.status(f"{stack}: plan, verdicts, growth"):
            deployed = Stack.from_file(stack, against) if against else None
            made = make(Stack.read(stack), deployed, phases=phases)
            written = files(made)
    except (SettingsError, PlanError) as error:
        _errors.print(str(error))
        raise typer.Exit(_NOT_ASKED) from error
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, text in written.items():
            (output / name).write_text(text, encoding="utf-8")
    except OSError as error:
        _errors.print(f"{output} cannot be written: {error.strerror}; name another folder with --output")
        raise typer.Exit(_NOT_ASKED) from error
    console = Console()
    console.print(_table(made.report))
    console.print(month(made.report), soft_wrap=True)
    for store, changes, saved, given_up in cheaper(made.report):
        console.print(f"Cheaper: {store}: {changes}: {saved} USD less, gives up {given_up}", soft_wrap=True)
    console.print(
        f"Written: {output / 'index.html'} and {', '.join(list(written)[1:])}", soft_wrap=True, highlight=False
    )


def _table(made: Report) -> Table:
    """What is not met, and the settings that would close it."""
    counts = {status: len(made.of(status)) for status in ("met", "not met", "undecided")}
    title = f"{made.stack}: {counts['met']} met, {counts['not met']} not met, {counts['undecided']} undecided"
    table = Table("not met", "what is found", "what would close it", "USD a month", title=title)
    for verdict in made.of("not met"):
        for remedy in verdict.remedies or (None,):
            cells = (closing(remedy), added(remedy)) if remedy else ("", "")
            table.add_row(verdict.requirement, verdict.found.en, *cells)
    return table
