"""What can be built and still deserves a second look; told at every check and preview, never refused."""

from itertools import chain

from infra.derive.checks import STORES
from infra.derive.findings import Advice
from infra.settings import Settings


def advice(settings: Settings) -> tuple[Advice, ...]:
    """Every finding about these settings, store by store."""
    return tuple(chain.from_iterable(store.advice(settings) for store in STORES))
