"""REC-PITR: the whole database as it was at a moment, beside the live one; its names are moved only on demand."""

from typing import Any

from ops.recovery import copies, promotion, sources, validate
from ops.recovery.steps import Procedure, Run, Step


def _moment(run: Run) -> dict[str, Any]:
    return sources.moment(run)


def _clone(run: Run) -> dict[str, Any]:
    return copies.make(run, run.value("live"), lambda name: sources.begin_copy(run, name))


RESTORE_PIT = Procedure(
    name="restore pit",
    summary="The whole database at a moment.",
    requirement="REC-PITR",
    promise="15 minutes to 1 hour",
    steps=(
        Step(
            "moment",
            "find the moment",
            "--before in JST or UTC, or the answer of --last-good on the live database, within the kept logs",
            _moment,
        ),
        Step(
            "clone",
            "clone to that moment",
            "a new instance whose name carries the run's mark; it keeps the deletion guard, since it may become the "
            "live one",
            _clone,
        ),
        Step(
            "validate",
            "validate the clone",
            "it takes writes, has tables and rows, valid constraints and indexes, no commit after the moment, and "
            "answers true to --check",
            validate.copy,
        ),
        Step(
            "promote",
            "move the names",
            "every record of the private zone that stands for the live primary or its replicas stands for the clone, "
            "all in one change; the live instance is not touched",
            promotion.promote,
            asks=promotion.question,
            is_wanted=lambda run: bool(run.option("promote")),
            only_with="--promote",
        ),
        Step(
            "tell",
            "tell the way back",
            "what stands where, and the command that takes it back",
            promotion.tell_way_back,
        ),
    ),
)
