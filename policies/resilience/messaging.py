"""Pub/Sub: subscriptions that keep their messages until somebody has taken them."""

from collections.abc import Callable, Iterator
from functools import partial

from policies.kit import Case, Parameter, Resource, Severity, Stack, Undecided, must_be, must_be_set, rule
from policies.kit.types import SUBSCRIPTION, SUBSCRIPTION_MEMBER, TOPIC, TOPIC_MEMBER
from policies.kit.waiting import about_each_resource, all_of, every, some_of


@rule(
    "pub-never-expires",
    title="Subscriptions do not expire",
    severity=Severity.HIGH,
    types=[SUBSCRIPTION],
    sources=["NIST 800-53: CP-10", "CACHE-INV"],
    reason="Pub/Sub deletes a subscription that nobody has used for 31 days, and every message after that is lost",
    fix='set expirationPolicy.ttl to ""',
    good=[Case({"expirationPolicy": {"ttl": ""}})],
    bad=[Case({"expirationPolicy": {"ttl": "2678400s"}}), Case({}), Case({"expirationPolicy": None})],
)
def never_expires(subscription: Resource) -> Iterator[str]:
    if subscription.get("expirationPolicy.ttl") != "":
        yield f'expirationPolicy.ttl is {subscription.shown("expirationPolicy.ttl")}; it must be "", that is never'


def _seconds(resource: Resource, path: str) -> float:
    text = resource.text(path)
    return float(text[:-1]) if text.endswith("s") and text[:-1].replace(".", "", 1).isdecimal() else 0


@rule(
    "pub-retention",
    title="Subscriptions keep messages long enough for their reader to come back",
    severity=Severity.MEDIUM,
    types=[SUBSCRIPTION],
    sources=["NIST 800-53: CP-10", "CACHE-INV"],
    reason="an invalidation that is dropped while its reader is down leaves a stale price in the cache",
    fix="raise invalidation.retention in the stack file",
    parameters={"hours": Parameter(24, "Least retention of a subscription's messages, in hours")},
    good=[Case({"messageRetentionDuration": "86400s"})],
    bad=[Case({"messageRetentionDuration": "600s"}), Case({})],
)
def retention(subscription: Resource, hours: int) -> Iterator[str]:
    if _seconds(subscription, "messageRetentionDuration") < hours * 3600:
        shown = subscription.shown("messageRetentionDuration")
        yield f"messageRetentionDuration is {shown}; at least {hours:g} hours are needed"


_DEAD_TOPIC = "deadLetterPolicy.deadLetterTopic"
_DEAD = {"deadLetterTopic": "dead", "maxDeliveryAttempts": 10}
_WORK = {"topic": "work", "deadLetterPolicy": _DEAD}
_WAITING = {"topic": "dead", "messageRetentionDuration": "1209600s"}
_RETRY = {"minimumBackoff": "1s", "maximumBackoff": "30s"}


def _stack(work: dict[str, object] | None = None, dead: dict[str, object] | None = None) -> Case:
    kept = {"dead": (SUBSCRIPTION, {**_WAITING, **dead})} if dead is not None else {}
    return Case(stack={"work": (SUBSCRIPTION, {**_WORK, "retryPolicy": _RETRY, **(work or {})}), **kept})


@rule(
    "pub-dead-letter",
    title="What cannot be delivered is retried slowly, and then kept for a person to look at",
    severity=Severity.MEDIUM,
    types=[SUBSCRIPTION, TOPIC],
    sources=["NIST 800-53: CP-10", "CACHE-INV"],
    reason="one message that always fails blocks its reader, and a dead letter topic without a subscription drops it",
    fix="set invalidation.deadLetter and invalidation.retry in the stack file",
    parameters={
        "most_attempts": Parameter(20, "Deliveries after which a message goes to the dead letter topic"),
        "dead_days": Parameter(14, "Least retention of undeliverable messages, in days"),
    },
    good=[_stack(dead={}), Case()],
    bad=[
        _stack(),
        _stack(dead={"messageRetentionDuration": "600s"}),
        _stack({"deadLetterPolicy": None}, {}),
        _stack({"deadLetterPolicy": {**_DEAD, "maxDeliveryAttempts": 100}}, {}),
        _stack({"retryPolicy": None}, {}),
    ],
)
def dead_letter(stack: Stack, most_attempts: int, dead_days: int) -> Iterator[tuple[Resource, str]]:
    subscriptions = stack.of(SUBSCRIPTION)

    def check(subscription: Resource) -> Iterator[str]:
        others = [each for each in subscriptions if each is not subscription]
        try:
            takes_dead_letters = _is_dead_topic(subscription, "topic", others)
        except Undecided:
            # Until that is known, one with a dead letter topic of its own is judged as a reader of events.
            if subscription.has("deadLetterPolicy"):
                yield from of_events(subscription, others)
            raise
        yield from of_dead_letters(subscription) if takes_dead_letters else of_events(subscription, others)

    def of_dead_letters(subscription: Resource) -> Iterator[str]:
        if _seconds(subscription, "messageRetentionDuration") < dead_days * 86400:
            shown = subscription.shown("messageRetentionDuration")
            yield f"messageRetentionDuration is {shown}; undeliverable messages need {dead_days:g} days"

    def of_events(subscription: Resource, others: list[Resource]) -> Iterator[str]:
        return all_of(
            must_be_set(subscription, "retryPolicy.minimumBackoff"),
            must_be_set(subscription, "retryPolicy.maximumBackoff"),
            must_be_set(subscription, _DEAD_TOPIC),
            few_attempts(subscription),
            _kept(subscription, others),
        )

    def few_attempts(subscription: Resource) -> Iterator[str]:
        attempts = subscription.number("deadLetterPolicy.maxDeliveryAttempts")
        if not attempts or attempts > most_attempts:
            shown = subscription.shown("deadLetterPolicy.maxDeliveryAttempts")
            yield f"deadLetterPolicy.maxDeliveryAttempts is {shown}; at most {most_attempts:g} are allowed"

    yield from about_each_resource(subscriptions, check)


