"""Looks for the cheapest size of each store, from the lowest price up, until one keeps everything (COST-OPT)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from infra.catalog.capacity_rows import cases, growth_model
from infra.catalog.cheapest_rows import cheapest
from ops.report.capacity.timeline import changes, demands, readings
from ops.report.cheapest.foreseen import foreseen
from ops.report.cheapest.model import Cheaper, Cheapest, Due
from ops.report.cheapest.offers import Offer, cheaper_offers
from ops.report.model import Status, Verdict
from ops.report.targets.facts import Facts
from ops.report.targets.judge import standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from infra.settings import Settings
    from ops.report.stack import Stack
    from sandbox.plan import Plan

    Planner = Callable[[Settings, str], Plan]

_RANK: Mapping[Status, int] = {"not met": 0, "undecided": 1, "met": 2}


def cheapest_settings(facts: Facts, verdicts: Iterable[Verdict], planner: Planner) -> tuple[Cheapest, ...]:
    """The cheapest setting of each store that has a price.

    `verdicts` are the stack's as declared; `planner` plans what is chosen, to judge it once more.
    """
    standings = {each.requirement: each for each in verdicts if each.requirement not in cheapest().aims}
    declared = _Declared(facts, standings, planner)
    return tuple(_store(name, declared) for name in cheapest().stores if facts.month.of(name).lines)


@dataclass(frozen=True)
class _Declared:
    """The stack as declared, and the verdicts that have a say: what every offer is compared with."""

    facts: Facts
    standings: Mapping[str, Verdict]
    planner: Planner

    @cached_property
    def fired(self) -> Mapping[str, int]:
        """The month in which each trigger fires first."""
        return _fired(self.facts.stack, growth_model().months)

    def judge(self, offer: Offer, sizes: frozenset[str], given_up: frozenset[str]) -> Facts | str:
        """An offer as planned; or the first that speaks against it: a requirement, a setting or a trigger.

        What is quick to tell comes first: it is planned only when what can be foreseen of that passes.
        """
        seen = replace(self.facts, stack=offer.stack, planned=foreseen(self.facts.plan, offer.candidate.seen))
        asked = self.standings.keys() - given_up
        refused = (
            next(self.worse(seen, sorted(sizes - given_up)), "")
            or next(offer.refused(), "")
            or next(self._too_soon(offer.stack), "")
            or next(self.worse(seen, sorted(asked)), "")
        )
        if refused:
            return refused
        planned = replace(seen, planned=self.planner(offer.stack.settings, offer.stack.name))
        return next(self.worse(planned, sorted(asked)), "") or planned

    def worse(self, facts: Facts, asked: Iterable[str]) -> Iterator[str]:
        """Those of the requirements that are kept less well."""
        return (name for name in asked if is_worse(self.standings[name], standing(name, facts)))

    def _too_soon(self, stack: Stack) -> Iterator[str]:
        """Triggers that fire within the months that growth must fit, and not so for what is declared."""
        holds = cheapest().holds
        return (name for name in _fired(stack, holds) if self.fired.get(name, holds + 1) > holds)


def _store(name: str, declared: _Declared) -> Cheapest:
    """What could be had for less: first without the sizes that requirements name, then with them, which costs more."""
    sizes, stack = cheapest().stores[name].sizes, declared.facts.stack
    given_up, stopped_by = sizes, ""
    found: list[Cheaper] = []
    for offer in cheaper_offers(stack, name):
        judged = declared.judge(offer, sizes, given_up)
        if isinstance(judged, str):
            stopped_by = judged
            continue
        found.append(_cheaper(offer, judged, declared, given_up, stopped_by))
        if not found[-1].gives_up:
            break
        given_up, stopped_by = frozenset(), found[-1].gives_up[0]
    return Cheapest(name, stack.month.of(name).month(), tuple(reversed(found)), stopped_by)


def _cheaper(offer: Offer, facts: Facts, declared: _Declared, given_up: frozenset[str], stopped_by: str) -> Cheaper:
    stack, months = declared.facts.stack, growth_model().months
    sooner = {name: at for name, at in _fired(facts.stack, months).items() if at < declared.fired.get(name, months + 1)}
    worse = declared.worse(facts, given_up)
    return Cheaper(
        settings=offer.candidate.settings,
        changes=tuple(changes(stack, offer.candidate.settings)),
        month=facts.month.of(offer.store).month(),
        saved=stack.month.month().minus(facts.month.month()),
        gives_up=tuple(sorted(name for name in worse if declared.standings[name].status == "met")),
        sooner=tuple(Due(name, at) for name, at in sorted(sooner.items(), key=lambda each: each[1])),
        stopped_by=stopped_by,
    )


def is_worse(old: Verdict, new: Verdict) -> bool:
    """Whether a requirement is kept less well: where it is not met in either, nothing about it may change."""
    if old.status == new.status == "not met":
        return old.evidence != new.evidence
    return _RANK[new.status] < _RANK[old.status]


def _fired(stack: Stack, months: int) -> Mapping[str, int]:
    """The month in which each trigger fires first within so many months, by the document's own figures."""
    found: dict[str, int] = {}
    for needs in demands(next(iter(cases().values()))):
        if needs.month > months:
            break
        for name, each in readings(stack, needs).items():
            if each.fires:
                found.setdefault(name, needs.month)
    return found
