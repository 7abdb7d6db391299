"""The invalidation bus in the stacks' plans: guards, order, encryption, place, and who may do what."""

from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.plan import Plan, PlanError
from tests.plans import plan_of

AGENT = "@gcp-sa-pubsub.iam.gserviceaccount.com"
PUSH: dict[str, Any] = {
    "delivery": "push",
    "push": {"endpoint": "https://invalidator.triptrip.jp/events", "account": "pusher", "audience": "triptrip"},
    "service": None,
}
PULL: dict[str, Any] = {"delivery": "pull", "push": None, "service": None}
"""Somebody else runs the worker; that of the stack files is in test_invalidation_worker."""


def test_everything_is_guarded_twice_and_lets_go_without_guards(plan: Plan) -> None:
    lasting = [*plan.of_type(":Schema"), *plan.of_type(":Topic"), *plan.of_type("pubsub/subscription:Subscription")]
    assert len([each for each in lasting if each.name.startswith("invalidation-")]) == 5
    for each in lasting:
        assert each.options["protect"] is True
        assert each.inputs["deletionPolicy"] == "PREVENT"
    unguarded = plan_of("dev", {"project": {"deletionGuards": False}})
    assert unguarded.named("invalidation-topic").inputs["deletionPolicy"] == "DELETE"


def test_events_are_encrypted_and_stay_in_the_region(plan: Plan) -> None:
    for name in ("invalidation-topic", "invalidation-dead-letter-topic"):
        topic = plan.named(name)
        assert topic.inputs["kmsKeyName"].endswith("/cryptoKeys/pubsub")
        assert topic.inputs["messageStoragePolicy"] == {
            "allowedPersistenceRegions": ["asia-northeast1"],
            "enforceInTransit": True,
        }
        assert {"key-grant-primary-pubsub", "service-pubsub"} <= set(topic.options["dependsOn"])


def test_only_what_fits_the_schema_is_published_and_dead_letters_have_none(plan: Plan) -> None:
    settings = plan.named("invalidation-topic").inputs["schemaSettings"]
    assert settings["encoding"] == "JSON"
    assert settings["schema"].endswith("/schemas/cache-invalidation-event")
    assert "schemaSettings" not in plan.named("invalidation-dead-letter-topic").inputs


def test_no_subscription_ever_expires(plan: Plan) -> None:
    for subscription in plan.of_type("pubsub/subscription:Subscription"):
        assert subscription.inputs["expirationPolicy"] == {"ttl": ""}


def test_a_failed_event_is_kept_before_the_first_can_fail(plan: Plan) -> None:
    subscription = plan.named("invalidation-subscription")
    assert subscription.inputs["deadLetterPolicy"]["deadLetterTopic"].endswith("cache-invalidation-dead-letter")
    assert {"invalidation-dead-letter-subscription", "invalidation-dead-letter-writer"} <= set(
        subscription.options["dependsOn"]
    )


def test_pubsub_itself_may_move_a_failed_event(plan: Plan) -> None:
    """The API asks for neither grant, and without them moves nothing, in silence."""
    writer, forwarder = (plan.named(f"invalidation-dead-letter-{name}").inputs for name in ("writer", "forwarder"))
    assert writer["role"] == "roles/pubsub.publisher"
    assert writer["topic"].endswith("/topics/cache-invalidation-dead-letter")
    assert forwarder["role"] == "roles/pubsub.subscriber"
    assert forwarder["subscription"].endswith("/subscriptions/cache-invalidation-invalidator")
    assert all(grant["member"].endswith(AGENT) for grant in (writer, forwarder))


