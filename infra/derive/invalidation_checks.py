"""What cannot be built of the invalidation settings, and what deserves a second look."""

from collections.abc import Iterator

from infra.derive.findings import Advice
from infra.settings import Problem, Settings
from infra.settings.invalidation import InvalidationSettings
from infra.settings.units import Duration

_LONGEST_CACHED = Duration.parse("24 hours")
"""CACHE-LAYERS: nothing is cached longer, neither at the CDN nor in Redis."""


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the invalidation settings; nothing when the store is off."""
    invalidation = settings.invalidation
    if invalidation is None:
        return
    yield from _lost_before_put_aside(invalidation)


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about the invalidation settings."""
    invalidation = settings.invalidation
    if invalidation is None:
        return
    if invalidation.retention > _LONGEST_CACHED:
        yield Advice(
            "invalidation.retention",
            f"{invalidation.retention} is longer than anything is cached ({_LONGEST_CACHED}, CACHE-LAYERS): after a "
            "longer outage the worker empties caches for entries that are gone, and storage is paid for",
        )
    if invalidation.ordered:
        yield Advice(
            "invalidation.ordered",
            f"an event that fails holds up all later ones of its key until it is put aside, up to "
            f"{slowest(invalidation)}; meanwhile they stay cached",
        )


def slowest(invalidation: InvalidationSettings) -> Duration:
    """How long it takes at most to give an event up: every attempt runs to its deadline and waits its longest."""
    deadline, wait = invalidation.ack_deadline.milliseconds, invalidation.retry.most.milliseconds
    attempts = invalidation.dead_letter.attempts
    return Duration(attempts * deadline + (attempts - 1) * wait)


def _lost_before_put_aside(invalidation: InvalidationSettings) -> Iterator[Problem]:
    """An event that outlives its retention is dropped in silence: the dead letters must be quicker."""
    needed = slowest(invalidation)
    if invalidation.retention < needed:
        yield Problem(
            "invalidation.retention",
            str(invalidation.retention),
            f"at least {needed}, the time that {invalidation.dead_letter.attempts} attempts of "
            f"{invalidation.ack_deadline} with waits of {invalidation.retry.most} can take: an event older than its "
            "retention is lost, not put aside",
            "raise it, or lower deadLetter.attempts, ackDeadline or retry.most",
        )
