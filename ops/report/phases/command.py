"""`python -m ops phases`: where a stack is between the document's phases, and what each step would do."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from infra.settings import SettingsError
from infra.settings.check import check
from infra.settings.stack_file import StackFile
from ops.report.phases.journey import NoPhasesError, journey
from ops.report.phases.tables import as_json, by_step, remarks
from sandbox.plan import PlanError

PASSED, NOT_ASKED = 0, 2


def phases(stack: str, file: Path, *, as_data: bool) -> int:
    """Print the phases of a stack file as a table or as JSON; 0 when told, 2 when the file cannot be used."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
    try:
        check(file)
        found = journey(stack, StackFile.read(file).subjects)
    except (SettingsError, PlanError, NoPhasesError) as error:
        errors.print(str(error))
        return NOT_ASKED
    if as_data:
        typer.echo(json.dumps(as_json(found), ensure_ascii=False, indent=2, default=str))
        return PASSED
    console = Console()
    console.print(by_step(found))
    for line in remarks(found):
        console.print(Text(line), soft_wrap=True)
    return PASSED
