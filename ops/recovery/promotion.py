"""Moving the names that clients hold onto a copy, and back (REC-PITR, REC-FULL): no instance is touched by it."""

from typing import Any

from ops.recovery.cloud.dns import Move
from ops.recovery.copies import found, live_instance
from ops.recovery.errors import RefusedError
from ops.recovery.steps import Run


def question(run: Run) -> str:
    """What is asked before names are moved."""
    return (
        f"Move the names of {run.value('live')} to {run.value('copy')}? Clients reach it within 30 s; writes that the "
        "old one takes until then are not in the new one. The old instance stays as it is."
    )


def promote(run: Run) -> dict[str, Any]:
    """Move every name that stands for the live primary or its replicas, and nothing else, onto the copy.

    The replicas' names too: they follow the old primary, and would go on answering with what was given up.
    """
    copy = found(run, run.value("copy"))
    if "moves" not in run.journal.values:
        live, instances = run.value("live"), run.google.sql.all()
        old = [each.address for each in instances if live in (each.name, each.primary) and each.address]
        if live not in {each.name for each in instances}:
            old += _left_behind(run, {each.address for each in instances})
        moves = run.google.names.moves(old, copy.address)
        if not moves and copy.address not in old and not run.google.names.users_of(copy.address):
            raise RefusedError(
                f"instance {live}", "no name stands for it, so none can be moved", fix="look at the zone"
            )
        run.journal.keep(moves=[move.as_json() for move in moves])
    moves = [Move.from_json(row) for row in run.value("moves")]
    run.google.names.make(moves)
    for move in moves:
        run.reporter.say(f"  {move.name}: {', '.join(move.before)} → {', '.join(move.after)}")
    return {}


def _left_behind(run: Run, alive: set[str]) -> list[str]:
    """The addresses behind the declared names that no instance has: a deleted one can no longer tell its own."""
    plan, records = run.declared.plan, run.google.names.records()
    # Behind a pooler the instances have names of their own, and the hosts stand for the pooler.
    hosts = plan.names or plan.hosts.values()
    found = {address for host in hosts for address in records.get(host, (0, ()))[1]}
    return sorted(found - alive)


def tell_way_back(run: Run) -> dict[str, Any]:
    """Say what stands where now, and how to come back."""
    environment, copy = run.declared.environment, run.value("copy")
    if "moves" in run.journal.values:
        run.reporter.say(f"{copy} takes the writes now; {run.value('live')} is as it was, and clients do not use it.")
        run.reporter.say(f"Back:   python -m ops restore back --run {run.journal.run} --env {environment}")
        run.reporter.say(f"Before anybody deploys: python -m ops adopt --stack {environment} --instance {copy}")
    else:
        run.reporter.say(
            f"{copy} ({run.value('copy_address')}) is ready beside {run.value('live')}; no name was moved."
        )
        run.reporter.say(f"Use it:     python -m ops restore promote --run {run.journal.run} --env {environment}")
        run.reporter.say(f"Remove it:  python -m ops restore remove --run {run.journal.run} --env {environment}")
    return {}


def question_back(run: Run) -> str:
    """What is asked before names go back."""
    return (
        f"Move the names back from {run.value('copy')} to {run.value('live')}? What was written to {run.value('copy')} "
        "stays there alone."
    )


def back(run: Run) -> dict[str, Any]:
    """Move the names of a run back to where they were."""
    if "moves" not in run.journal.values:
        raise RefusedError(f"run {run.journal.run}", "has moved no names", fix="there is nothing to take back")
    run.google.names.make([Move.from_json(row).back() for row in run.value("moves")])
    run.reporter.say(f"{live_instance(run)} takes the writes.")
    return {}
