"""What a preview would do to each resource, read from any of the three forms in which Pulumi tells it.

* `pulumi preview --json`: one object with `steps` (pulumi v3.250.0, `pkg/display/json.go`)
* `--event-log FILE`, or `--json` with PULUMI_ENABLE_STREAMING_JSON_PREVIEW: one event a line (`apitype/events.go`)
* `--save-plan FILE`: `resourcePlans`, which hold only what is new; what was before comes from `pulumi stack export`
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.urn import name_of, type_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DELETING = frozenset({"delete", "discard"})
REPLACING = frozenset(
    {
        "replace",
        "create-replacement",
        "delete-replaced",
        "discard-replaced",
        "read-replacement",
        "remove-pending-replace",
    }
)


class UnreadableError(Exception):
    """The file is none of the three forms, or a plan came without its state."""


@dataclass(frozen=True)
class Side:
    """A resource before or after: its inputs and the two options that guard it."""

    inputs: Mapping[str, Any]
    protect: bool
    retain_on_delete: bool


@dataclass(frozen=True)
class Change:
    """What happens to one resource; an option may change although the engine calls the step `same`."""

    urn: str
    steps: frozenset[str]
    before: Side | None
    after: Side | None

    @property
    def type(self) -> str:
        """The resource's own type, without its parents'."""
        return type_of(self.urn)

    @property
    def name(self) -> str:
        """The resource's name."""
        return name_of(self.urn)

    @property
    def deletes(self) -> bool:
        """Whether the resource is gone afterwards."""
        return bool(self.steps & DELETING) and not self.replaces

    @property
    def replaces(self) -> bool:
        """Whether another one stands in its place afterwards."""
        return bool(self.steps & REPLACING)


@dataclass(frozen=True)
class Preview:
    """What a preview has told.

    `complete` when resources that stay as they are have been told too (`--json` leaves them out). `finished` when the
    preview succeeded: the engine plans deletions last, so that one which failed may have told none of them.
    """

    changes: tuple[Change, ...]
    complete: bool
    finished: bool


def read_changes(file: Path, state: Path | None = None) -> Preview:
    """What a preview would do; `state` is needed by a saved plan. Raises UnreadableError saying what is wrong."""
    content = documents(file)
    # A plan is written by a preview that succeeded alone.
    if any("resourcePlans" in each for each in content):
        if state is None:
            raise UnreadableError(
                f"{file}: a saved plan says what comes, not what goes; give the state too: "
                "pulumi stack export > state.json, then --state state.json"
            )
        return Preview(tuple(_of_plan(content[0]["resourcePlans"], _resources(state))), complete=True, finished=True)
    if any("steps" in each for each in content):
        steps = ((step["urn"], step["op"], step.get("oldState"), step.get("newState")) for step in content[0]["steps"])
        finished = not any(each.get("severity") == "error" for each in content[0].get("diagnostics") or ())
        return Preview(_merged(steps), complete=False, finished=finished)
    events = [each["resourcePreEvent"]["metadata"] for each in content if "resourcePreEvent" in each]
    if events:
        steps = ((each["urn"], each["op"], each.get("old"), each.get("new")) for each in events)
        finished = any(each.get("summaryEvent", {}).get("result") == "succeeded" for each in content)
        return Preview(_merged(steps), complete=True, finished=finished)
    raise UnreadableError(
        f"{file}: is neither the output of `pulumi preview --json`, nor an event log of a preview, nor a saved plan"
    )


def documents(file: Path) -> list[dict[str, Any]]:
    """The objects of a file: one, or one a line. Raises UnreadableError saying what is wrong."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{file}: cannot be read: {error.__class__.__name__}") from error
    try:
        try:
            found = [json.loads(text)]
        except json.JSONDecodeError:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except json.JSONDecodeError as error:
        raise UnreadableError(f"{file}: is not JSON: {error.msg} at line {error.lineno}") from error
    if not all(isinstance(each, dict) for each in found):
        raise UnreadableError(f"{file}: holds no JSON object")
    return found


def _resources(state: Path) -> dict[str, Mapping[str, Any]]:
    deployment = documents(state)[0].get("deployment")
    if not isinstance(deployment, dict):
        raise UnreadableError(f"{state}: is not the output of `pulumi stack export`")
    return {each["urn"]: each for each in deployment.get("resources", []) if not each.get("delete")}


def _merged(steps: Iterator[tuple[str, str, Any, Any]]) -> tuple[Change, ...]:
    """One change a resource: a replacement is three steps."""
    ops: dict[str, set[str]] = {}
    before: dict[str, Side] = {}
    after: dict[str, Side] = {}
    for urn, op, old, new in steps:
        ops.setdefault(urn, set()).add(op)
        if old:
            before[urn] = _side(old)
        if new and op not in DELETING | {"delete-replaced", "discard-replaced"}:
            after[urn] = _side(new)
    return tuple(Change(urn, frozenset(found), before.get(urn), after.get(urn)) for urn, found in ops.items())


def _side(state: Mapping[str, Any]) -> Side:
    return Side(state.get("inputs") or {}, bool(state.get("protect")), bool(state.get("retainOnDelete")))


def _of_plan(plans: Mapping[str, Any], resources: Mapping[str, Mapping[str, Any]]) -> Iterator[Change]:
    for urn, plan in plans.items():
        old = resources.get(urn)
        before = _side(old) if old else None
        goal = plan.get("goal")
        after = None
        if goal:
            inputs = _changed(before.inputs if before else {}, goal.get("inputDiff") or {})
            after = Side(inputs, bool(goal.get("protect")), bool(goal.get("retainOnDelete")))
        yield Change(urn, frozenset(plan.get("steps", [])), before, after)
    for urn in resources.keys() - plans.keys():
        yield Change(urn, frozenset({"delete"}), _side(resources[urn]), None)


def _changed(inputs: Mapping[str, Any], difference: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in inputs.items() if key not in (difference.get("deletes") or [])}
    return {**kept, **(difference.get("adds") or {}), **(difference.get("updates") or {})}