@pytest.mark.parametrize(
    ("changes", "worker"),
    [
        # The stack's own worker is posted to, and puts aside by itself what it cannot handle.
        ({}, ("roles/pubsub.publisher", "invalidator", "cache-invalidation-dead-letter")),
        (PULL, ("roles/pubsub.subscriber", "invalidator", "cache-invalidation-invalidator")),
    ],
)
def test_a_program_may_do_its_own_part_alone(changes: dict[str, Any], worker: tuple[str, str, str]) -> None:
    plan = plan_of("dev", {"invalidation": changes})
    grants = [*plan.of_type("TopicIAMMember"), *plan.of_type("SubscriptionIAMMember")]
    programs = {
        (
            grant.inputs["role"],
            grant.inputs["member"].partition("@")[0].rpartition("-")[2],
            (grant.inputs.get("topic") or grant.inputs["subscription"]).rpartition("/")[2],
        )
        for grant in grants
        if AGENT not in grant.inputs["member"]
    }
    assert programs == {("roles/pubsub.publisher", "application", "cache-invalidation"), worker}


def test_nobody_publishes_before_somebody_listens(plan: Plan) -> None:
    after = set(plan.named("invalidation-publisher-application").options["dependsOn"])
    assert {"invalidation-subscription", "invalidation-dead-letter-forwarder"} <= after


def test_the_bus_waits_for_no_other_store(plan: Plan) -> None:
    for each in plan.resources:
        if each.name.startswith("invalidation-"):
            assert not [name for name in each.options.get("dependsOn", []) if name.startswith("postgres")]


def test_pushed_events_are_signed_as_an_account_that_pubsub_may_use() -> None:
    plan = plan_of("dev", {"invalidation": PUSH})
    subscription = plan.named("invalidation-subscription")
    assert subscription.inputs["pushConfig"] == {
        "pushEndpoint": "https://invalidator.triptrip.jp/events",
        "oidcToken": {
            "serviceAccountEmail": "triptrip-dev-pusher@triptrip-dev.iam.gserviceaccount.com",
            "audience": "triptrip",
        },
    }
    signer = plan.named("invalidation-push-signer").inputs
    assert signer["role"] == "roles/iam.serviceAccountTokenCreator"
    assert signer["member"].endswith(AGENT)
    assert signer["serviceAccountId"].endswith("/triptrip-dev-pusher@triptrip-dev.iam.gserviceaccount.com")
    assert "invalidation-push-signer" in subscription.options["dependsOn"]
    assert "invalidation-subscriber-invalidator" not in {each.name for each in plan.resources}


@pytest.mark.parametrize(
    ("changes", "replaced"),
    [
        ({"ordered": True}, {"enableMessageOrdering"}),
        ({**PULL, "ackDeadline": "60 s", "exactlyOnce": True, "retention": "12 hours"}, set()),
        (PUSH, set()),
        (PULL, set()),
    ],
)
def test_what_a_change_would_replace(changes: dict[str, Any], replaced: set[str]) -> None:
    cloud = Cloud.open()
    before = plan_of("dev", {}, cloud).named("invalidation-subscription")
    after = plan_of("dev", {"invalidation": changes}).named("invalidation-subscription")
    difference = cloud.diff(before.type, before.inputs, after.inputs, {})
    assert difference.changes
    assert set(difference.replaces) == replaced


def test_a_new_field_is_a_new_revision_in_place_and_the_twenty_first_is_refused() -> None:
    cloud = Cloud.open()
    schema = plan_of("dev", {}, cloud).named("invalidation-schema")
    changed = schema.inputs["definition"].replace('"fields":[', '"fields":[{"name":"n","type":"int","default":0},', 1)
    difference = cloud.diff(schema.type, schema.inputs, {**schema.inputs, "definition": changed}, {})
    assert [change.text for change in difference.changes] == ["definition"]
    assert not difference.replaces


def test_a_plan_without_the_forwarding_grant_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.components.invalidation._PUBLISHER", "roles/pubsub.viewer")
    with pytest.raises(PlanError, match="may not publish to the dead letter topic"):
        plan_of("dev", {})


def test_the_inventory_names_what_a_client_needs(plan: Plan) -> None:
    record = next(each for each in plan.outputs["inventory"] if each["store"] == "invalidation")
    assert record["endpoints"]["service"] == "asia-northeast1-pubsub.googleapis.com:443"
    assert record["endpoints"]["topic"].endswith("/topics/cache-invalidation")
    assert record["encryptionKey"].endswith("/cryptoKeys/pubsub")
