"""`python -m ops cost`: what a stack costs a month, beside what the document gives (COST-Y1, COST-Y3, COR-21)."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from infra.settings import SettingsError
from ops.cost_tables import Costs, as_json, by_line, by_store, outdated, remarks
from ops.options import StackName

ROOT = Path(__file__).resolve().parents[1]
_NOT_ASKED = 2
_errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


class Form(Enum):
    """What is printed."""

    TABLE = "table"
    LINES = "lines"
    JSON = "json"


def cost(
    stack: StackName = "dev",
    form: Annotated[
        Form, typer.Option("--format", help="table: a row a store; lines: a row a charge; json: everything")
    ] = Form.TABLE,
    folder: Annotated[Path, typer.Option(help="Where the stack files are")] = ROOT,
) -> None:
    """Tell what a stack costs a month, at list price and paid ahead; no account is asked."""
    try:
        costs = Costs.of(stack, folder / f"Pulumi.{stack}.yaml")
    except SettingsError as error:
        _errors.print(str(error))
        raise typer.Exit(_NOT_ASKED) from error
    if form is Form.JSON:
        typer.echo(json.dumps(as_json(costs), ensure_ascii=False, indent=2))
    else:
        console = Console()
        console.print(by_store(costs) if form is Form.TABLE else by_line(costs))
        for text in remarks(costs):
            console.print(Text(text), soft_wrap=True)
    if old := outdated(costs):
        _errors.print(old)
