"""What is known of a change: what happens to each resource, what the gate says of it, and what the packs say."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ops.gate import Preview, UnreadableError, judge, read_changes
from ops.policy_events import policy_findings, rules_run
from ops.pulumi import PulumiError
from policies.kit import waivers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.gate import Change, Finding
    from ops.policy_events import PolicyFinding
    from ops.pulumi import Pulumi

_TAIL_LINES = 30
_TAIL_CHARACTERS = 2000
_NOTHING = Preview((), complete=False, finished=False)
_PLURAL = {
    "create": "to create",
    "update": "to update",
    "delete": "to delete",
    "replace": "to replace",
    "same": "unchanged",
}


@dataclass(frozen=True)
class Review:
    """A stack's change: `rules` have run in its preview, `state` are their findings on the state, None if not asked.

    `failed` is the end of the CLI's output when the preview failed for another reason than the packs.
    """

    stack: str
    changes: Sequence[Change]
    gate: Sequence[Finding]
    policies: Sequence[PolicyFinding] = ()
    state: Sequence[PolicyFinding] | None = None
    rules: int = 0
    failed: str = ""

    @property
    def refused_by_gate(self) -> list[Finding]:
        """What the gate refuses and no waiver lets pass."""
        return [each for each in self.gate if not each.waiver]

    @property
    def refused(self) -> bool:
        """Whether anything stops the deployment."""
        findings = [*self.policies, *(self.state or ())]
        return bool(self.failed or self.refused_by_gate or any(each.refuses for each in findings))

    @property
    def title(self) -> str:
        """One line: the stack and its counts."""
        counts = Counter(step_of(each) for each in self.changes if not each.type.startswith("pulumi:"))
        said = ", ".join(f"{counts[step]} {words}" for step, words in _PLURAL.items() if counts[step])
        return f"{self.stack}: {'preview failed' if self.failed else said or 'nothing declared'}"


def step_of(change: Change) -> str:
    """What happens to a resource, in one word."""
    if change.replaces:
        return "replace"
    return next((step for step in ("delete", "create", "update") if step in change.steps), "same")


def review_file(file: Path, state: Path | None) -> Review:
    """The gate's view of a file; raises UnreadableError, and WaiversError when the waivers cannot be used."""
    preview = read_changes(file, state)
    failed = "" if preview.finished else f"{file} is of a preview that failed"
    return Review("", preview.changes, judge(preview, waivers.load()), failed=failed)


def review_events(stack: str, events: Path, output: str) -> Review:
    """A preview that ran with the packs, from its event log; `output` is told when it failed for another reason.

    A log that is missing or empty is a preview that failed. Raises WaiversError when the waivers cannot be used.
    """
    try:
        preview = read_changes(events)
    except UnreadableError:
        preview = _NOTHING
    lines = events.read_text(encoding="utf-8").splitlines() if events.is_file() else []
    found = policy_findings(lines)
    explained = preview.finished or any(each.refuses for each in found)
    failed = "" if explained else "\n".join(output.splitlines()[-_TAIL_LINES:]) or "before its first resource"
    return Review(stack, preview.changes, judge(preview, waivers.load()), found, rules=rules_run(lines), failed=failed)


def review_losses(engine: Pulumi) -> Review:
    """A preview of a stack for the gate alone: without the packs, whose refusal would end it before its deletions.

    Raises PulumiError when the CLI cannot be run, WaiversError when the waivers cannot be used.
    """
    return _previewed(engine, with_packs=False)


def review_stack(engine: Pulumi) -> Review:
    """A preview of a stack with every pack, and the packs again on its state, where nothing is unknown.

    Raises PulumiError when the CLI or the analysis cannot be run, WaiversError when the waivers cannot be used.
    """
    page = _previewed(engine, with_packs=True)
    analysed = engine.analyze()
    found = policy_findings(analysed.stdout.splitlines())
    if analysed.returncode and not any(each.refuses for each in found):
        said = (analysed.stdout + analysed.stderr)[-_TAIL_CHARACTERS:]
        raise PulumiError(f"pulumi policy analyze failed:\n{said}")
    return replace(page, state=None if "nothing to analyze" in analysed.stderr else found)


def _previewed(engine: Pulumi, *, with_packs: bool) -> Review:
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.json"
        done = engine.preview(events, with_packs=with_packs)
        return review_events(engine.stack, events, done.stdout + done.stderr)
