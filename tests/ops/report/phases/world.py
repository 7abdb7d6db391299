"""Plans of phases, and plans in which one input or one resource is different."""

import copy
from dataclasses import replace
from functools import cache
from typing import Any

from infra.derive.phases import in_phase
from infra.settings import load
from ops.report.phases.changes import Changes
from ops.report.phases.effects import Effects
from ops.report.phases.journey import journey
from ops.report.phases.model import Journey
from sandbox.cloud.values import place
from sandbox.plan import Plan, PlannedResource
from sandbox.plan.run import plan_settings
from tests.stacks import declared

PRIMARY, REPLICA, ABROAD, GROUP = "postgres-primary", "postgres-replica-b", "postgres-replica-osaka", "pooler-group"


@cache
def told(stack: str) -> Journey:
    """The journey of a stack as its file declares it."""
    return journey(stack, declared(stack))


@cache
def last_phase() -> Plan:
    """Production in phase 4: everything that the phases know is in it."""
    return plan_settings(load(in_phase(declared("prod"), "4")), "prod")


def with_inputs(resource: str, /, **inputs: Any) -> Plan:
    """Phase 4 with other inputs of one resource; `__` in a name stands for a dot."""
    old = last_phase().named(resource)
    changed = copy.deepcopy(old.inputs)
    for path, value in inputs.items():
        assert place(changed, path.replace("__", "."), value, create=True)
    return with_resource(replace(old, inputs=changed))


def with_flag(name: str, flag: str, value: str) -> Plan:
    """Phase 4 with another value of one database flag of an instance."""
    flags = {each["name"]: each["value"] for each in last_phase().named(name).inputs["settings"]["databaseFlags"]}
    listed = [{"name": key, "value": each} for key, each in sorted({**flags, flag: value}.items())]
    return with_inputs(name, settings__databaseFlags=listed)


def without(*names: str, plan: Plan | None = None) -> Plan:
    """Phase 4, or a plan, without some resources and without what waits for them."""
    rest = [each for each in (plan or last_phase()).resources if each.name not in names]
    return Plan("prod", [replace(each, options=_waiting(each.options, names)) for each in rest])


def effects(before: Plan, after: Plan) -> Effects:
    """The effects of what lies between two plans."""
    return Effects(Changes(before, after))


def with_resource(resource: PlannedResource) -> Plan:
    """Phase 4 with another form of one resource."""
    return Plan("prod", [resource if each.urn == resource.urn else each for each in last_phase().resources])


def _waiting(options: dict[str, Any], gone: tuple[str, ...]) -> dict[str, Any]:
    return {**options, "dependsOn": [each for each in options.get("dependsOn", ()) if each not in gone]}
