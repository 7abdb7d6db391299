"""`python -m ops adopt`: makes the instance that is live the primary of settings and state."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ops.adoption import Adopted, Adoption, AdoptionError
from ops.adoption.intent import Change
from ops.adoption.stack import Stack
from ops.options import Cli, Plan, StackName, YesReally
from ops.pulumi import ROOT, Pulumi, PulumiError
from ops.recovery.terminal import Terminal
from ops.review import step_of

PRODUCTION = "prod"
FOLDER = ROOT / ".recovery" / "adoptions"
_REFUSED, _PASSED = 1, 0
_console = Console(highlight=False, soft_wrap=True, markup=False)
_errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


def adopt(  # noqa: PLR0913, PLR0917 # a command's options
    stack: StackName,
    instance: Annotated[str, typer.Option(help="The Cloud SQL instance that takes the writes now")],
    pulumi: Cli = "pulumi",
    folder: Annotated[Path, typer.Option(help="Where the state as it was is kept")] = FOLDER,
    plan: Plan = False,
    yes_really: YesReally = "",
) -> None:
    """Let settings and state say that a promoted, cloned or restored instance is the primary; no cloud is changed."""
    engine = Pulumi(pulumi, stack)
    adoption = Adoption(engine, instance, folder, lambda step: _console.print(f"· {step}"))
    try:
        if plan:
            made, let_go = adoption.intended()
            _say_changes(made, let_go)
            raise typer.Exit(_PASSED)
        _agree(str(Stack(engine).settings().get("project", {}).get("environment", stack)), instance, yes_really)
        _say(adoption.run(), stack)
    except (AdoptionError, PulumiError) as error:
        _errors.print(str(error))
        raise typer.Exit(_REFUSED) from error


def _agree(environment: str, instance: str, yes_really: str) -> None:
    """Ask before production's settings and state change; raises AdoptionError without consent."""
    if yes_really not in ("", environment):
        raise AdoptionError(f"--yes-really: names {yes_really}; allowed: {environment}")
    if environment != PRODUCTION or yes_really:
        return
    if not Terminal().asks(f"Make {instance} the primary in settings and state of {environment}?", environment):
        raise AdoptionError(
            f"{environment} was not typed, so nothing was changed; type it when asked, or give --yes-really "
            f"{environment} from automation; --plan needs neither"
        )


def _say_changes(made: list[Change], let_go: list[str]) -> None:
    for change in made:
        _console.print(f"settings: {change}")
    for name in let_go:
        _console.print(f"state: {name} leaves it and stays in the cloud")
    _console.print("nothing was changed (--plan)")


def _say(adopted: Adopted, stack: str) -> None:
    _console.print(adopted.review.title)
    for each in adopted.review.changes:
        if step_of(each) != "same":
            _console.print(f"  {step_of(each)} {each.name}")
    if adopted.backup:
        _console.print(f"the state as it was: {adopted.backup}")
    for name in adopted.let_go:
        _console.print(
            f"{name} is managed by nobody any more: it stays in the cloud, guarded and billed, until you have taken "
            f"from it what is missing, and delete it by hand"
        )
    if adopted.settings:
        _console.print(f"next: commit Pulumi.{stack}.yaml and deploy; no database is replaced")
