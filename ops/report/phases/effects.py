"""What the changes of a step take and what clients feel of them, by the rows of operations.yaml."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from infra import catalog
from infra.catalog.operation_rows import OperationRow, operation
from ops.report.phases.changes import Changed, Changes
from ops.report.phases.model import Chain, Restart, Span, Touched
from sandbox.cloud.catalogue import durations
from sandbox.cloud.expressions import short_type
from sandbox.plan import PlannedResource
from sandbox.plan.chain import longest_chain

_SECONDS_A_MINUTE = 60
_FLAG = "settings.databaseFlags."
_NOTHING = Span(0.0, 0.0)


@dataclass(frozen=True)
class Effects:
    """The effects of changes."""

    changes: Changes

    @property
    def restarts(self) -> tuple[Restart, ...]:
        """What clients feel, of resources that stay."""
        found = (Restart(each.resource.name, name, row) for each, name, row in self._rows if row)
        return tuple(restart for restart in found if interrupts(restart.row, restart.input))

    @property
    def untold(self) -> tuple[Touched, ...]:
        """Changed inputs of what holds data that no row tells about."""
        stores = catalog.stateful_types()
        unknown: dict[str, list[str]] = {}
        for each, name, row in self._rows:
            if row is None and each.resource.type in stores:
                unknown.setdefault(each.resource.name, []).append(name)
        types = {each.resource.name: each.resource.type for each, _, _ in self._rows}
        return tuple(Touched(name, types[name], tuple(inputs)) for name, inputs in unknown.items())

    @property
    def downtime(self) -> Span:
        """Seconds in which clients of the primary are refused.

        All inputs of an instance travel in one call: it may interrupt once for all of them, or once for each.
        """
        primaries = {each.resource.name for each, _, _ in self._rows if _is_primary(each.resource)}
        spans = [Span(*each.row.downtime) for each in self.restarts if each.name in primaries]
        return Span(max((span.low for span in spans), default=0.0), sum(span.high for span in spans))

    @property
    def chain(self) -> Chain:
        """The operations that take longest one after the other.

        Creations and updates wait for what they depend on; deletions come last, in the opposite order.
        """
        low, high = (self._longest(end) for end in (0, 1))
        return Chain(high[0], Span(low[1], high[1]))

    def _longest(self, end: int) -> tuple[tuple[str, ...], float]:
        """Names and minutes of the longest chain when every operation takes its low (0) or high (1) end."""
        made = longest_chain(self.changes.after, lambda each: self._made.get(each.urn, _NOTHING)[end])
        gone = longest_chain(self.changes.before, lambda each: self._gone.get(each.urn, _NOTHING)[end])
        return (*made.names, *reversed(gone.names)), made.length + gone.length

    @cached_property
    def _made(self) -> dict[str, Span]:
        """Minutes of each creation and update, by URN."""
        news = [*self.changes.created, *(each.resource for each in self.changes.replaced)]
        made = {each.urn: _creation(each) for each in news}
        for each in self.changes.updated:
            spans = [Span(*row.minutes) for other, _, row in self._rows if other is each and row]
            usual = spans or [_usual(each.resource, "update")]
            made[each.resource.urn] = Span(max(one.low for one in usual), max(one.high for one in usual))
        return made

    @cached_property
    def _gone(self) -> dict[str, Span]:
        """Minutes of each deletion, by URN."""
        old = [*self.changes.deleted, *(each.resource for each in self.changes.replaced)]
        return {each.urn: _usual(each, "delete") for each in old}

    @cached_property
    def _rows(self) -> tuple[tuple[Changed, str, OperationRow | None], ...]:
        """Each input that changes in place, with its row."""
        return tuple(self._each())

    def _each(self) -> Iterator[tuple[Changed, str, OperationRow | None]]:
        for each in self.changes.updated:
            for name in each.inputs:
                yield each, name, operation("update", each.resource.type, name, each.resource.inputs)


def interrupts(row: OperationRow, changed: str) -> bool:
    """Whether clients feel the change of that input; a flag's own row decides for the flag."""
    if row.effect == "flag":
        flag = catalog.flags().get(changed.removeprefix(_FLAG))
        return flag is None or flag.restart
    return row.effect in ("restart", "rolling")


def _creation(resource: PlannedResource) -> Span:
    row = operation("create", resource.type, "", resource.inputs)
    return Span(*row.minutes) if row else _usual(resource, "create")


def _usual(resource: PlannedResource, kind: str) -> Span:
    """Minutes of an operation that no row tells about: what the simulated cloud has recorded of the real one."""
    seconds = float(durations().get(short_type(resource.type), {}).get(kind, 0.0))
    return Span(seconds / _SECONDS_A_MINUTE, seconds / _SECONDS_A_MINUTE)


def _is_primary(resource: PlannedResource) -> bool:
    return resource.inputs.get("instanceType") == "CLOUD_SQL_INSTANCE"
