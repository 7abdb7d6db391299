"""Where data may be: in the regions that are allowed, under the name that each cloud gives them."""

import re
from collections.abc import Iterator, Sequence

from policies.kit import Case, Parameter, Resource, Severity, Undecided, leaves, rule
from policies.kit.types import (
    ATLAS_CLUSTER,
    BIGQUERY_CONNECTION,
    BUCKET,
    CERTIFICATE,
    CERTIFICATE_ENTRY,
    CERTIFICATE_MAP,
    DATA_TRANSFER,
    DATASET,
    DOMAIN_PROOF,
    ELASTIC_DEPLOYMENT,
    HEALTH_CHECK,
    KEY_RING,
    REDIS,
    REGION_GROUP,
    RUN_JOB,
    RUN_SERVICE,
    SECRET,
    SQL_INSTANCE,
    SUBNETWORK,
    TIMESCALE_SERVICE,
    TOPIC,
    VALKEY,
)
from policies.resilience.reading import is_unknown

_PARTNER_NAMES = {
    "asia-northeast1": ("NORTHEASTERN_ASIA_PACIFIC", "gcp-asia-northeast1", "ap-northeast-1"),
    "asia-northeast2": ("ASIA_NORTHEAST_2", "gcp-asia-northeast2", "ap-northeast-3"),
}
"""What MongoDB Atlas, Elastic Cloud and Timescale (on AWS, in the same city) call a region."""

_NAMES_A_PLACE = frozenset(
    {
        "allowedPersistenceRegions",
        "alternativeLocationId",
        "destinationRegion",
        "distributionPolicyZones",
        "location",
        "locationId",
        "region",
        "regionCode",
        "regionName",
        "secondaryZone",
        "zone",
    }
)

_HOLDS_A_PLACE = frozenset(
    {
        "backupConfiguration",
        "locationPreference",
        "messageStoragePolicy",
        "regionConfigs",
        "replicas",
        "replication",
        "replicationSpecs",
        "settings",
        "userManaged",
    }
)
"""Objects and lists with a place inside."""

_WITHOUT_A_PLACE = (
    CERTIFICATE,
    CERTIFICATE_MAP,
    CERTIFICATE_ENTRY,
    DOMAIN_PROOF,
)
"""Types that may be `global`: they hold no data, and a global load balancer needs them there."""

_MUST_STATE = {
    ATLAS_CLUSTER: "replicationSpecs",
    BIGQUERY_CONNECTION: "location",
    BUCKET: "location",
    DATASET: "location",
    DATA_TRANSFER: "location",
    ELASTIC_DEPLOYMENT: "region",
    KEY_RING: "location",
    REDIS: "region",
    RUN_JOB: "location",
    RUN_SERVICE: "location",
    SECRET: "replication.userManaged.replicas",
    SQL_INSTANCE: "region",
    SUBNETWORK: "region",
    TIMESCALE_SERVICE: "regionCode",
    TOPIC: "messageStoragePolicy.allowedPersistenceRegions",
    VALKEY: "location",
}
"""Types that the cloud puts anywhere, most often into the United States, when nothing is stated."""

_ZONE = re.compile(r"-[a-z]$")


@rule(
    "region-allowed",
    title="Data stays in the allowed regions",
    severity=Severity.HIGH,
    sources=["NIST 800-53: CP-6", "NIST 800-53: AC-4", "CON-GCP"],
    reason="data in another country falls under its law, and every query crosses the sea",
    fix="set project.region and project.disasterRecoveryRegion in the stack file",
    parameters={"regions": Parameter(tuple(_PARTNER_NAMES), "Google Cloud regions that are allowed")},
    good=[
        Case({"location": "asia-northeast1"}, type=DATASET),
        Case(
            {"region": "asia-northeast2", "settings": {"locationPreference": {"zone": "asia-northeast2-b"}}},
            SQL_INSTANCE,
        ),
        Case({"replicationSpecs": [{"regionConfigs": [{"regionName": "NORTHEASTERN_ASIA_PACIFIC"}]}]}, ATLAS_CLUSTER),
        Case({"regionCode": "ap-northeast-1"}, TIMESCALE_SERVICE),
        Case({"region": "gcp-asia-northeast1"}, ELASTIC_DEPLOYMENT),
        Case({"location": "global"}, _WITHOUT_A_PLACE[0]),
        Case({"name": "group"}, HEALTH_CHECK),
        Case({"distributionPolicyZones": ["asia-northeast1-a", "asia-northeast1-b"]}, REGION_GROUP),
    ],
    bad=[
        Case({}, type=DATASET),
        Case({"location": "US"}, type=DATASET),
        Case({"location": "ASIA"}, type=BUCKET),
        Case({"location": "global"}, type=KEY_RING),
        Case({"replication": {"auto": {}}}, type=SECRET),
        Case({"messageStoragePolicy": {"allowedPersistenceRegions": ["asia-northeast1", "us-east1"]}}, type=TOPIC),
        Case({"messageStoragePolicy": {"allowedPersistenceRegions": []}}, type=TOPIC),
        Case({"region": "asia-northeast1", "settings": {"backupConfiguration": {"location": "us"}}}, type=SQL_INSTANCE),
        Case({"replicationSpecs": [{"regionConfigs": [{"regionName": "US_EAST_4"}]}]}, type=ATLAS_CLUSTER),
        Case({"replicationSpecs": []}, type=ATLAS_CLUSTER),
        Case({"regionCode": "us-east-1"}, type=TIMESCALE_SERVICE),
        Case({"region": "gcp-us-central1"}, type=ELASTIC_DEPLOYMENT),
        Case({"region": ""}, type=REDIS),
        Case({"location": "us-central1"}, type=RUN_JOB),
        Case({"distributionPolicyZones": ["asia-northeast1-a", "us-east1-b"]}, REGION_GROUP),
    ],
)
def region_allowed(resource: Resource, regions: Sequence[str]) -> Iterator[str]:
    allowed = {name for region in regions for name in (region, *_PARTNER_NAMES.get(region, ()))}
    if resource.type in _WITHOUT_A_PLACE:
        allowed.add("global")
    if (stated := _MUST_STATE.get(resource.type)) and not resource.has(stated):
        yield f"{stated} is not set; the cloud would choose"
    waiting = ""
    for names, value in leaves(dict(resource.values)):
        path, name = ".".join(names), names[-1]
        if is_unknown(value) and (name in _NAMES_A_PLACE or name in _HOLDS_A_PLACE):
            waiting = waiting or path
        elif name in _NAMES_A_PLACE and isinstance(value, str) and value and _region(value) not in allowed:
            yield f"{path} is {value}; allowed are {', '.join(regions)}"
    if waiting:
        raise Undecided(waiting)


def _region(place: str) -> str:
    """The region of a region, a zone, or an address that ends in one."""
    return _ZONE.sub("", place.rpartition("/")[2])
