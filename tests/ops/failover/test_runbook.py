"""The runbook tells the very steps that the commands take."""

from pathlib import Path

import pytest

from ops.failover.region import failover_region
from ops.failover.switchover import switchover
from ops.recovery.steps import Procedure

RUNBOOK = Path(__file__).resolve().parents[3] / "docs" / "runbooks" / "recovery-region.md"


@pytest.mark.parametrize("procedure", [failover_region(), switchover()], ids=lambda procedure: procedure.name)
def test_every_step_is_in_the_runbook_and_no_other(procedure: Procedure) -> None:
    rows = [f"| {number} | {step.title} | {step.detail} |" for number, step in enumerate(procedure.steps, 1)]
    assert "\n".join(rows) + "\n\n" in RUNBOOK.read_text(encoding="utf-8")
