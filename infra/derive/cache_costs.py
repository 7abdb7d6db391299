"""What Memorystore for Redis costs a month, and where a larger instance costs less (COST-Y1, COST-Y3)."""

from dataclasses import dataclass
from decimal import Decimal

from infra.catalog.cache_rows import CapacityTierRow, capacity_tiers, largest_redis_gb
from infra.catalog.price_rows import HOURS_A_MONTH, prices


@dataclass(frozen=True)
class Offer:
    """A size in GB and its list price a month in USD."""

    size_gb: int
    month: Decimal

    def __str__(self) -> str:
        return f"{self.size_gb} GB at {self.month:,.2f} USD"


def capacity_tier(size_gb: int) -> CapacityTierRow:
    """The tier that a size falls in, which decides the rate of the whole instance."""
    return max((row for row in capacity_tiers() if row.from_gb <= size_gb), key=lambda row: row.from_gb)


def node_pairs(replicas: int) -> Decimal:
    """How often a rate of the price book is charged: it counts two nodes, so each node costs half of it."""
    return Decimal(1 + replicas) / 2


def redis_offer(size_gb: int, replicas: int, region: str) -> Offer | None:
    """The list price of a Standard instance; None in a region without prices."""
    rate = prices().get((capacity_tier(size_gb).price, region))
    return Offer(size_gb, node_pairs(replicas) * size_gb * rate.price * HOURS_A_MONTH) if rate else None


def cheaper_and_larger(size_gb: int, replicas: int, region: str) -> tuple[Offer, Offer] | None:
    """The offer of this size and the cheapest larger one, when that costs less; else None.

    The capacity tiers make cliffs: 4 GB cost more than 5 GB, 10 more than 11, 27 to 35 more than 36, 80 to 100 more
    than 101.
    """
    own = redis_offer(size_gb, replicas, region)
    larger = [redis_offer(size, replicas, region) for size in range(size_gb + 1, largest_redis_gb() + 1)]
    best = min((offer for offer in larger if offer), key=lambda offer: offer.month, default=None)
    return (own, best) if own and best and best.month < own.month else None
