"""Typed rows of cheapest.yaml: what may be given up for a lower price, and what may not (COST-OPT)."""

from collections.abc import Mapping
from functools import cache

from infra.catalog import Row, read


class StoreRow(Row):
    """The requirements that name a size of the store themselves."""

    sizes: frozenset[str]


class CheapestRow(Row):
    """How the cheapest setting is looked for: months that growth must fit, requirements without a say, the stores."""

    holds: int
    aims: frozenset[str]
    stores: Mapping[str, StoreRow]


@cache
def cheapest() -> CheapestRow:
    """The whole file."""
    return CheapestRow(**read("cheapest.yaml"))
