"""Both stacks worked out once, as every verdict needs them."""

import pytest

from ops.report.model import Verdict
from ops.report.stack import Stack
from ops.report.targets.facts import Facts
from ops.report.targets.judge import judge


@pytest.fixture(scope="session")
def production() -> Facts:
    return Facts(Stack.read("prod"))


@pytest.fixture(scope="session")
def verdicts(production: Facts) -> dict[str, Verdict]:
    """Production's verdicts by requirement."""
    return {each.requirement: each for each in judge(production, production.stack.added)}
