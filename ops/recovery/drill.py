"""Drills: a restore into a throw-away instance, checked, measured against the targets, kept as history, torn down."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from infra.derive.recovery import TargetPlan
from ops.recovery import copies, moments, sources, validate
from ops.recovery.errors import RecoveryError, RefusedError
from ops.recovery.steps import Procedure, Run, Step

PREFIX = "drills/"
FAILED = "failed"

_WAYS = {
    "pit": sources.newest_logs,
    "full": sources.newest_backup,
    "export": sources.newest_export,
}


def _source(run: Run) -> dict[str, Any]:
    return _WAYS[run.option("kind")](run)


def _sweep(run: Run) -> dict[str, Any]:
    for name in (swept := copies.sweep(run)):
        run.reporter.say(f"  deleted {name}, which a drill had left")
    return {"swept": swept}


def _copy(run: Run) -> dict[str, Any]:
    made = copies.make(run, run.value("live"), lambda name: sources.begin_copy(run, name))
    copies.unguard(run, made["copy"])
    return made


def _admit(run: Run) -> dict[str, Any]:
    if user := copies.admit(run, run.value("copy")):
        run.reporter.say(f"  {user} may read {run.value('copy')}")
    return {}


def _validate(run: Run) -> dict[str, Any]:
    failed = ""
    try:
        validate.copy(run)
    except RefusedError as error:
        # A drill that fails is a result: kept, told, and torn down like any other.
        failed = str(error)
    return {"failed": failed, "recovered_at": moments.rfc3339(run.clock())}


def _record(run: Run) -> dict[str, Any]:
    """Keep what was achieved; the time that a person needed between two runs counts, as it would on the day."""
    target = run.declared.targets[run.option("kind")]
    rto = moments.from_rfc3339(run.value("recovered_at")) - run.journal.begun
    rpo = sources.age(run)
    is_met = rpo.total_seconds() <= target.rpo_seconds and rto.total_seconds() <= target.rto_seconds
    record = {
        **_about(run),
        "recovered_at": run.value("recovered_at"),
        "rpo_seconds": round(rpo.total_seconds(), 3),
        "rto_seconds": round(rto.total_seconds(), 3),
        "verdict": FAILED if run.value("failed") else "met" if is_met else "missed",
        "checks": run.value("checks"),
    }
    _keep(run, record)
    run.reporter.say(f"  RPO {record['rpo_seconds']} s of {record['target_rpo_seconds']:.0f} s")
    run.reporter.say(f"  RTO {record['rto_seconds']} s of {record['target_rto_seconds']:.0f} s: {record['verdict']}")
    return {"record": record}


def _failed(run: Run, error: RecoveryError) -> None:
    """Keep that a drill could not be done: without a record its kind would be due first for ever."""
    if "record" in run.journal.values:
        return
    achieved: dict[str, Any] = {"recovered_at": None, "rpo_seconds": None, "rto_seconds": None, "checks": []}
    try:
        _keep(run, {**_about(run), **achieved, "verdict": FAILED, "error": str(error)})
    except RecoveryError as other:
        run.reporter.say(f"  it is not on record: {other}")


def _about(run: Run) -> dict[str, Any]:
    kind = run.option("kind")
    target = run.declared.targets[kind]
    return {
        "kind": kind,
        "run": run.journal.run,
        "environment": run.declared.environment,
        "started_at": moments.rfc3339(run.journal.begun),
        "target_rpo_seconds": target.rpo_seconds,
        "target_rto_seconds": target.rto_seconds,
    }


def _keep(run: Run, record: Mapping[str, Any]) -> None:
    # An alert counts the records of drills by their names, and a failed one has proven nothing.
    ending = ".failed.json" if record["verdict"] == FAILED else ".json"
    run.google.bucket.keep(f"{PREFIX}{run.journal.run}{ending}", record)


def _tear_down(run: Run) -> dict[str, Any]:
    copies.remove(run, run.value("copy"))
    return {}


DRILL = Procedure(
    name="drill",
    summary="A restore into a throw-away instance, measured.",
    requirement="TGT-PG-RPO, TGT-PG-RTO, REC-PITR, REC-FULL",
    promise="recovery.drills.targets of the stack file",
    steps=(
        Step(
            "sweep",
            "clear away",
            "throw-away instances of drills that were cut off more than a day ago are deleted, after the same checks "
            "as everywhere",
            _sweep,
        ),
        Step(
            "source", "find the source", "the newest logs, the newest backup or the newest export, by --kind", _source
        ),
        Step(
            "copy", "make a throw-away instance", "its name carries the run's mark; no name ever stands for it", _copy
        ),
        Step("load", "load the export", "only for an export: Cloud SQL imports the dump", sources.fill_copy),
        Step(
            "admit",
            "let the drill in",
            "an account that signs in with a token becomes a user of the throw-away instance alone, who may read",
            _admit,
        ),
        Step(
            "validate",
            "check the data",
            "as a recovery would; the moment at which it holds is the achieved RTO",
            _validate,
        ),
        Step("record", "record what was achieved", "drills/<run>.json in the backup bucket, written once", _record),
        Step(
            "clean", "tear down", "the throw-away instance is deleted, after the same checks as everywhere", _tear_down
        ),
    ),
    failed=_failed,
)


def history(bucket: Any) -> list[dict[str, Any]]:
    """What drills have achieved, the newest first."""
    found = [bucket.json(name) for name in reversed(bucket.names(PREFIX)) if name.endswith(".json")]
    return [record for record in found if record is not None]


def due(records: Sequence[Mapping[str, Any]], targets: Mapping[str, TargetPlan], now: datetime) -> str:
    """The kind of drill to do next: one never done, else the one that has used up most of its time."""

    def used(kind: str) -> float:
        begun = [moments.from_rfc3339(row["started_at"]) for row in records if row["kind"] == kind]
        return (now - max(begun)).total_seconds() / targets[kind].every_seconds if begun else math.inf

    return max(targets, key=used)


def overdue(records: Sequence[Mapping[str, Any]], targets: Mapping[str, TargetPlan], now: datetime) -> list[str]:
    """The kinds of drill that are due, a line each: never met, or not since too long."""
    told = []
    for kind, target in targets.items():
        every = timedelta(seconds=target.every_seconds)
        met = [
            moments.from_rfc3339(row["started_at"])
            for row in records
            if row["kind"] == kind and row["verdict"] == "met"
        ]
        if not met:
            told.append(f"{kind}: no drill has met its targets yet; due every {every.days} days")
        elif now - max(met) > every:
            told.append(f"{kind}: last met {moments.both(max(met))}; due every {every.days} days")
    return told
