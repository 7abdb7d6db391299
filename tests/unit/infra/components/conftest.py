"""The plans of the stacks as their files declare them; tests only read them."""

import pytest

from sandbox.plan import Plan, plan_stack


@pytest.fixture(scope="session", params=["dev", "prod"])
def plan(request: pytest.FixtureRequest) -> Plan:
    return plan_stack(request.param)


@pytest.fixture(scope="session")
def prod() -> Plan:
    return plan_stack("prod")
