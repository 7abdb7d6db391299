"""`python -m ops failover region` and `python -m ops switchover`: another region takes the writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ops.options import Cli
from ops.recovery.request import Request, performed, takes_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.recovery.steps import Procedure

failover = typer.Typer(no_args_is_help=True, help="Go on elsewhere when a region is lost.")


@failover.callback()
def _root() -> None:
    """Go on elsewhere when a region is lost."""


@failover.command("region")
@takes_request
def failover_region(
    request: Request,
    replica: Annotated[str, typer.Option(help="Which replica abroad takes over, when there are several")] = "",
    despite_signs: Annotated[
        str, typer.Option("--despite-signs", metavar="REASON", help="Go on without two signs of an outage")
    ] = "",
    pulumi: Cli = "",
) -> None:
    """Confirm the outage, promote the second region's replica, adopt it, move the names, check (REC-REGION)."""
    from ops.failover import region  # noqa: PLC0415 # what talks to Google is loaded when it runs

    options = {"replica": replica, "despite_signs": despite_signs, "pulumi": pulumi}
    _do(region.failover_region(), request, options)


@takes_request
def switchover(
    request: Request,
    pulumi: Cli = "",
) -> None:
    """Let primary and recovery replica change places, as planned and without loss (ENTERPRISE_PLUS)."""
    from ops.failover import switchover as planned  # noqa: PLC0415 # as above

    _do(planned.switchover(), request, {"pulumi": pulumi})


def _do(procedure: Procedure, request: Request, options: Mapping[str, str]) -> None:
    from ops.recovery import session  # noqa: PLC0415 # as above
    from ops.recovery.postgres.databases import Databases  # noqa: PLC0415 # as above

    if not request.plan:
        # The replica and the new primary are asked; who cannot sign in learns it before anything is promoted.
        Databases(session.target_of(request.env).database, session.folder())
    performed(procedure, request, options)
