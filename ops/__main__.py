"""`python -m ops`: the commands that people and the workflows run around a deployment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ops.adoption.command import adopt
from ops.cost import ROOT, cost
from ops.drift.command import drift
from ops.failover.commands import failover, switchover
from ops.gate import UnreadableError
from ops.options import Cli, StackName
from ops.page import markdown, terminal, told
from ops.pulumi import Pulumi, PulumiError
from ops.recovery import commands as recovery
from ops.recovery import store_commands as store_recovery
from ops.report.command import report
from ops.review import review_events, review_file, review_losses, review_stack
from policies.kit.waivers import WaiversError

application = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_PASSED, _REFUSED, _NOT_ASKED = 0, 1, 2
_console = Console(highlight=False, soft_wrap=True, markup=False)
_errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


@application.callback()
def _root() -> None:
    """Commands around a deployment; exit code 0: passed, 1: refused, 2: could not be asked."""


@application.command()
def gate(
    plan: Annotated[
        Path | None, typer.Argument(help="Preview as JSON, event log of a preview, or a saved plan", show_default=False)
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="`pulumi stack export`; a saved plan needs it", show_default=False)
    ] = None,
    stack: Annotated[str, typer.Option(help="Preview this stack instead of reading a file")] = "",
    pulumi: Cli = "pulumi",
) -> None:
    """Refuse what loses data: deletions, replacements, guards taken away, retention cut."""
    if bool(plan) == bool(stack):
        _errors.print("give either a PLAN file or --stack NAME")
        raise typer.Exit(_NOT_ASKED)
    with _asked():
        review = review_file(plan, state) if plan else review_losses(Pulumi(pulumi, stack))
    for finding in review.gate:
        _console.print(told(finding))
    if review.failed:
        _errors.print(f"the preview failed, so the gate cannot say that nothing is lost:\n{review.failed}")
    refused = len(review.refused_by_gate)
    _console.print(f"gate: {refused} refused, {len(review.gate) - refused} waived, of {len(review.changes)} changes")
    raise typer.Exit(_REFUSED if review.refused else _PASSED)


@application.command()
def policy(
    stack: StackName,
    pulumi: Cli = "pulumi",
) -> None:
    """Run gate and packs on a preview, and the packs again on the state, where nothing is unknown."""
    with _asked():
        review = review_stack(Pulumi(pulumi, stack))
    for line in terminal(review):
        _console.print(line)
    raise typer.Exit(_REFUSED if review.refused else _PASSED)


@application.command()
def review(
    events: Annotated[Path, typer.Argument(help="Event log of a preview that ran with the packs")],
    stack: Annotated[str, typer.Option(help="The stack's name, for the title")],
    output: Annotated[
        Path | None, typer.Option(help="Where the preview's output was kept, for when it failed", show_default=False)
    ] = None,
) -> None:
    """Write the page about a change in markdown to stdout; exit 1 when the change is refused."""
    with _asked():
        page = review_events(stack, events, output.read_text(encoding="utf-8") if output and output.is_file() else "")
    typer.echo(markdown(page), nl=False)
    raise typer.Exit(_REFUSED if page.refused else _PASSED)


store_recovery.add_to(recovery.restore)
application.add_typer(recovery.restore, name="restore")
application.command()(recovery.drill)


@application.command("second-opinion")
def second_opinion(
    stack: StackName,
) -> None:
    """Scan the plan with checkov, a rule book that is not ours."""
    # It needs the in-process plan, which is not installed where the other commands run.
    from ops.second_opinion import second_opinion as scan  # noqa: PLC0415

    raise typer.Exit(scan(stack))


@application.command()
def requirements(
    check: Annotated[bool, typer.Option("--check", help="Only say whether it is current")] = False,
) -> None:
    """Write docs/requirements.md anew: each requirement with what declares, guards and proves it."""
    # It needs every policy rule, which the other commands do without.
    from ops.report import requirements as page  # noqa: PLC0415

    if not page.write(is_check=check):
        _errors.print(f"{page.PATH} is out of date: run python -m ops requirements")
        raise typer.Exit(_REFUSED)


class Form(Enum):
    """What is printed."""

    TABLE = "table"
    JSON = "json"


@application.command()
def phases(
    stack: StackName = "dev",
    form: Annotated[Form, typer.Option("--format", help="table: a row a step; json: everything")] = Form.TABLE,
    folder: Annotated[Path, typer.Option(help="Where the stack files are")] = ROOT,
) -> None:
    """Tell where a stack is between the document's phases, and what each step does, takes and costs; offline."""
    # It needs the in-process plan, which is not installed where the other commands run.
    from ops.report.phases.command import phases as tell  # noqa: PLC0415

    raise typer.Exit(tell(stack, folder / f"Pulumi.{stack}.yaml", as_data=form is Form.JSON))


application.command("cost")(cost)
application.command("report")(report)
application.command("drift")(drift)
application.command("adopt")(adopt)
application.add_typer(failover, name="failover")
application.command("switchover")(switchover)


@contextmanager
def _asked() -> Iterator[None]:
    """What cannot be asked ends with one message and exit code 2."""
    try:
        yield
    except (UnreadableError, PulumiError, WaiversError) as error:
        _errors.print(str(error))
        raise typer.Exit(_NOT_ASKED) from error


if __name__ == "__main__":
    application()
