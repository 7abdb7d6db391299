"""Plans of stacks that declare something else in places than their files do."""

from collections.abc import Mapping
from typing import Any

from sandbox.cloud import Cloud
from sandbox.plan import Plan
from sandbox.plan.run import plan_settings
from tests.stacks import settings_of


def plan_of(stack: str, changes: Mapping[str, Any], cloud: Cloud | None = None) -> Plan:
    """The plan of a stack with changes laid over it, in a cloud of its own unless one is given."""
    return plan_settings(settings_of(stack, changes), stack, cloud)
