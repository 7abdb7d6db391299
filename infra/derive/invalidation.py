"""The invalidation bus as it will be declared (CACHE-INV); durations in seconds with their "s", as the API has them."""

from dataclasses import dataclass

from infra.catalog.invalidation_rows import event_definition
from infra.derive.invalidation_service import InvalidationServicePlan, audience, service_plan
from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.invalidation import InvalidationSettings
from infra.settings.units import Duration


@dataclass(frozen=True)
class PushPlan:
    """Where events are posted, None for the stack's own worker, and the program whose account signs the request."""

    endpoint: str | None
    account: str
    audience: str


@dataclass(frozen=True)
class DeadLetterPlan:
    """The topic of events that failed, and the subscription that keeps them for people."""

    topic: str
    subscription: str
    attempts: int
    retention: str


@dataclass(frozen=True)
class InvalidationPlan:
    """The whole bus; `region` is the only one that stores or passes on an event, `backup` says it in words."""

    topic: str
    schema: str
    definition: str
    subscription: str
    region: str
    publishers: tuple[str, ...]
    worker: str
    service: InvalidationServicePlan | None
    push: PushPlan | None
    ack_deadline_seconds: int
    retention: str
    least_backoff: str
    most_backoff: str
    ordered: bool
    exactly_once: bool
    dead_letter: DeadLetterPlan
    backup: str

    @property
    def endpoint(self) -> str:
        """The service's address in the bus's own region: through the global one, requests can be refused elsewhere."""
        return f"{self.region}-pubsub.googleapis.com:443"


def invalidation_plan(invalidation: InvalidationSettings, settings: Settings, names: Names) -> InvalidationPlan:
    """Work the bus out from settings that `infra.derive.checks` has accepted.

    Its names grow from the topic's alone, since the document's applications know that name, the same in every
    environment; an environment is a Google Cloud project of its own.
    """
    topic, push, aside = invalidation.topic, invalidation.push, invalidation.dead_letter
    put_aside = f"{topic}-dead-letter"
    return InvalidationPlan(
        topic=topic,
        schema=f"{topic}-event",
        definition=event_definition(),
        subscription=f"{topic}-{invalidation.worker}",
        region=settings.project.region,
        publishers=tuple(sorted(invalidation.publishers)),
        worker=invalidation.worker,
        service=service_plan(invalidation, settings, names, put_aside),
        push=PushPlan(push.endpoint, push.account, audience(invalidation, settings)) if push else None,
        ack_deadline_seconds=invalidation.ack_deadline.seconds,
        retention=_seconds(invalidation.retention),
        least_backoff=_seconds(invalidation.retry.least),
        most_backoff=_seconds(invalidation.retry.most),
        ordered=invalidation.ordered,
        exactly_once=invalidation.exactly_once,
        dead_letter=DeadLetterPlan(
            topic=put_aside,
            subscription=f"{put_aside}-inspection",
            attempts=aside.attempts,
            retention=_seconds(aside.retention),
        ),
        backup=f"replay of {invalidation.retention}, dead letters kept {aside.retention}",
    )


def _seconds(duration: Duration) -> str:
    return f"{duration.seconds}s"
