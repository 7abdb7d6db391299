"""What the plan of a size will say, without making it: most sizes of a store are refused by it."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.plan import Plan


def foreseen(plan: Plan, seen: Mapping[str, Mapping[str, Any]]) -> Plan:
    """A plan with other values in some properties, by resource and path; a resource that it lacks is passed over."""
    resources = [
        replace(each, inputs=_with(each.inputs, seen[each.name])) if each.custom and each.name in seen else each
        for each in plan.resources
    ]
    return replace(plan, resources=resources)


def _with(inputs: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(inputs)
    for path, value in values.items():
        *way, last = path.split(".")
        place = changed
        for key in way:
            place = place[key]
        place[last] = value
    return changed