def _is_dead_topic(resource: Resource, path: str, subscriptions: list[Resource]) -> bool:
    """Whether the topic named there is the dead letter topic of one of the subscriptions."""
    return some_of(subscriptions, lambda each: each.has(_DEAD_TOPIC) and _same_end(resource, path, each, _DEAD_TOPIC))


def _kept(subscription: Resource, others: list[Resource]) -> Iterator[str]:
    if not subscription.has(_DEAD_TOPIC):
        return
    if not some_of(others, lambda each: _same_end(each, "topic", subscription, _DEAD_TOPIC)):
        yield f"{_DEAD_TOPIC} {subscription.shown(_DEAD_TOPIC)} has no subscription, so what lands there is dropped"


def _same_end(node: Resource, path: str, wanted: Resource, wanted_path: str) -> bool:
    """Whether both name the same, in full or by the last part; raises Undecided when one is not known yet."""
    return node.text(path).rpartition("/")[2] == wanted.text(wanted_path).rpartition("/")[2]


@rule(
    "pub-replay",
    title="The topic of events keeps them for a replay",
    severity=Severity.LOW,
    types=[SUBSCRIPTION, TOPIC],
    sources=["NIST 800-53: CP-10", "CACHE-INV"],
    reason="after a faulty reader has lost events they can only be replayed from a topic that still has them",
    fix="raise invalidation.retention in the stack file",
    parameters={"hours": Parameter(24, "Least retention of a topic's messages, in hours")},
    good=[
        Case(stack={"topic": (TOPIC, {"name": "work", "messageRetentionDuration": "86400s"})}),
        Case(stack={"topic": (TOPIC, {"name": "dead"}), "work": (SUBSCRIPTION, _WORK)}),
    ],
    bad=[
        Case(stack={"topic": (TOPIC, {"name": "work"})}),
        Case(stack={"topic": (TOPIC, {"name": "work", "messageRetentionDuration": "600s"})}),
    ],
)
def replay(stack: Stack, hours: int) -> Iterator[tuple[Resource, str]]:
    def check(topic: Resource) -> Iterator[str]:
        if _seconds(topic, "messageRetentionDuration") < hours * 3600:
            shown = topic.shown("messageRetentionDuration")
            yield f"messageRetentionDuration is {shown}; at least {hours:g} hours are needed"

    yield from about_each_resource(stack.of(TOPIC), partial(_of_events, stack, check))


@rule(
    "pub-in-transit",
    title="Messages are not carried through other regions",
    severity=Severity.MEDIUM,
    types=[TOPIC],
    sources=["NIST 800-53: CM-2", "CON-GCP"],
    reason="without it a publisher elsewhere is answered elsewhere, and the message leaves the allowed regions",
    fix="set messageStoragePolicy.enforceInTransit to true",
    good=[Case({"messageStoragePolicy": {"enforceInTransit": True, "allowedPersistenceRegions": ["asia-northeast1"]}})],
    bad=[Case({"messageStoragePolicy": {"enforceInTransit": False}}), Case({})],
)
def in_transit(topic: Resource) -> Iterator[str]:
    yield from must_be(topic, "messageStoragePolicy.enforceInTransit", True)


_SCHEMA = {"schemaSettings": {"schema": "projects/p/schemas/event", "encoding": "JSON"}}


