"""Who publishes and reads events: single programs, each on its own topic or subscription."""

from collections.abc import Iterator

from policies.exposure.members import is_agent, is_own_account, is_own_address, member_path, members, project_of
from policies.kit import Case, Resource, Severity, must_be, rule, stated
from policies.kit.types import SUBSCRIPTION, SUBSCRIPTION_MEMBER, TOPIC_MEMBER

_PROGRAM = "serviceAccount:triptrip-prod-application@triptrip-prod.iam.gserviceaccount.com"
_AGENT = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
_PROVIDER = {"project": "triptrip-prod"}
_ROLES = {TOPIC_MEMBER: "roles/pubsub.publisher", SUBSCRIPTION_MEMBER: "roles/pubsub.subscriber"}


def _grant(type_: str, role: str | None, member: str = _PROGRAM) -> Case:
    return Case({"role": role, "member": member}, type_, provider=_PROVIDER)


@rule(
    "pub-members",
    title="Single programs publish to a topic and read a subscription, and do nothing else there",
    severity=Severity.HIGH,
    types=list(_ROLES),
    sources=["NIST 800-53: AC-6", "CKV_GCP_99", "CACHE-INV"],
    reason="whoever can publish empties the caches, whoever can subscribe takes events away from the worker",
    fix="name the programs in invalidation.publishers and invalidation.worker of the stack file",
    good=[
        _grant(TOPIC_MEMBER, "roles/pubsub.publisher"),
        _grant(SUBSCRIPTION_MEMBER, "roles/pubsub.subscriber"),
        _grant(SUBSCRIPTION_MEMBER, "roles/pubsub.subscriber", _AGENT),
    ],
    bad=[
        _grant(TOPIC_MEMBER, "roles/pubsub.publisher", "allUsers"),
        _grant(SUBSCRIPTION_MEMBER, "roles/pubsub.subscriber", "group:analysts@triptrip.jp"),
        _grant(TOPIC_MEMBER, "roles/pubsub.subscriber"),
        _grant(TOPIC_MEMBER, "roles/pubsub.admin"),
        _grant(SUBSCRIPTION_MEMBER, "roles/pubsub.editor"),
        _grant(SUBSCRIPTION_MEMBER, None),
    ],
)
def single_programs(grant: Resource) -> Iterator[str]:
    yield from must_be(grant, "role", _ROLES[grant.type])
    if not all(is_own_account(member, project_of(grant)) or is_agent(member) for member in members(grant)):
        yield stated(grant, member_path(grant), "a service account of this project")


def _push(endpoint: str, **token: object) -> Case:
    return Case({"pushConfig": {"pushEndpoint": endpoint, "oidcToken": token}}, provider=_PROVIDER)


@rule(
    "pub-push-signed",
    title="Events that are pushed are signed and sent over TLS",
    severity=Severity.HIGH,
    types=[SUBSCRIPTION],
    sources=["NIST 800-53: IA-2", "NIST 800-53: SC-8", "CACHE-INV"],
    reason="an endpoint that cannot tell Pub/Sub from a stranger lets anybody empty the caches",
    fix="set invalidation.push in the stack file: an https address and the account that signs",
    good=[
        Case({"topic": "t"}),
        _push("https://worker.triptrip.jp", serviceAccountEmail=_PROGRAM.partition(":")[2]),
    ],
    bad=[
        _push("http://worker.triptrip.jp", serviceAccountEmail=_PROGRAM.partition(":")[2]),
        _push("https://worker.triptrip.jp"),
        _push("https://worker.triptrip.jp", serviceAccountEmail="somebody@triptrip.jp"),
        Case({"pushConfig": {"pushEndpoint": "https://worker.triptrip.jp"}}),
    ],
)
def push_signed(subscription: Resource) -> Iterator[str]:
    if not subscription.has("pushConfig"):
        return
    push = subscription.node("pushConfig")
    if not push.text("pushEndpoint").startswith("https://"):
        yield stated(push, "pushEndpoint", "an https address")
    if not is_own_address(push.text("oidcToken.serviceAccountEmail"), project_of(subscription)):
        yield stated(push, "oidcToken.serviceAccountEmail", "a service account of this project")
