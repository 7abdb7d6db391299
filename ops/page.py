"""A review as a page: in GitHub's markdown for a pull request, and as lines for a terminal; refusals come first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.review import step_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ops.gate import Finding
    from ops.policy_events import PolicyFinding
    from ops.review import Review

_MOST_ROWS = 150


def markdown(review: Review) -> str:
    """The page for a pull request."""
    return "\n".join(_markdown(review)) + "\n"


def terminal(review: Review) -> Iterator[str]:
    """The lines for a terminal; a finding of the packs that refuses has more lines, one that does not has one."""
    yield review.title
    if review.failed:
        yield review.failed
    yield from (f"  {told(finding)}" for finding in review.gate)
    for finding, where in _together(review):
        first, *rest = finding.message.splitlines()
        mark = "" if finding.refuses else "note: "
        yield f"  {mark}{finding.level} {finding.rule} {finding.name} ({where}): {first}"
        yield from (f"      {line}" for line in rest if finding.refuses)
    state = "not deployed" if review.state is None else _counted(review.state)
    yield (
        f"  gate: {len(review.refused_by_gate)} refused · "
        f"preview: {review.rules} rules, {_counted(review.policies)} · state: {state}"
    )


def told(finding: Finding) -> str:
    """A finding of the gate in one line."""
    return f"{'waived' if finding.waiver else 'refused'} {finding.rule}: {finding}"


def _markdown(review: Review) -> Iterator[str]:
    yield f"### {review.title}"
    if review.failed:
        yield from ("", "````", review.failed, "````")
    yield from _gate(review.refused_by_gate, [each for each in review.gate if each.waiver])
    yield from _policies(review.policies)
    rows = [(step_of(each), each) for each in review.changes if step_of(each) != "same"]
    if rows:
        yield from ("", "<details><summary>Resources</summary>", "", "| step | resource |", "| --- | --- |")
        yield from (f"| {step} | `{change.type} {change.name}` |" for step, change in rows[:_MOST_ROWS])
        if len(rows) > _MOST_ROWS:
            yield f"| … | {len(rows) - _MOST_ROWS} more: see the run |"
        yield from ("", "</details>")


def _gate(refused: Sequence[Finding], waived: Sequence[Finding]) -> Iterator[str]:
    if refused:
        yield from ("", "> [!CAUTION]", f"> The gate refuses {len(refused)} changes:")
        yield from (f"> - `{each.rule}` {each}" for each in refused[:_MOST_ROWS])
    if waived:
        yield from ("", "> [!WARNING]", "> Waived at the gate:", *(f"> - `{each.rule}` {each}" for each in waived))


def _policies(findings: Sequence[PolicyFinding]) -> Iterator[str]:
    refused = [each for each in findings if each.refuses]
    notes = [each for each in findings if not each.refuses]
    if refused:
        yield from ("", "> [!CAUTION]", f"> Policies: {len(refused)} violations refuse this:")
        yield from (f"> - {_line(each)}" for each in refused[:_MOST_ROWS])
    if notes:
        yield from ("", f"<details><summary>Policies: {len(notes)} notes (waived, advisory, not decided yet)</summary>")
        yield from ("", *(f"- {_line(each)}" for each in notes[:_MOST_ROWS]), "", "</details>")


def _line(finding: PolicyFinding) -> str:
    message = "; ".join(part.strip() for part in finding.message.splitlines() if part.strip())
    return f"**{finding.rule}** ({finding.severity or 'no severity'}) `{finding.name}`: {message}"


def _together(review: Review) -> list[tuple[PolicyFinding, str]]:
    """Each finding of the packs once, with where it was found."""
    preview, state = review.policies, review.state or ()
    where = dict.fromkeys(preview, "preview") | {each: "state" for each in state if each not in preview}
    where |= {each: "preview and state" for each in preview if each in state}
    return sorted(where.items(), key=lambda row: (not row[0].refuses, row[0].rule, row[0].urn))


def _counted(findings: Sequence[PolicyFinding]) -> str:
    refused = sum(each.refuses for each in findings)
    return f"{refused} violations, {len(findings) - refused} notes"
