"""REC-REGION: the primary's region is lost; its replica in the second region takes over."""

from __future__ import annotations

from typing import Any

from infra.derive import postgres_ports
from ops.failover import signs, steps
from ops.failover.steps import MEANS, Means
from ops.recovery.errors import RecoveryError, RefusedError
from ops.recovery.steps import Procedure, Run, Step


def failover_region(means: Means = MEANS) -> Procedure:
    """The procedure; `means` are other ways than the usual ones."""

    def look(run: Run) -> dict[str, Any]:
        return _look(run, means)

    def loss(run: Run) -> dict[str, Any]:
        return _loss(run, means)

    return Procedure(
        name="failover region",
        summary="The second region's replica becomes the primary.",
        requirement="REC-REGION",
        promise="5 to 15 minutes",
        steps=(
            Step(
                "signs",
                "confirm the outage",
                "four signs that do not depend on each other: the Admin API's state of the primary, a connection to it "
                "(and to the replica, as a control), what the replica hears, Google's status page; at least two must "
                "say that it is lost, or --despite-signs gives a reason",
                look,
            ),
            Step(
                "loss",
                "tell what would be lost",
                "what the replica has not received: the age of its newest row and how long it has heard nothing",
                loss,
            ),
            Step(
                "promote",
                "promote the replica",
                "instances.promoteReplica, as a failover where it is the recovery replica of ENTERPRISE_PLUS; waits "
                "for the operation. It cannot be undone",
                _promote,
                asks=_question,
            ),
            Step(
                "adopt",
                "adopt it",
                "settings and state name it as the primary (python -m ops adopt); no database is replaced or deleted, "
                "or everything is put back",
                lambda run: steps.adopt(run, means),
            ),
            Step(
                "names",
                "move the names",
                "`pulumi up` of the names alone: the lost region's resources are not waited for",
                lambda run: steps.move_names(run, means),
            ),
            Step(
                "check",
                "check the new primary",
                "it takes writes, on which timeline; every declared user may sign in; the clients' name leads to it",
                lambda run: steps.check(run, means),
            ),
            Step(
                "guard",
                "guard the new primary",
                "`pulumi up` of the instance alone: backups, logs, standby; switching the logs on restarts it once",
                lambda run: steps.guard(run, means),
                asks=lambda run: f"Give {run.value('replica')} backups and a standby now? It restarts once.",
            ),
            Step(
                "tell",
                "tell the way back",
                "what is managed by nobody any more, what to commit, and how the old region gets its primary back",
                steps.tell_way_back,
            ),
        ),
    )


def _look(run: Run, means: Means) -> dict[str, Any]:
    plan = run.declared.plan
    replica = steps.abroad(plan, run.option("replica"))
    taking_over = steps.found(run, replica.name)
    if taking_over.primary != plan.primary.name:
        was = f"follows {taking_over.primary}" if taking_over.primary else "is no replica any more"
        raise RefusedError(
            f"instance {replica.name}",
            was,
            allowed=f"a replica of {plan.primary.name}",
            fix=f"where it was promoted by hand: python -m ops adopt --instance {replica.name}",
        )
    told = [
        signs.of_api(lambda: run.google.sql.get(plan.primary.name), plan.primary.name),
        signs.of_probe(steps.server_name(plan), taking_over.address, postgres_ports.SERVER, means.answers),
        signs.of_replica(lambda: means.heard(run, taking_over)),
        signs.of_status(means.incidents, plan.primary.region),
    ]
    for sign in told:
        run.reporter.say(str(sign))
    reason = run.option("despite_signs")
    if not signs.confirmed(told) and not reason:
        raise RefusedError(
            "signs",
            f"{sum(sign.verdict == 'lost' for sign in told)} of {len(told)} say that {plan.primary.region} is lost",
            allowed=f"at least {signs.NEEDED}",
            fix="look again later with the same command; --new --despite-signs REASON goes on all the same",
        )
    return {
        "primary": plan.primary.name,
        "replica": replica.name,
        "old_region": plan.primary.region,
        "is_recovery_replica": replica.key == plan.disaster_recovery_replica,
        "signs": [str(sign) for sign in told],
        "reason": reason,
    }


def _loss(run: Run, means: Means) -> dict[str, Any]:
    try:
        heard = means.heard(run, steps.found(run, run.value("replica")))
    except RecoveryError as error:
        run.reporter.say(f"the replica does not tell what it has: {str(error).splitlines()[0]}")
        return {"lost_seconds": None, "position": "unknown"}
    silent = "an unknown time" if heard.silence is None else f"{heard.silence:.0f} s"
    behind = "of an unknown age" if heard.behind is None else f"{heard.behind:.0f} s old"
    run.reporter.say(
        f"the replica has heard nothing for {silent}; its newest row is {behind}; it ends at {heard.position}"
    )
    lost = None if heard.behind is None else max(0.0, heard.behind - (heard.silence or 0.0))
    shown = "an unknown time" if lost is None else f"about {lost:.0f} s"
    run.reporter.say(f"lost are the writes of {shown} before the outage (TGT-PG-RPO: 60 s)")
    return {"lost_seconds": lost, "position": heard.position}


def _question(run: Run) -> str:
    lost = run.value("lost_seconds")
    shown = "an unknown time" if lost is None else f"about {lost:.0f} s"
    return (
        f"Promote {run.value('replica')}? It stops following {run.value('primary')} for good; the writes of {shown} "
        f"before the outage are not in it. Should {run.value('primary')} come back, nobody may write to it."
    )


def _promote(run: Run) -> None:
    name, is_failover = run.value("replica"), bool(run.value("is_recovery_replica"))
    steps.take_over(run, name, lambda: run.google.sql.promote(name, is_failover=is_failover))
