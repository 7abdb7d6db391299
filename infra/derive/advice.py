"""What can be built and still deserves a second look; told at every check and preview, never refused."""

from itertools import chain

from infra.derive import (
    bigquery_checks,
    cache_checks,
    cdn_checks,
    elasticsearch_checks,
    invalidation_checks,
    mongodb_checks,
    postgres_checks,
    timescale_checks,
)
from infra.derive.findings import Advice
from infra.settings import Settings

_SOURCES = (
    bigquery_checks.advice,
    cache_checks.advice,
    cdn_checks.advice,
    elasticsearch_checks.advice,
    invalidation_checks.advice,
    mongodb_checks.advice,
    postgres_checks.advice,
    timescale_checks.advice,
)


def advice(settings: Settings) -> tuple[Advice, ...]:
    """Every finding about these settings, store by store."""
    return tuple(chain.from_iterable(source(settings) for source in _SOURCES))
