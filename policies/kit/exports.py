"""What rules of several packs read of exports: the schedules that start a workflow, and what they tell it."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from policies.kit.resource import Resource

_STARTS = re.compile(
    r"https://workflowexecutions\.googleapis\.com/v1/projects/[^/]+/locations/[^/]+/workflows/([^/]+)/executions"
)

BACKUPS, CACHE_EXPORTS = "-backups", "-cache-exports"
"""How the names of buckets of copies end: of those that outlive everything, and of those of a cache, kept for a day."""


def starts_a_workflow(schedule: Resource) -> bool:
    """Whether a schedule starts a workflow; raises Undecided while the workflow's name is not known."""
    return bool(workflow_of(schedule))


def workflow_of(schedule: Resource) -> str:
    """The name of the workflow that a schedule starts; empty when it starts none; raises Undecided as above."""
    found = _STARTS.fullmatch(schedule.text("httpTarget.uri"))
    return found[1] if found else ""


def argument(schedule: Resource) -> dict[str, Any]:
    """What a schedule tells the workflow that it starts; empty when it tells nothing that can be read."""
    try:
        body = json.loads(base64.b64decode(schedule.text("httpTarget.body"), validate=True))
        told = json.loads(body["argument"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        return {}
    return told if isinstance(told, dict) else {}


def body(**told: object) -> str:
    """The body of a schedule that tells a workflow this, for cases of rules."""
    return base64.b64encode(json.dumps({"argument": json.dumps(told)}).encode()).decode()
