"""The PostgreSQL tier of a stack as the program plans it, for real servers."""

from collections.abc import Mapping
from typing import Any

from infra.derive.platform import derive
from infra.derive.postgres import PostgresPlan
from tests.stacks import settings_of


def postgres_plan_of(stack: str, changes: Mapping[str, Any] | None = None) -> PostgresPlan:
    """The plan of a stack's tier, with changes laid over its settings."""
    plan = derive(settings_of(stack, changes)).postgres
    assert plan is not None
    return plan
