"""One readable page about a change: what happens, and what the gate and the packs say of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ops.gate import Change, Finding
    from ops.policy_events import PolicyFinding

_MOST_ROWS = 150
_PLURAL = {
    "create": "to create",
    "update": "to update",
    "delete": "to delete",
    "replace": "to replace",
    "same": "unchanged",
}


@dataclass(frozen=True)
class Review:
    """What is known of a stack's change.

    `failed` is the end of the CLI's output when the preview failed for a reason that is no policy's, `state` are the
    packs' findings on the state, or None when they were not asked.
    """

    stack: str
    changes: Sequence[Change]
    gate: Sequence[Finding]
    policies: Sequence[PolicyFinding]
    state: Sequence[PolicyFinding] | None = None
    rules: int = 0
    failed: str = ""

    @property
    def refused(self) -> bool:
        """Whether anything stops the deployment."""
        findings = [*self.policies, *(self.state or ())]
        return bool(self.failed) or any(not each.waiver for each in self.gate) or any(each.refuses for each in findings)

    @property
    def title(self) -> str:
        """One line: the stack and its counts."""
        counts = Counter(
            _step(change) for change in self.changes if not change.urn.split("::")[2].startswith("pulumi:")
        )
        said = ", ".join(f"{counts[step]} {words}" for step, words in _PLURAL.items() if counts[step])
        return f"{self.stack}: {'preview failed' if self.failed else said or 'nothing declared'}"


def markdown(review: Review) -> str:
    """The page in GitHub's markdown, losses first."""
    return "\n".join(_markdown(review)) + "\n"


def _markdown(review: Review) -> Iterator[str]:
    yield f"### {review.title}"
    if review.failed:
        yield from ("", "````", review.failed, "````")
    yield from _gate(review.gate)
    yield from _policies("Policies", review.policies)
    if review.state is not None:
        yield from _policies("Policies on the state", review.state)
    rows = [change for change in review.changes if _step(change) != "same"]
    if rows:
        yield from ("", "<details><summary>Resources</summary>", "", "| step | resource |", "| --- | --- |")
        yield from (f"| {_step(change)} | `{change.type} {change.name}` |" for change in rows[:_MOST_ROWS])
        if len(rows) > _MOST_ROWS:
            yield f"| … | {len(rows) - _MOST_ROWS} more: see the run |"
        yield from ("", "</details>")


def _gate(findings: Sequence[Finding]) -> Iterator[str]:
    refused = [each for each in findings if not each.waiver]
    if refused:
        yield from ("", "> [!CAUTION]", f"> The gate refuses {len(refused)} changes:")
        yield from (f"> - `{each.rule}` {each}" for each in refused[:_MOST_ROWS])
    waived = [each for each in findings if each.waiver]
    if waived:
        yield from ("", "> [!WARNING]", "> Waived at the gate:", *(f"> - `{each.rule}` {each}" for each in waived))


def _policies(title: str, findings: Sequence[PolicyFinding]) -> Iterator[str]:
    refused = [each for each in findings if each.refuses]
    said = [each for each in findings if not each.refuses]
    if refused:
        yield from ("", "> [!CAUTION]", f"> {title}: {len(refused)} violations refuse this:")
        yield from (f"> - **{each.rule}** `{each.name}`: {_line(each.message)}" for each in refused[:_MOST_ROWS])
    if said:
        yield from (
            "",
            f"<details><summary>{title}: {len(said)} notes (waived, advisory, not decided yet)</summary>",
            "",
        )
        yield from (f"- **{each.rule}** `{each.name}`: {_line(each.message)}" for each in said[:_MOST_ROWS])
        yield from ("", "</details>")


def _step(change: Change) -> str:
    if change.replaces:
        return "replace"
    return next((step for step in ("delete", "create", "update") if step in change.steps), "same")


def _line(message: str) -> str:
    return "; ".join(part.strip() for part in message.splitlines() if part.strip())
