"""What a stack costs a month, by resource, of the dated price book (COST-Y1, COST-Y3, COR-21)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from infra.derive.cost_lines import Biller, Charged, CostLine, Range, Unpriced, Years, total
from infra.derive.cost_services import SERVICES
from infra.derive.cost_stores import STORES
from infra.settings import Settings
from infra.settings.monitoring_budget import UsageSettings

ORDER = (
    "postgres", "pooler", "cache", "mongodb", "elasticsearch", "timescale", "bigquery", "invalidation", "cdn",
    "network", "recovery", "monitoring",
)  # fmt: skip
"""The stores as a person reads them."""


@dataclass(frozen=True)
class Estimate:
    """A month: its charges, and what is charged and has no price in the book."""

    lines: tuple[CostLine, ...]
    unpriced: tuple[Unpriced, ...]

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """The stores that are charged for, in the order of the platform."""
        charged = [line.store for line in self.lines] + [each.store for each in self.unpriced]
        return tuple(store for store in ORDER if store in charged)

    def of(self, store: str) -> "Estimate":
        """The part of one store."""
        return replace(
            self,
            lines=tuple(line for line in self.lines if line.store == store),
            unpriced=tuple(each for each in self.unpriced if each.store == store),
        )

    def billed_by(self, *billers: Biller) -> "Estimate":
        """The part that is on these bills."""
        return replace(
            self,
            lines=tuple(line for line in self.lines if line.biller in billers),
            unpriced=tuple(each for each in self.unpriced if each.biller in billers),
        )

    def month(self, years: Years = 0) -> Range:
        """The sum of all lines in USD when paid ahead for so many years; list price without."""
        return total(self.lines, years)


def estimate(settings: Settings, usage: UsageSettings) -> Estimate:
    """Work out a month of a stack whose settings `infra.derive.checks` has accepted.

    It counts what is declared at its declared size: no automatic growth, no tax, no negotiated discount.
    """
    return _estimate((*STORES.values(), *SERVICES.values()), settings, usage)


def own_estimate(settings: Settings) -> Estimate:
    """The same with what the stack says a month uses that no plan knows (`monitoring.budget.usage`)."""
    return estimate(settings, _own_usage(settings))


def store_estimate(store: str, settings: Settings) -> Estimate:
    """What a store alone is charged for, its entrance included, with the usage that the stack names."""
    return _estimate((STORES[store],), settings, _own_usage(settings))


def _own_usage(settings: Settings) -> UsageSettings:
    budget = settings.monitoring.budget if settings.monitoring else None
    return budget.usage if budget else UsageSettings()


def _estimate(charged: Iterable[Charged], settings: Settings, usage: UsageSettings) -> Estimate:
    charges = [charge for each in charged for charge in each(settings, usage)]
    return Estimate(
        tuple(each for each in charges if isinstance(each, CostLine)),
        tuple(each for each in charges if isinstance(each, Unpriced)),
    )
