"""What cannot be built of the invalidation settings, and what deserves a second look."""

from collections.abc import Iterator

from infra.derive.findings import Advice
from infra.settings import Problem, Settings
from infra.settings.invalidation import InvalidationSettings
from infra.settings.units import Duration

_LONGEST_PREFIX = 26
"""Cloud Run, "Direct VPC egress": a subnet of /26 or larger (recalled 2026-11-25)."""

_LONGEST_CACHED = Duration.parse("24 hours")
"""CACHE-LAYERS: nothing is cached longer, neither at the CDN nor in Redis."""


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the invalidation settings; nothing when the store is off."""
    invalidation = settings.invalidation
    if invalidation is None:
        return
    yield from _lost_before_put_aside(invalidation)
    if invalidation.service:
        yield from _without_what_it_needs(invalidation, settings)


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
    yield from _about_the_worker(invalidation, settings)
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


def _without_what_it_needs(invalidation: InvalidationSettings, settings: Settings) -> Iterator[Problem]:
    """The worker works in the cache: there must be one, which lets it in, and room in the network to reach it from."""
    worker, cache, push = invalidation.worker, settings.cache, invalidation.push
    if cache is None:
        yield Problem(
            "invalidation.service",
            "no cache",
            "a worker of the stack's own where there is a cache: it keeps there what the CDN has yet to purge",
            "add triptrip:cache, or write delivery: pull without push and service",
        )
    elif worker not in cache.clients:
        yield Problem(
            "cache.clients",
            ", ".join(cache.clients),
            f"a list that has {worker}, which invalidation.service empties the cache as",
            f"add {worker}",
        )
    if push and push.account == worker:
        yield Problem(
            "invalidation.push.account",
            push.account,
            f"another program than the worker ({worker}): whoever may call it must not have what it has",
            "name a program that does nothing else, such as pusher",
        )
    if settings.network.subnet_range.prefixlen > _LONGEST_PREFIX:
        yield Problem(
            "network.subnetRange",
            str(settings.network.subnet_range),
            f"/{_LONGEST_PREFIX} or wider: the instances of invalidation.service take addresses from it",
            f"write a range of /{_LONGEST_PREFIX} or wider",
        )


def _about_the_worker(invalidation: InvalidationSettings, settings: Settings) -> Iterator[Advice]:
    """What is not there to purge; and replicas that are behind and still asked, which may fill the CDN once more."""
    service, postgres = invalidation.service, settings.postgres
    if service is None:
        return
    if not service.purge_cdn:
        return
    if settings.cdn is None:
        yield Advice("invalidation.service.purgeCdn", "the stack has no CDN: nothing is purged there")
    elif postgres and service.second_purge < postgres.pooler.reads.relaxed_lag:
        yield Advice(
            "invalidation.service.secondPurge",
            f"{service.second_purge} is less than a replica may be behind and still be asked "
            f"(postgres.pooler.reads.relaxedLag, {postgres.pooler.reads.relaxed_lag}): an answer of before may stay in "
            "the CDN for its whole time",
        )
