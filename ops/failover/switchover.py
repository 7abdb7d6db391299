"""A planned change of region: primary and recovery replica change places, and nothing is lost (ENTERPRISE_PLUS)."""

from __future__ import annotations

from typing import Any

from ops.failover import signs, steps
from ops.failover.steps import MEANS, Means
from ops.recovery.cloud.sql import RUNNABLE
from ops.recovery.errors import RefusedError
from ops.recovery.steps import Procedure, Run, Step

_MOST_BEHIND = 60.0
"""Seconds that the replica may be behind; a switchover waits until it has everything, and clients wait with it."""


def switchover(means: Means = MEANS) -> Procedure:
    """The procedure; `means` are other ways than the usual ones."""
    return Procedure(
        name="switchover",
        summary="Primary and recovery replica change places.",
        requirement="REC-REGION",
        promise="minutes, nothing lost",
        steps=(
            Step(
                "ready",
                "see that both are ready",
                "edition ENTERPRISE_PLUS, a recovery replica that is named and follows closely, both RUNNABLE",
                lambda run: _ready(run, means),
            ),
            Step(
                "switch",
                "switch over",
                "instances.switchover: the primary stops taking writes, the replica gets the rest and takes over, the "
                "old primary follows it; waits for the operation",
                _switch,
                asks=lambda run: f"Switch over to {run.value('replica')}? Clients cannot write for a minute or so.",
            ),
            Step(
                "adopt",
                "adopt it",
                "settings and state name the new primary, and the old one as its recovery replica (ops adopt)",
                lambda run: steps.adopt(run, means),
            ),
            Step("names", "move the names", "`pulumi up` of the names alone", lambda run: steps.move_names(run, means)),
            Step(
                "check",
                "check the new primary",
                "it takes writes, on which timeline; every declared user may sign in; the clients' name leads to it",
                lambda run: steps.check(run, means),
            ),
            Step(
                "guard",
                "guard the new primary",
                "`pulumi up` of the instance alone: backups, logs, standby, its recovery replica",
                lambda run: steps.guard(run, means),
            ),
            Step(
                "tell",
                "tell the way back",
                "what to commit, and that the same command leads back",
                lambda run: run.reporter.say(
                    f"commit Pulumi.{run.declared.environment}.yaml and deploy; the way back is the same command"
                ),
            ),
        ),
    )


def _ready(run: Run, means: Means) -> dict[str, Any]:
    plan = run.declared.plan
    if plan.edition != "ENTERPRISE_PLUS":
        raise RefusedError(
            "postgres.edition",
            plan.edition,
            allowed="ENTERPRISE_PLUS: Cloud SQL switches over nothing else (COR-01)",
            fix="set it, which changes in place; or stop the writers, wait until the replica has everything, and run "
            "python -m ops failover region --despite-signs 'planned move': a new replica leads back then",
        )
    if plan.disaster_recovery_replica is None:
        raise RefusedError(
            "postgres.disasterRecoveryReplica",
            "is missing",
            allowed="the name of a replica abroad",
            fix="name it in the stack file and deploy",
        )
    replica = steps.abroad(plan, plan.disaster_recovery_replica)
    taking_over = steps.found(run, replica.name)
    for instance in (steps.found(run, plan.primary.name), taking_over):
        if instance.state != RUNNABLE:
            fix = "in an outage: python -m ops failover region"
            raise RefusedError(f"instance {instance.name}", f"is {instance.state}", allowed=RUNNABLE, fix=fix)
    heard = means.heard(run, taking_over)
    _check_follows(replica.name, heard)
    return {"primary": plan.primary.name, "replica": replica.name, "old_region": plan.primary.region}


def _check_follows(name: str, heard: signs.Heard) -> None:
    if heard.is_streaming and (heard.behind is None or heard.behind <= _MOST_BEHIND):
        return
    said = f"is {heard.behind:.0f} s behind" if heard.is_streaming and heard.behind else "receives nothing"
    raise RefusedError(f"instance {name}", said, allowed=f"at most {_MOST_BEHIND:.0f} s", fix="wait until it follows")


def _switch(run: Run) -> None:
    name = run.value("replica")
    steps.take_over(run, name, lambda: run.google.sql.switch_over(name))
