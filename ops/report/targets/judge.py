"""One verdict a requirement: all that is seen and worked out of it together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from infra.catalog.conformance_rows import conformance
from infra.catalog.words import Words
from ops.report.model import Remedy, Status, Verdict
from ops.report.targets.checks import look
from ops.report.targets.computed import COMPUTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from infra.catalog.conformance_rows import ConformanceRow, RemedyRow
    from ops.report.model import Evidence
    from ops.report.stack import Added
    from ops.report.targets.facts import Facts
    from ops.report.targets.finding import Finding

    Priced = Callable[[Mapping[str, Any]], Added | None]

_KEPT = Words("as asked", "要件どおり")


def judge(facts: Facts, priced: Priced) -> Iterator[Verdict]:
    """Yield the verdict of each requirement.

    `priced` tells what settings laid over the stack's own add to a month, None where it refuses them.
    """
    for requirement in conformance():
        yield verdict(requirement, facts, priced)


def verdict(requirement: str, facts: Facts, priced: Priced) -> Verdict:
    """The verdict of one requirement, with what would help where it is not met."""
    found = standing(requirement, facts)
    remedies = tuple(_remedies(conformance()[requirement].remedies, priced)) if found.status == "not met" else ()
    return replace(found, remedies=remedies)


def standing(requirement: str, facts: Facts) -> Verdict:
    """The verdict of one requirement without remedies, each of which takes a price."""
    row = conformance()[requirement]
    seen = tuple(each for check in row.checks for each in look(check, requirement, facts))
    finding = COMPUTED[row.computed](facts) if row.computed else None
    status = _status(row, seen, finding)
    evidence = seen + (finding.evidence if finding else ())
    return Verdict(requirement, status, _found(row, status, finding), evidence)


def _status(row: ConformanceRow, seen: tuple[Evidence, ...], finding: Finding | None) -> Status:
    if not all(each.holds for each in seen) or (finding and finding.holds is False):
        return "not met"
    return "undecided" if row.undecided or (finding and finding.holds is None) else "met"


def _found(row: ConformanceRow, status: Status, finding: Finding | None) -> Words:
    """What was found, in a sentence; why it is not enough follows it."""
    parts = [finding.found] if finding else []
    if status == "not met" and row.gap and not _is_absent(finding):
        parts.append(row.gap)
    elif status == "undecided" and row.undecided:
        parts.append(row.undecided)
    if not parts:
        return _KEPT if status == "met" else Words("not declared as asked", "要件どおりに定義されていない")
    return Words("; ".join(each.en for each in parts), "。".join(each.ja for each in parts))


def _is_absent(finding: Finding | None) -> bool:
    """Whether what is judged is not declared at all, which says enough: a gap is about something that is there."""
    return finding is not None and not finding.evidence


def _remedies(rows: Sequence[RemedyRow], priced: Priced) -> Iterator[Remedy]:
    """What would help; settings that this stack refuses would not."""
    for row in rows:
        if (added := priced(row.settings)) is not None:
            yield Remedy(row.words, row.settings, added.month, added.unpriced, row.closes)