@rule(
    "pub-schema",
    title="The topic of events refuses what is no event",
    severity=Severity.LOW,
    types=[SUBSCRIPTION, TOPIC],
    sources=["NIST 800-53: SI-10", "CACHE-INV"],
    reason="an event in another shape fails in every reader, again and again, instead of once in its sender",
    fix="give the topic its schema: schemaSettings.schema and encoding",
    good=[
        Case(stack={"topic": (TOPIC, {"name": "work", **_SCHEMA})}),
        Case(stack={"topic": (TOPIC, {"name": "dead"}), "work": (SUBSCRIPTION, _WORK)}),
    ],
    bad=[
        Case(stack={"topic": (TOPIC, {"name": "work"})}),
        Case(stack={"topic": (TOPIC, {"name": "work", "schemaSettings": {"encoding": "JSON"}})}),
        Case(stack={"topic": (TOPIC, {"name": "work", "schemaSettings": {"schema": "s", "encoding": ""}})}),
    ],
)
def schema(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def check(topic: Resource) -> Iterator[str]:
        encoding = must_be(topic, "schemaSettings.encoding", "JSON", "BINARY")
        yield from all_of(must_be_set(topic, "schemaSettings.schema"), encoding)

    yield from about_each_resource(stack.of(TOPIC), partial(_of_events, stack, check))


def _of_events(stack: Stack, check: Callable[[Resource], Iterator[str]], topic: Resource) -> Iterator[str]:
    """What a check finds unless the topic takes dead letters, which is asked only of one that does not keep it."""
    for message in check(topic):
        if _is_dead_topic(topic, "name", stack.of(SUBSCRIPTION)):
            return
        yield message


_AGENT = "@gcp-sa-pubsub.iam.gserviceaccount.com"
_MAY_WRITE = (TOPIC_MEMBER, {"topic": "dead", "role": "roles/pubsub.publisher", "member": f"serviceAccount:s{_AGENT}"})
_MAY_TAKE = (
    SUBSCRIPTION_MEMBER,
    {"subscription": "work", "role": "roles/pubsub.subscriber", "member": f"serviceAccount:s{_AGENT}"},
)
_SOURCE = (SUBSCRIPTION, {**_WORK, "name": "work"})


@rule(
    "pub-dead-letter-grants",
    title="Pub/Sub may move what cannot be delivered",
    severity=Severity.MEDIUM,
    types=[SUBSCRIPTION, TOPIC_MEMBER, SUBSCRIPTION_MEMBER],
    sources=["NIST 800-53: CP-10", "CACHE-INV"],
    reason="without both grants Pub/Sub's own account moves nothing, says nothing, and delivers the message for ever",
    fix="let Pub/Sub's service agent publish to the dead letter topic and subscribe to the subscription",
    good=[Case(stack={"work": _SOURCE, "write": _MAY_WRITE, "take": _MAY_TAKE}), Case()],
    bad=[
        Case(stack={"work": _SOURCE, "write": _MAY_WRITE}),
        Case(stack={"work": _SOURCE, "take": _MAY_TAKE}),
        Case(stack={"work": _SOURCE, "write": (TOPIC_MEMBER, {**_MAY_WRITE[1], "topic": "x"}), "take": _MAY_TAKE}),
        Case(stack={"work": _SOURCE, "write": (TOPIC_MEMBER, {**_MAY_WRITE[1], "role": "x"}), "take": _MAY_TAKE}),
        Case(stack={"work": _SOURCE, "write": (TOPIC_MEMBER, {**_MAY_WRITE[1], "member": "x"}), "take": _MAY_TAKE}),
    ],
)
def dead_letter_grants(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def may_publish(subscription: Resource) -> Iterator[str]:
        if not _granted(stack.of(TOPIC_MEMBER), "roles/pubsub.publisher", "topic", subscription, _DEAD_TOPIC):
            yield f"Pub/Sub's service agent may not publish to {subscription.shown(_DEAD_TOPIC)}"

    def may_subscribe(subscription: Resource) -> Iterator[str]:
        if not _granted(stack.of(SUBSCRIPTION_MEMBER), "roles/pubsub.subscriber", "subscription", subscription, "name"):
            yield "Pub/Sub's service agent may not subscribe to it"

    sources = [each for each in stack.of(SUBSCRIPTION) if each.has("deadLetterPolicy")]
    yield from about_each_resource(sources, lambda each: all_of(may_publish(each), may_subscribe(each)))


def _granted(grants: list[Resource], role: str, on: str, subscription: Resource, path: str) -> bool:
    """Whether Pub/Sub's service agent has the role on what the subscription names there."""
    return some_of(
        grants,
        lambda grant: every(
            lambda: grant.text("role") == role,
            lambda: grant.text("member").endswith(_AGENT),
            lambda: _same_end(grant, on, subscription, path),
        ),
    )
