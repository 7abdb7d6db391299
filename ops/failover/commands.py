"""`python -m ops failover region` and `python -m ops switchover`: another region takes the writes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from ops.pulumi import COMMAND_VARIABLE
from ops.recovery.commands import New, Plan, RunName, YesReally, performed, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.recovery.steps import Procedure

failover = typer.Typer(no_args_is_help=True, help="Go on elsewhere when a region is lost.")

Env = Annotated[str, typer.Option("--stack", "--env", help="The environment: the <name> of Pulumi.<name>.yaml")]
Cli = Annotated[str, typer.Option("--pulumi", help=f"The Pulumi CLI; ${COMMAND_VARIABLE} otherwise")]


@failover.callback()
def _root() -> None:
    """Go on elsewhere when a region is lost."""


@failover.command("region")
def failover_region(  # noqa: PLR0913, PLR0917 # a command's options
    env: Env = "dev",
    replica: Annotated[str, typer.Option(help="Which replica abroad takes over, when there are several")] = "",
    despite_signs: Annotated[
        str, typer.Option("--despite-signs", metavar="REASON", help="Go on without two signs of an outage")
    ] = "",
    pulumi: Cli = "",
    plan: Plan = False,
    yes_really: YesReally = "",
    run: RunName = "",
    new: New = False,
) -> None:
    """Confirm the outage, promote the second region's replica, adopt it, move the names, check (REC-REGION)."""
    with told():
        from ops.failover import region  # noqa: PLC0415 # what talks to Google is loaded when it runs

        options = {"replica": replica, "despite_signs": despite_signs, **_cli(pulumi)}
        _do(region.failover_region(), env, options, plan, yes_really, run, new=new)


def switchover(  # noqa: PLR0913, PLR0917 # a command's options
    env: Env = "dev",
    pulumi: Cli = "",
    plan: Plan = False,
    yes_really: YesReally = "",
    run: RunName = "",
    new: New = False,
) -> None:
    """Let primary and recovery replica change places, as planned and without loss (ENTERPRISE_PLUS)."""
    with told():
        from ops.failover import switchover as planned  # noqa: PLC0415 # as above

        _do(planned.switchover(), env, _cli(pulumi), plan, yes_really, run, new=new)


def _cli(pulumi: str) -> dict[str, str]:
    return {"pulumi": pulumi or os.environ.get(COMMAND_VARIABLE, "")}


def _do(  # noqa: PLR0913, PLR0917 # a command's options
    procedure: Procedure, env: str, options: Mapping[str, str], plan: bool, yes_really: str, run: str, *, new: bool
) -> None:
    from ops.recovery import session  # noqa: PLC0415 # as above
    from ops.recovery.postgres.databases import Databases  # noqa: PLC0415 # as above

    if not plan:
        # The replica and the new primary are asked; who cannot sign in learns it before anything is promoted.
        Databases(session.target_of(env).database, session.folder())
    performed(procedure, env, options, plan, yes_really, run, new=new)
