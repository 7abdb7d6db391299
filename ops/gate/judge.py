"""What the gate refuses, and how each can be allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra import catalog
from ops.gate.protections import protections
from ops.urn import stack_urn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ops.gate.changes import Change, Preview
    from policies.kit.waivers import Waiver, Waivers

RULES = {
    "gate-delete": "a resource that holds or guards data is deleted",
    "gate-replace": "a resource that holds or guards data is replaced: the new one starts empty",
    "gate-protection": "a guard against loss is taken away",
    "gate-retention": "data can be brought back for a shorter time",
    "gate-retire": "every guard of the stack is taken away at once: the step before it is deleted",
}
"""Ids by which a waiver names what the gate refuses."""


@dataclass(frozen=True)
class Finding:
    """One refusal: the rule, the resource, what would happen and why it matters; `waiver` lets it pass."""

    rule: str
    urn: str
    what: str
    why: str
    waiver: Waiver | None = None

    def __str__(self) -> str:
        if self.waiver:
            waiver = self.waiver
            return f"{self.urn}: {self.what} (waived until {waiver.expires} by {waiver.owner}: {waiver.reason})"
        return (
            f"{self.urn}: {self.what}; {self.why}. To allow it: a waiver for {self.rule} in policies/waivers.yaml, "
            "reviewed with the change"
        )


def judge(preview: Preview, waivers: Waivers) -> list[Finding]:
    """Everything that is refused, and what waivers in force let pass; in the order of the resources' names.

    A stack that is being retired loses every guard at once: that is one finding, about the stack itself.
    """
    known = sorted(preview.changes, key=lambda change: change.urn)
    found = [(change.urn, *each) for change in known for each in _findings(change)]
    if preview.complete and _retires(known):
        found = [each for each in found if each[1] != "gate-protection"]
        found.insert(
            0, (stack_urn(known[0].urn), "gate-retire", "no resource would be protected any more", RULES["gate-retire"])
        )
    return [Finding(rule, urn, what, why, waivers.covering(rule, urn)) for urn, rule, what, why in found]


def _retires(changes: Sequence[Change]) -> bool:
    guarded = [change for change in changes if change.before and change.before.protect]
    kept = [change for change in guarded if change.after and change.after.protect]
    return len(guarded) > 1 and not kept


def _findings(change: Change) -> Iterator[tuple[str, str, str]]:
    if change.before is None:
        return
    loss = {**catalog.guardian_types(), **catalog.stateful_types()}.get(change.type)
    if loss and (change.deletes or change.replaces):
        kept = (
            "; the resource itself is kept (retainOnDelete), nobody manages it"
            if change.before.retain_on_delete
            else ""
        )
        step = "deleted" if change.deletes else "replaced"
        yield f"gate-{'delete' if change.deletes else 'replace'}", f"would be {step}{kept}", f"it is: {loss}"
    if change.after is None:
        return
    yield from _options(change)
    yield from _inputs(change)


def _options(change: Change) -> Iterator[tuple[str, str, str]]:
    before, after = change.before, change.after
    if before is None or after is None:
        return
    if before.protect and not after.protect:
        yield "gate-protection", "would lose Pulumi's protect", "the next deployment could delete or replace it"
    if before.retain_on_delete and not after.retain_on_delete:
        yield "gate-protection", "would lose retainOnDelete", "a deletion would reach the cloud"


def _inputs(change: Change) -> Iterator[tuple[str, str, str]]:
    before, after = change.before, change.after
    if before is None or after is None:
        return
    for guard in protections().types.get(change.type, ()):
        if guard.weakened(before.inputs, after.inputs):
            shown = f"{guard.path} would go from {guard.shown(before.inputs)} to {guard.shown(after.inputs)}"
            yield f"gate-{guard.kind}", shown, RULES[f"gate-{guard.kind}"]
