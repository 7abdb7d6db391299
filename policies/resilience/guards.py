"""Guards against deletion that every store shares: Pulumi's own, and the provider's deletionPolicy."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from policies.kit import Case, Parameter, Resource, Severity, must_be, rule
from policies.kit.types import (
    ADDRESS,
    ALERT_POLICY,
    ATLAS_ALERT,
    ATLAS_AUDITING,
    BUCKET,
    BUCKET_MEMBER,
    DASHBOARD,
    DATASET,
    DNS_ZONE,
    ELASTIC_DEPLOYMENT,
    FIREWALL,
    FORWARDING_RULE,
    GENERATED_PASSWORD,
    GRAFANA_DASHBOARD,
    GRAFANA_FOLDER,
    GRAFANA_SOURCE,
    HEALTH_CHECK,
    KEY,
    KEY_MEMBER,
    LOG_METRIC,
    NETWORK,
    OBJECTIVE,
    OBJECTIVE_SERVICE,
    PROJECT_MEMBER,
    REDIS,
    REGION_HEALTH_CHECK,
    REGION_INSTANCE_TEMPLATE,
    SCHEMA,
    SECRET,
    SECRET_VERSION,
    SERVICE_ACCOUNT_KEY,
    SQL_INSTANCE,
    SUBSCRIPTION,
    TIMESCALE_SERVICE,
    TOPIC,
)

_MADE_ANEW = (
    SECRET_VERSION,
    # An alert goes with what it watches, as in a failover; st-alert-coverage asks for those that must be there.
    ALERT_POLICY,
    LOG_METRIC,
    OBJECTIVE,
    OBJECTIVE_SERVICE,
    DASHBOARD,
    "gcp:compute/globalNetworkEndpointGroup:GlobalNetworkEndpointGroup",
    GRAFANA_DASHBOARD,
    GRAFANA_FOLDER,
    GRAFANA_SOURCE,
    HEALTH_CHECK,
    "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup",
    PROJECT_MEMBER,
    REGION_HEALTH_CHECK,
    REGION_INSTANCE_TEMPLATE,
    SERVICE_ACCOUNT_KEY,
    GENERATED_PASSWORD,
)
_SECOND_REGION = (
    ADDRESS,
    FORWARDING_RULE,
    "gcp:compute/regionBackendService:RegionBackendService",
    "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager",
)
"""The machines of a tier and what stands before them."""


@cache
def _held() -> Mapping[str, str]:
    """Types that no change may lose, each with what is lost with it."""
    from infra import catalog  # noqa: PLC0415 # a pack starts without the catalogue

    return {**catalog.guardian_types(), **catalog.stateful_types()}


@rule(
    "protect",
    title="Pulumi refuses to delete or replace what holds data or keeps it reachable",
    severity=Severity.HIGH,
    sources=["NIST 800-53: CP-9", "NIST 800-53: CM-6"],
    reason="a change that replaces a store deletes it first; only Pulumi's own protection stops that for every type",
    fix="set project.deletionGuards: true in the stack file; do not take protect away in a component",
    good=[
        Case(type=SQL_INSTANCE, protect=True),
        Case(type=SECRET_VERSION),
        Case(type=KEY_MEMBER, protect=True),
    ],
    bad=[
        Case(type=SQL_INSTANCE),
        Case(type=NETWORK),
        Case(type=SECRET),
        Case(type=REDIS),
        Case(type=ELASTIC_DEPLOYMENT),
        Case(type=TIMESCALE_SERVICE),
        Case(type=DNS_ZONE),
        Case(type=ATLAS_AUDITING),
    ],
)
def protect(resource: Resource) -> Iterator[str]:
    held = _held().get(resource.type)
    if held and not resource.protect:
        yield f"protect is not set; it holds {held}"


_PROVIDER = {"project": "triptrip-prod", "region": "asia-northeast1"}


def _in_front(region: str | None) -> Case:
    return Case({"name": "triptrip-prod-pg-write", "region": region}, type=FORWARDING_RULE, provider=_PROVIDER)


def _writing(address: str | None) -> Case:
    member = f"serviceAccount:{address}" if address else None
    return Case({"bucket": "p-1-backups", "member": member}, type=BUCKET_MEMBER, provider=_PROVIDER)


@rule(
    "protect-rest",
    title="Pulumi refuses to delete anything that is not made anew on purpose",
    severity=Severity.MEDIUM,
    sources=["NIST 800-53: CM-6"],
    reason="a grant or a rule that disappears with a mistyped setting is missed by nobody until it is needed",
    fix="set project.deletionGuards: true in the stack file; a type that is made anew on purpose belongs to made_anew",
    parameters={
        "made_anew": Parameter(_MADE_ANEW, "Types that may be deleted and made anew"),
        "second_region": Parameter(
            _SECOND_REGION,
            "Types that go with the last instance in a region, where that is another one than the provider's",
        ),
    },
    good=[
        Case(type=FIREWALL, protect=True),
        Case(type=SECRET_VERSION),
        Case(type=REGION_INSTANCE_TEMPLATE),
        Case(type=ALERT_POLICY),
        _in_front("asia-northeast2"),
        _writing("p1a2b-c3d4@gcp-sa-cloud-sql.iam.gserviceaccount.com"),
        _writing("mongodb-atlas-1a2b@p-3c4d.iam.gserviceaccount.com"),
    ],
    bad=[
        Case(type=FIREWALL),
        Case(type=ATLAS_ALERT),
        _in_front("asia-northeast1"),
        _in_front(None),
        Case({"region": "asia-northeast2"}, type=FIREWALL, provider=_PROVIDER),
        _writing("export-pg-triptrip-prod@triptrip-prod.iam.gserviceaccount.com"),
        _writing(None),
    ],
)
def protect_rest(resource: Resource, made_anew: Sequence[str], second_region: Sequence[str]) -> Iterator[str]:
    if resource.protect or resource.type in made_anew or resource.type in _held():
        return
    if not (_is_elsewhere(resource, second_region) or _lets_a_store_write(resource)):
        yield "protect is not set"


def _is_elsewhere(resource: Resource, second_region: Sequence[str]) -> bool:
    """Whether it serves another region than the platform's own, and goes with what it serves there."""
    home = resource.provider.text("region")
    return resource.type in second_region and resource.text("region") not in ("", home) and home != ""


