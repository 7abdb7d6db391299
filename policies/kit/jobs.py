"""What rules of several packs read of a job of Cloud Run."""

from __future__ import annotations

from policies.kit.resource import Node

TASK = "template.template"
"""Where the description of what a job runs stands."""


def containers(job: Node) -> list[Node]:
    """The containers of a job; raises Undecided while the list of them is unknown."""
    return job.nodes(f"{TASK}.containers")


def is_drill(job: Node) -> bool:
    """Whether a job practises recovery: it runs `drill` of the recovery commands."""
    return _runs(job, "drill")


def is_export(job: Node) -> bool:
    """Whether a job copies a store to a bucket: it runs `export` of the schema step."""
    return _runs(job, "export")


def _runs(job: Node, command: str) -> bool:
    return any(container.texts("args")[:1] == [command] for container in containers(job))
