"""The summary for a pull request: what is not met comes first, what is met is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.catalog.price_rows import targets
from ops import money

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.report.model import Remedy, Report, Verdict


def markdown(report: Report) -> str:
    """The summary in GitHub's markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    counts = {status: len(report.of(status)) for status in ("met", "not met", "undecided")}
    yield f"### Conformance of {report.stack}"
    yield ""
    yield f"{counts['met']} met, {counts['not met']} not met, {counts['undecided']} that only operation can tell."
    yield ""
    yield "| requirement | what is found | what would close it | USD a month |"
    yield "|---|---|---|---:|"
    for verdict in report.of("not met"):
        yield from _rows(verdict)
    yield ""
    given = ", ".join(f"{name} {sum(row.values()):,}" for name, row in targets().items())
    yield f"{month(report)} The document has {given}."
    if rows := list(cheaper(report)):
        yield ""
        yield "| store | cheapest setting | USD a month less | gives up |"
        yield "|---|---|---:|---|"
        yield from (f"| {' | '.join(row)} |" for row in rows)
    changed = [(store, added) for store in report.stores if (added := report.added(store)) and any(added)]
    if changed:
        yield ""
        yield "| store | USD a month more than as deployed |"
        yield "|---|---:|"
        yield from (f"| {store} | {money.signed(added)} |" for store, added in changed)


def _rows(verdict: Verdict) -> Iterator[str]:
    found = verdict.found.en.replace("|", "\\|")
    if not verdict.remedies:
        yield f"| {verdict.requirement} | {found} | | |"
    for remedy in verdict.remedies:
        yield f"| {verdict.requirement} | {found} | {closing(remedy)} | {added(remedy)} |"


def cheaper(report: Report) -> Iterator[tuple[str, str, str, str]]:
    """The settings that cost less: store, what is changed, USD saved in a month, what is given up."""
    for each in report.cheapest:
        for setting in each.cheaper:
            changes = ", ".join(f"{change.path} {change.before} → {change.after}" for change in setting.changes)
            yield each.store, changes, money.whole(setting.saved), ", ".join(setting.gives_up) or "nothing"


def month(report: Report) -> str:
    """What a month costs, and what it costs more than as deployed."""
    more = report.added()
    compared = "" if more is None else f", {money.signed(more)} against what is deployed"
    return f"A month at list price: {money.whole(report.month.month())} USD{compared}."


def closing(remedy: Remedy) -> str:
    """What would close a gap, or make it smaller."""
    return remedy.words.en if remedy.closes else f"smaller: {remedy.words.en}"


def added(remedy: Remedy) -> str:
    """What a remedy adds to a month, with its sign, and that more is charged where the book has no price."""
    told = money.signed(remedy.month)
    return f"{told} and more" if remedy.unpriced else told