def _lets_a_store_write(resource: Resource) -> bool:
    """Whether it lets a store's own identity into a bucket: the next store's is another one."""
    own = f"@{resource.provider.text('project')}.iam.gserviceaccount.com"
    member = resource.text("member") if resource.type == BUCKET_MEMBER else ""
    return member.startswith("serviceAccount:") and not member.endswith(own)


_KEPT = ("PREVENT", "ABANDON")


@rule(
    "deletion-policy",
    title="The provider refuses to delete what holds data",
    severity=Severity.HIGH,
    types=[BUCKET, DATASET, KEY, SCHEMA, SUBSCRIPTION, TOPIC],
    sources=["NIST 800-53: CP-9", "CKV_GCP_82"],
    reason="once Pulumi's protection is taken away by mistake, the provider's is what still stands",
    fix="set deletionPolicy to PREVENT",
    good=[Case({"deletionPolicy": "PREVENT"}, type=KEY), Case({"deletionPolicy": "ABANDON"}, type=BUCKET)],
    bad=[
        Case({"deletionPolicy": "DELETE"}, type=KEY),
        Case({}, type=DATASET),
        Case({}, type=TOPIC),
        Case({}, type=BUCKET),
    ],
)
def deletion_policy(resource: Resource) -> Iterator[str]:
    yield from must_be(resource, "deletionPolicy", *_KEPT)


@rule(
    "gcs-delete-guard",
    title="A bucket never takes its objects with it",
    severity=Severity.HIGH,
    types=[BUCKET],
    sources=["NIST 800-53: CP-9"],
    reason="with forceDestroy every snapshot in the bucket is deleted before the bucket is",
    fix="set forceDestroy to false",
    good=[Case({"forceDestroy": False}), Case({})],
    bad=[Case({"forceDestroy": True})],
)
def bucket_guard(bucket: Resource) -> Iterator[str]:
    yield from must_be(bucket, "forceDestroy", False, None)


@rule(
    "sec-version-kept",
    title="The version of a secret that a new one replaces can still be read by an operator",
    severity=Severity.MEDIUM,
    types=[SECRET_VERSION],
    sources=["NIST 800-53: CP-9", "NIST 800-53: IA-5"],
    reason="a rotation replaces the version: destroyed at once, the old password is gone while programs still use it",
    fix="set deletionPolicy to DISABLE",
    good=[Case({"deletionPolicy": "DISABLE"}), Case({"deletionPolicy": "ABANDON"})],
    bad=[Case({"deletionPolicy": "DELETE"}), Case({}), Case({"deletionPolicy": "DISABLE", "enabled": False})],
)
def secret_version_kept(version: Resource) -> Iterator[str]:
    yield from must_be(version, "deletionPolicy", "DISABLE", "ABANDON")
    yield from must_be(version, "enabled", True, None)


@rule(
    "dns-delete-guard",
    title="A zone never takes its records with it",
    severity=Severity.MEDIUM,
    types=[DNS_ZONE],
    sources=["NIST 800-53: CP-10"],
    reason="with forceDestroy the names that every program connects to are deleted before the zone is",
    fix="set forceDestroy to false",
    good=[Case({"forceDestroy": False}), Case({})],
    bad=[Case({"forceDestroy": True})],
)
def zone_guard(zone: Resource) -> Iterator[str]:
    yield from must_be(zone, "forceDestroy", False, None)
