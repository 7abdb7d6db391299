"""A drift as lines for a terminal, as GitHub's markdown for a run's summary, and as JSON for machines."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from ops.drift.judge import KINDS
from ops.drift.values import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.drift.judge import Drift, Finding, Kind

_TITLES: dict[Kind, str] = {
    "security": "Security-relevant: look at each today",
    "expected": "Expected: the platform did it by itself",
    "benign": "Benign",
}
_MOST_ROWS = 150


def title(drift: Drift) -> str:
    """One line: the stack and its counts."""
    counts = ", ".join(f"{len(drift.of(kind))} {_words(kind)}" for kind in KINDS if drift.of(kind))
    nothing = "unknown" if drift.failed else "no drift"
    return f"{drift.stack}: {counts or nothing} in {drift.resources} resources"


def terminal(drift: Drift) -> Iterator[str]:
    """The lines for a terminal, grouped, what matters first."""
    yield title(drift)
    for kind in KINDS:
        found = drift.of(kind)
        if found:
            yield from ("", _TITLES[kind])
        for resource, its in groupby(found, key=_resource):
            yield f"  {resource}"
            for each in its:
                yield f"    {each.what}"
                yield f"        why: {_why(each)}"
                yield f"        do:  {each.action}"
    if drift.failed:
        yield from ("", "not every resource could be read, so there may be more:", drift.failed)


def markdown(drift: Drift) -> str:
    """The section of a run's summary."""
    return "\n".join(_markdown(drift)) + "\n"


def as_json(drift: Drift) -> dict[str, Any]:
    """Everything, for machines; secrets are hidden here too."""
    return {
        "stack": drift.stack,
        "resources": drift.resources,
        "finished": not drift.failed,
        "counts": {kind: len(drift.of(kind)) for kind in KINDS},
        "findings": [_object(each) for each in drift.findings],
    }


def _object(finding: Finding) -> dict[str, Any]:
    difference = finding.difference
    declared, found = finding.values
    return {
        "kind": finding.kind,
        "concern": finding.concern or None,
        "urn": difference.urn,
        "type": difference.type,
        "name": difference.name,
        "gone": difference.gone,
        "property": text_of(difference.path) or None,
        "declared": None if difference.declared is None else declared,
        "found": None if difference.found is None else found,
        "why": finding.why,
        "action": finding.action,
    }


def _markdown(drift: Drift) -> Iterator[str]:
    yield f"### Drift of {title(drift)}"
    if drift.failed:
        yield from ("", "> [!WARNING]", "> Not every resource could be read, so there may be more:", "")
        yield from ("````", drift.failed, "````")
    for kind in KINDS:
        found = drift.of(kind)
        if found:
            yield from _table(kind, found)


def _table(kind: Kind, found: list[Finding]) -> Iterator[str]:
    folded = kind != "security"
    if folded:
        yield from ("", f"<details><summary>{_TITLES[kind]} ({len(found)})</summary>")
    else:
        yield from ("", "> [!CAUTION]", f"> {_TITLES[kind]}")
    yield from ("", "| resource | difference | why | what to do |", "| --- | --- | --- | --- |")
    for each in found[:_MOST_ROWS]:
        yield f"| {' | '.join(_cell(text) for text in (_resource(each), each.what, _why(each), each.action))} |"
    if len(found) > _MOST_ROWS:
        yield f"| … | {len(found) - _MOST_ROWS} more: see the run | | |"
    if folded:
        yield from ("", "</details>")


def _cell(text: str) -> str:
    """A text in a cell: what a resource says of itself ends no cell and starts no markup."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _resource(finding: Finding) -> str:
    return f"{finding.difference.name} ({finding.difference.type})"


def _why(finding: Finding) -> str:
    return f"{finding.concern}: {finding.why}" if finding.concern else finding.why


def _words(kind: Kind) -> str:
    return "security-relevant" if kind == "security" else kind
