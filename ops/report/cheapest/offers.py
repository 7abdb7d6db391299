"""What a size of a store would cost: the offers below a stack's own price, from the lowest up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infra.derive.checks import problems
from infra.derive.cost import Estimate, store_estimate
from infra.derive.phases import lay_over
from infra.settings import load
from infra.settings.problems import SettingsError
from ops.report.cheapest.sizes import SIZES
from ops.report.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.report.cheapest.sizes import Candidate


class Offer(NamedTuple):
    """A size of a store, the stack with it, and what a month of the store costs then, its entrance included."""

    store: str
    candidate: Candidate
    stack: Stack
    month: Estimate

    def refused(self) -> Iterator[str]:
        """The settings that refuse it: none where it can be built."""
        return (each.path for each in problems(self.stack.settings))


def cheaper_offers(stack: Stack, store: str) -> list[Offer]:
    """The sizes of a store that cost less than its own; what the price book lacks is no saving."""
    now = store_estimate(store, stack.settings)
    offers = [each for each in _offers(stack, store) if set(now.unpriced).issuperset(each.month.unpriced)]
    cheaper = [each for each in offers if each.month.month().low < now.month().low]
    return sorted(cheaper, key=lambda each: each.month.month())


def _offers(stack: Stack, store: str) -> Iterator[Offer]:
    for candidate in SIZES[store](stack.settings):
        raw = lay_over(stack.raw, candidate.settings)
        try:
            settings = load(raw)
        except SettingsError:
            # It is no size of such a stack at all, and has no price.
            continue
        yield Offer(store, candidate, Stack(stack.name, raw, settings), store_estimate(store, settings))
