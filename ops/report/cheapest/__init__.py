"""The cheapest setting of each store that keeps what the stack keeps now (COST-OPT)."""

from ops.report.cheapest.model import Cheaper, Cheapest
from ops.report.cheapest.search import cheapest_settings

__all__ = ["Cheaper", "Cheapest", "cheapest_settings"]
