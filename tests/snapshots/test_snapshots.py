"""Every planned resource of dev and prod, kept as YAML: a change of infrastructure is reviewed as a diff."""

import difflib
from pathlib import Path

import pytest

from sandbox.plan import plan_stack
from sandbox.plan.render import as_yaml


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_plan_is_the_one_that_was_reviewed(stack: str) -> None:
    file = Path(__file__).with_name(f"{stack}.yaml")
    planned = as_yaml(plan_stack(stack))
    difference = difflib.unified_diff(
        file.read_text(encoding="utf-8").splitlines(), planned.splitlines(), file.name, "planned now", lineterm="", n=2
    )
    shown = "\n".join(difference)
    assert not shown, f"the plan of {stack} changed; when that is meant, run `make snapshots` and commit:\n{shown}"


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_snapshot_shows_no_secret(stack: str) -> None:
    text = Path(__file__).with_name(f"{stack}.yaml").read_text(encoding="utf-8")
    assert "[secret]" in text
    assert "postgresql://" not in text
