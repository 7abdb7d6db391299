"""REC-FULL: a new instance from what is left, and clients moved to it; the old one is kept."""

from typing import Any

from ops.recovery import copies, promotion, sources, validate
from ops.recovery.steps import Procedure, Run, Step


def _instance(run: Run) -> dict[str, Any]:
    return copies.make(run, run.value("live"), lambda name: sources.begin_copy(run, name))


RESTORE_FULL = Procedure(
    name="restore full",
    summary="A new instance when the old one is lost.",
    requirement="REC-FULL",
    promise="2 to 8 hours",
    steps=(
        Step(
            "source",
            "find the source",
            "the newest moment that the logs reach (the newest backup with the logs after it applied); without logs "
            "the newest backup that succeeded; without one the newest export whose success.json and checksums hold",
            sources.best,
        ),
        Step(
            "instance",
            "make a new instance",
            "a clone at that moment, that backup in a new instance, or an empty one like the declared; its name "
            "carries the run's mark; guarded against deletion, since it may become the live one",
            _instance,
        ),
        Step("load", "load the export", "only from an export: Cloud SQL imports the dump", sources.fill_copy),
        Step(
            "validate",
            "validate it",
            "as for a point in time; from an export the rows of every table are as many as were counted when it was "
            "taken",
            validate.copy,
        ),
        Step(
            "switch",
            "move the names",
            "every record of the private zone that stands for the old primary or its replicas stands for the new "
            "instance",
            promotion.promote,
            asks=promotion.question,
            is_wanted=lambda run: not run.option("no_switch"),
            only_with="no --no-switch",
        ),
        Step(
            "tell",
            "tell the way back",
            "the old instance stays; the command that takes it back",
            promotion.tell_way_back,
        ),
    ),
)
