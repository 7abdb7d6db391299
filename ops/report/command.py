"""`python -m ops report`: writes the report of a stack into a folder, offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.settings.problems import SettingsError
from ops.options import StackName
from ops.report.as_json import SCHEMA, as_json
from ops.report.build import report as build
from ops.report.markdown import added, closing, markdown, usd
from ops.report.model import Report
from ops.report.stack import ROOT, Stack

_NOT_ASKED = 2
_errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


def report(
    stack: StackName = "dev",
    output: Annotated[Path, typer.Option(help="Folder that is written into; it is made when it is not there")] = ROOT
    / "build/report",
) -> None:
    """Tell which promises a stack keeps, what it costs and what would close each gap; no account is asked."""
    # The in-process plan is not installed where the other commands run.
    from sandbox.plan import PlanError  # noqa: PLC0415

    try:
        made = build(Stack.read(stack))
    except (SettingsError, PlanError) as error:
        _errors.print(str(error))
        raise typer.Exit(_NOT_ASKED) from error
    write(made, output)
    console = Console()
    console.print(_table(made))
    console.print(f"A month at list price: {usd(made.month.month())} USD.", soft_wrap=True)
    console.print(f"Written: {output}", soft_wrap=True, highlight=False)


def write(made: Report, folder: Path) -> None:
    """Write the files of a report."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "report.json": json.dumps(as_json(made), ensure_ascii=False, indent=2) + "\n",
        "report.schema.json": json.dumps(SCHEMA, indent=2) + "\n",
        "summary.md": markdown(made),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def _table(made: Report) -> Table:
    """What is not met, and the settings that would close it."""
    counts = {status: len(made.of(status)) for status in ("met", "not met", "undecided")}
    title = f"{made.stack}: {counts['met']} met, {counts['not met']} not met, {counts['undecided']} undecided"
    table = Table("not met", "what is found", "what would close it", "USD a month", title=title)
    for verdict in made.of("not met"):
        remedies = verdict.remedies or (None,)
        for remedy in remedies:
            cells = (closing(remedy), added(remedy)) if remedy else ("", "")
            table.add_row(verdict.requirement, verdict.found.en, *cells)
    return table
