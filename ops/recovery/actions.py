"""Single actions on what a run has made, after it has ended: its names moved, moved back, its copy deleted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ops.recovery import copies, promotion
from ops.recovery.steps import Run


@dataclass(frozen=True)
class Action:
    """What is asked first, and what is done."""

    asks: Callable[[Run], str]
    do: Callable[[Run], Any]


def _remove(run: Run) -> None:
    copies.remove(run, run.value("copy"))


ACTIONS: Mapping[str, Action] = {
    "promote": Action(promotion.question, promotion.promote),
    "back": Action(promotion.question_back, promotion.back),
    "remove": Action(lambda run: f"Delete instance {run.value('copy')}?", _remove),
}
