"""`python -m ops drift`: what differs between a stack's state and the cloud; nothing is changed and nothing locked."""

from __future__ import annotations

import json
import tempfile
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from ops.drift.differences import read_refresh
from ops.drift.judge import judge
from ops.drift.page import as_json, markdown, terminal
from ops.drift.rules import rules
from ops.gate import UnreadableError
from ops.options import Cli, StackName
from ops.pulumi import Pulumi, PulumiError

if TYPE_CHECKING:
    from ops.drift.judge import Drift

_NOTHING, _SECURITY, _NOT_ASKED = 0, 1, 2
_TAIL_LINES = 30
_console = Console(highlight=False, soft_wrap=True, markup=False)
_errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


class Form(Enum):
    """What is printed."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    JSON = "json"


def drift(
    stack: StackName,
    pulumi: Cli = "pulumi",
    form: Annotated[
        Form, typer.Option("--format", help="terminal: lines; markdown: a run's summary; json: everything")
    ] = Form.TERMINAL,
) -> None:
    """Tell what differs between state and cloud; exit 1: security-relevant, 2: not everything could be asked."""
    try:
        found = _asked(Pulumi(pulumi, stack))
    except (PulumiError, UnreadableError) as error:
        _errors.print(str(error))
        raise typer.Exit(_NOT_ASKED) from error
    if form is Form.JSON:
        typer.echo(json.dumps(as_json(found), ensure_ascii=False, indent=2))
    elif form is Form.MARKDOWN:
        typer.echo(markdown(found), nl=False)
    else:
        for line in terminal(found):
            _console.print(line)
    if found.of("security"):
        raise typer.Exit(_SECURITY)
    raise typer.Exit(_NOT_ASKED if found.failed else _NOTHING)


def _asked(engine: Pulumi) -> Drift:
    """A stack's drift. Raises PulumiError when the CLI cannot be run or has read nothing, with what it said."""
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.json"
        done = engine.refresh(events)
        said = "\n".join((done.stdout + done.stderr).splitlines()[-_TAIL_LINES:])
        if not events.is_file() or not events.stat().st_size:
            raise PulumiError(f"pulumi refresh --preview-only read nothing of stack {engine.stack}:\n{said}")
        refresh = read_refresh(events, rules().watched)
        if refresh.finished and not refresh.resources:
            raise PulumiError(
                f"stack {engine.stack} holds no resource: not deployed yet, or $PULUMI_BACKEND_URL names another place"
            )
        return judge(engine.stack, refresh, "" if refresh.finished and not done.returncode else said)
