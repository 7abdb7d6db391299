"""The longest chain of a plan: which of its resources wait for each other, and for how long."""

from collections.abc import Callable
from typing import NamedTuple

from sandbox.plan.recorder import Plan, PlannedResource


class Chain(NamedTuple):
    """Resources that wait for each other, the first one first, and the sum of their times."""

    names: tuple[str, ...]
    length: float


def longest_chain(plan: Plan, own: Callable[[PlannedResource], float]) -> Chain:
    """The chain with the largest sum; `own` is the time of one resource, and one that takes none is not named."""
    # A dependency is known by its name, which a component can share with the resource that it is about.
    resources = {resource.name: resource for resource in sorted(plan.resources, key=lambda each: each.custom)}
    finished: dict[str, Chain] = {}

    def finish(name: str) -> Chain:
        if name not in finished:
            resource = resources[name]
            before = [finish(other) for other in resource.options.get("dependsOn", ())]
            names, length = max(before, key=_length, default=Chain((), 0.0))
            time = own(resource)
            finished[name] = Chain((*names, name) if time else names, length + time)
        return finished[name]

    return max((finish(name) for name in resources), key=_length, default=Chain((), 0.0))


def _length(chain: Chain) -> float:
    return chain.length
