"""The invalidation bus: topic with its schema, the worker's subscription, dead letters, and who may do what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_gcp as gcp

from infra.components import invalidation_worker
from infra.components.cache import Cache
from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.inventory import StoreRecord
from infra.derive.invalidation import InvalidationPlan, PushPlan

_PUBLISHER = "roles/pubsub.publisher"
_SUBSCRIBER = "roles/pubsub.subscriber"
_TOKEN_CREATOR = "roles/iam.serviceAccountTokenCreator"  # noqa: S105 # a role's name
_INVOKER = "roles/run.invoker"
_NEVER = ""
"""An expiration policy without a time; no policy at all means 31 idle days (Pub/Sub API v1, ExpirationPolicy)."""


@dataclass(frozen=True)
class InvalidationArgs:
    """What the bus is built from; `cache` is what a worker of the stack's own empties."""

    plan: InvalidationPlan
    foundation: Foundation
    cache: Cache | None = None


class Invalidation(Component):
    """Events that say which cached entries are stale, from the publishers to one worker (CACHE-INV).

    The order is the safety: the dead letters are kept, and Pub/Sub may write them, before the first event can fail.
    The API accepts a dead-letter topic without either and then drops or holds what failed, in silence.
    """

    topic: gcp.pubsub.Topic
    subscription: gcp.pubsub.Subscription
    worker: gcp.cloudrunv2.Service | None

    def __init__(self, name: str, args: InvalidationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._plan = args.plan
        self._base = args.foundation
        self._agent = args.foundation.encryption.agent_member("pubsub")
        schema = gcp.pubsub.Schema(
            "invalidation-schema",
            name=args.plan.schema,
            type="AVRO",
            definition=args.plan.definition,
            deletion_policy=self._deletion_policy,
            opts=self.inside(args.foundation.services["pubsub"]),
        )
        self.topic = self._topic(
            "invalidation-topic", args.plan.topic, schema_settings={"schema": schema.id, "encoding": "JSON"}
        )
        dead_letters, kept = self._dead_letters()
        self.worker = self._worker(dead_letters, args.cache)
        self.subscription = self._worker_subscription(dead_letters, kept)
        self._grants()
        self.register_outputs({"topic": self.topic.id, "subscription": self.subscription.id})

    @property
    def record(self) -> StoreRecord:
        """The bus in the inventory."""
        plan = self._plan
        return StoreRecord(
            store="invalidation",
            engine="Pub/Sub",
            version="v1",
            size=f"from {', '.join(plan.publishers)} by {'push' if plan.push else 'pull'} to {plan.worker}",
            location=plan.region,
            high_availability="all zones of the region",
            backup=plan.backup,
            encryption_key=self._base.encryption.key("pubsub", plan.region).key_id,
            endpoints={
                "service": plan.endpoint,
                "topic": self.topic.id,
                "subscription": self.subscription.id,
                "dead letters": f"projects/{self._base.gcp_project}/subscriptions/{plan.dead_letter.subscription}",
                **({"worker": self.worker.id} if self.worker else {}),
            },
            owner=self._base.owner,
        )

    @property
    def _deletion_policy(self) -> str:
        """The provider's own guard: a deleted schema stops its topics, a deleted topic orphans its subscriptions."""
        return "PREVENT" if self._base.guarded else "DELETE"

    def _topic(self, key: str, name: str, schema_settings: dict[str, Any] | None = None) -> gcp.pubsub.Topic:
        """A topic whose events are stored, passed on and encrypted in the platform's region alone."""
        base, plan = self._base, self._plan
        encryption = base.encryption.key("pubsub", plan.region)
        return gcp.pubsub.Topic(
            key,
            name=name,
            kms_key_name=encryption.key_id,
            # A subscription keeps what failed; what the worker has acknowledged can be replayed from the topic.
            message_retention_duration=plan.retention if schema_settings else None,
            message_storage_policy={"allowed_persistence_regions": [plan.region], "enforce_in_transit": True},
            schema_settings=schema_settings,
            deletion_policy=self._deletion_policy,
            opts=self.inside(encryption.grant, base.services["pubsub"]),
        )

    def _dead_letters(self) -> tuple[gcp.pubsub.Topic, list[pulumi.Resource]]:
        """The topic of failed events, and what must exist before anything can fail.

        It has no schema: an event of a withdrawn revision would not fit it and be lost.
        """
        plan = self._plan.dead_letter
        topic = self._topic("invalidation-dead-letter-topic", plan.topic)
        kept = gcp.pubsub.Subscription(
            "invalidation-dead-letter-subscription",
            name=plan.subscription,
            topic=topic.id,
            message_retention_duration=plan.retention,
            expiration_policy={"ttl": _NEVER},
            deletion_policy=self._deletion_policy,
            opts=self.inside(),
        )
        writable = gcp.pubsub.TopicIAMMember(
            "invalidation-dead-letter-writer",
            topic=topic.id,
            role=_PUBLISHER,
            member=self._agent,
            opts=self.inside(),
        )
        return topic, [kept, writable]

    def _worker(self, dead_letters: gcp.pubsub.Topic, cache: Cache | None) -> gcp.cloudrunv2.Service | None:
        """The stack's own worker, which puts what it cannot handle aside by itself, with the reason."""
        plan = self._plan.service
        if plan is None or cache is None:
            return None
        writable = gcp.pubsub.TopicIAMMember(
            f"invalidation-dead-letter-writer-{plan.program}",
            topic=dead_letters.id,
            role=_PUBLISHER,
            member=self._base.identities.member(plan.program),
            opts=self.inside(),
        )
        return invalidation_worker.worker(self, self._base, plan, cache, [writable])

    def _worker_subscription(
        self, dead_letters: gcp.pubsub.Topic, ready: list[pulumi.Resource]
    ) -> gcp.pubsub.Subscription:
        plan = self._plan
        return gcp.pubsub.Subscription(
            "invalidation-subscription",
            name=plan.subscription,
            topic=self.topic.id,
            ack_deadline_seconds=plan.ack_deadline_seconds,
            message_retention_duration=plan.retention,
            expiration_policy={"ttl": _NEVER},
            retry_policy={"minimum_backoff": plan.least_backoff, "maximum_backoff": plan.most_backoff},
            enable_message_ordering=plan.ordered,
            enable_exactly_once_delivery=plan.exactly_once,
            dead_letter_policy={
                "dead_letter_topic": dead_letters.id,
                "max_delivery_attempts": plan.dead_letter.attempts,
            },
            push_config=self._push_config(plan.push) if plan.push else None,
            deletion_policy=self._deletion_policy,
            opts=self.inside(*ready, *(self._deliverable(plan.push) if plan.push else [])),
        )

    def _push_config(self, plan: PushPlan) -> dict[str, Any]:
        return {
            "push_endpoint": self.worker.uri if self.worker else plan.endpoint,
            "oidc_token": {
                "service_account_email": self._base.identities[plan.account].email,
                "audience": plan.audience,
            },
        }

    def _deliverable(self, plan: PushPlan) -> list[pulumi.Resource]:
        """What must be granted before the first event is posted: an early one is refused, and waits."""
        if self.worker is None:
            return [self._signable(plan)]
        invoker = gcp.cloudrunv2.ServiceIamMember(
            "invalidation-worker-invoker",
            project=self._base.gcp_project,
            location=self.worker.location,
            name=self.worker.name,
            role=_INVOKER,
            member=self._base.identities.member(plan.account),
            opts=self.inside(),
        )
        return [self._signable(plan), invoker]

    def _signable(self, plan: PushPlan) -> pulumi.Resource:
        """Let Pub/Sub sign as the account: agents made until April 2021 need the grant, later ones bear it."""
        grant: pulumi.Resource = gcp.serviceaccount.IAMMember(
            "invalidation-push-signer",
            service_account_id=self._base.identities[plan.account].name,
            role=_TOKEN_CREATOR,
            member=self._agent,
            opts=self.inside(),
        )
        return grant

    def _grants(self) -> None:
        """Each program on its own topic or subscription alone, and Pub/Sub itself to take failed events off.

        Nobody publishes before somebody listens: an event without a subscription is lost.
        """
        plan, member = self._plan, self._base.identities.member
        forwarder = self._subscriber("dead-letter-forwarder", self._agent)
        if plan.push is None:
            self._subscriber(f"subscriber-{plan.worker}", member(plan.worker))
        for publisher in plan.publishers:
            gcp.pubsub.TopicIAMMember(
                f"invalidation-publisher-{publisher}",
                topic=self.topic.id,
                role=_PUBLISHER,
                member=member(publisher),
                opts=self.inside(self.subscription, forwarder),
            )

    def _subscriber(self, key: str, who: pulumi.Input[str]) -> pulumi.Resource:
        grant: pulumi.Resource = gcp.pubsub.SubscriptionIAMMember(
            f"invalidation-{key}",
            subscription=self.subscription.id,
            role=_SUBSCRIBER,
            member=who,
            opts=self.inside(),
        )
        return grant
