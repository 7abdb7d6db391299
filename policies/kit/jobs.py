"""What rules of several packs read of jobs and services of Cloud Run."""

from __future__ import annotations

from policies.kit.resource import Node, Resource
from policies.kit.types import RUN_JOB, RUN_SERVICE

TASK = "template.template"
"""Where the description of what a job runs stands."""

_TASKS = {RUN_JOB: TASK, RUN_SERVICE: "template"}

RUNS = tuple(_TASKS)
"""Everything of Cloud Run that runs a container."""


def task_of(run: Resource) -> str:
    """Where the description of what a job or a service runs stands."""
    return _TASKS[run.type]


def containers(run: Resource) -> list[Node]:
    """The containers of a job or a service; raises Undecided while the list of them is unknown."""
    return run.nodes(f"{task_of(run)}.containers")


def is_drill(job: Resource) -> bool:
    """Whether a job practises recovery: it runs `drill` of the recovery commands."""
    return _runs(job, "drill")


def is_export(job: Resource) -> bool:
    """Whether a job copies a store to a bucket: it runs `export` of the schema step."""
    return _runs(job, "export")


def _runs(job: Resource, command: str) -> bool:
    return any(container.texts("args")[:1] == [command] for container in containers(job))
