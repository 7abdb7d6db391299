"""Where a store's key is: in the store's own region."""

from collections.abc import Iterator

from policies.encryption.key_examples import ABROAD_NAME, HERE, KEY_NAME
from policies.encryption.keys import USERS, Use, keys_of, place_of_key, places_of, uses
from policies.kit import Case, Resource, Severity, Stack, Undecided, rule
from policies.kit.postgres import is_primary
from policies.kit.references import declared
from policies.kit.types import (
    ATLAS_ENCRYPTION,
    BIGQUERY_CONNECTION,
    BUCKET,
    DATA_TRANSFER,
    DATASET,
    MACHINE,
    REDIS,
    REDIS_CLUSTER,
    REGION_INSTANCE_TEMPLATE,
    REGIONAL_SECRET,
    RUN_JOB,
    RUN_SERVICE,
    SECRET,
    SQL_INSTANCE,
    TABLE,
    TOPIC,
    VALKEY,
)
from policies.kit.waiting import about_each

_About = Iterator[tuple[Resource | None, str]]


def _secret(key: str, location: str = HERE) -> dict[str, object]:
    replica = {"location": location, "customerManagedEncryption": {"kmsKeyName": key}}
    return {"replication": {"userManaged": {"replicas": [replica]}}}


def _disk(key: str) -> dict[str, object]:
    return {"disks": [{"diskEncryptionKey": {"kmsKeySelfLink": key}}]}


def _misplaced(stack: Stack, use: Use) -> Iterator[tuple[Resource, str]]:
    """What is wrong with the place of a key that is set; raises Undecided when it may be right or wrong."""
    if not use.is_set:
        return
    wanted = places_of(stack, use)
    found = _places_of_keys(stack, use)
    if not found:
        yield use.user, f"{use.where} is {use.node.shown(use.path)}; it must be the whole name of a key"
    elif all({place} != wanted for place in found):
        places = " and ".join(sorted(wanted)) or "a place that is not stated"
        yield use.user, f"{use.where} is a key in {' or '.join(sorted(found))}; the data is in {places}"
    elif len(found) > 1:
        raise Undecided(use.where)


def _places_of_keys(stack: Stack, use: Use) -> set[str]:
    if use.node.known(use.path):
        return {use.name.place} if use.name else set()
    return {place_of_key(stack, key) for key in keys_of(stack, use)}


@rule(
    "sql-cmek-region",
    title="Cloud SQL's key is in the instance's own region, a replica's too",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: SC-12", "NIST 800-53: SC-28", "PG-PHASE-4"],
    reason="Cloud SQL takes no key from elsewhere, and an instance whose key's region is down stops with it",
    fix="use the key of the instance's region; a replica in another region than its primary names its own",
    good=[
        Case(stack={"a": (SQL_INSTANCE, {"region": HERE, "encryptionKeyName": KEY_NAME})}),
        Case(
            stack={
                "a": (SQL_INSTANCE, {"name": "a", "region": HERE, "encryptionKeyName": KEY_NAME}),
                "b": (SQL_INSTANCE, {"name": "b", "region": HERE, "masterInstanceName": "a"}),
            }
        ),
        Case(
            stack={
                "a": (SQL_INSTANCE, {"name": "a", "region": "us-central1", "encryptionKeyName": ABROAD_NAME}),
                "b": (SQL_INSTANCE, {"region": HERE, "masterInstanceName": "a", "encryptionKeyName": KEY_NAME}),
            }
        ),
    ],
    bad=[
        Case(stack={"a": (SQL_INSTANCE, {"region": HERE, "encryptionKeyName": ABROAD_NAME})}),
        Case(stack={"a": (SQL_INSTANCE, {"region": HERE, "encryptionKeyName": "store"})}),
        Case(stack={"a": (SQL_INSTANCE, {"encryptionKeyName": KEY_NAME})}),
        Case(
            stack={
                "a": (SQL_INSTANCE, {"name": "a", "region": HERE, "encryptionKeyName": KEY_NAME}),
                "b": (SQL_INSTANCE, {"name": "b", "region": "us-central1", "masterInstanceName": "a"}),
            }
        ),
        Case(stack={"b": (SQL_INSTANCE, {"region": HERE, "masterInstanceName": "a"})}),
    ],
)
def cmek_region_of_postgres(stack: Stack) -> _About:
    def check(instance: Resource) -> Iterator[tuple[Resource, str]]:
        if is_primary(instance) or instance.has("encryptionKeyName"):
            yield from about_each(uses(instance), lambda use: _misplaced(stack, use))
        else:
            yield from _inherits(stack, instance)

    yield from about_each(stack.of(SQL_INSTANCE), check)


def _inherits(stack: Stack, replica: Resource) -> Iterator[tuple[Resource, str]]:
    """A replica without a key has its primary's, which Cloud SQL hands on within a region only."""
    primaries = declared(stack, replica, "masterInstanceName", SQL_INSTANCE)
    if not primaries:
        yield replica, "encryptionKeyName is not set, and the primary whose key it would have is not in this stack"
    for primary in primaries:
        if primary.text("region") != replica.text("region"):
            yield replica, f"encryptionKeyName is not set; the primary's key is in {primary.shown('region')}"


@rule(
    "cmek-region",
    title="The key of a store is in the store's own region",
    severity=Severity.HIGH,
    types=[each for each in USERS if each not in (SQL_INSTANCE, ATLAS_ENCRYPTION)],
    sources=["NIST 800-53: SC-12", "NIST 800-53: SC-28"],
    reason="a store stops with the region of its key, and most services refuse a key from elsewhere",
    fix="use the key of the store's region, from the ring of that region",
    good=[
        Case(stack={"a": (REDIS, {"region": HERE, "customerManagedKey": KEY_NAME})}),
        Case(stack={"a": (VALKEY, {"location": HERE, "kmsKey": KEY_NAME})}),
        Case(
            stack={
                "a": (DATASET, {"datasetId": "raw", "location": HERE}),
                "b": (TABLE, {"datasetId": "raw", "encryptionConfiguration": {"kmsKeyName": KEY_NAME}}),
            }
        ),
        Case(stack={"a": (BUCKET, {"location": "ASIA-NORTHEAST1", "encryption": {"defaultKmsKeyName": KEY_NAME}})}),
        Case(stack={"a": (SECRET, _secret(KEY_NAME))}),
        Case(
            stack={
                "a": (
                    TOPIC,
                    {"kmsKeyName": KEY_NAME, "messageStoragePolicy": {"allowedPersistenceRegions": [HERE]}},
                )
            }
        ),
        Case(stack={"a": (REDIS, {"region": HERE})}),
        Case(stack={"a": (REGION_INSTANCE_TEMPLATE, {"region": HERE, **_disk(KEY_NAME)})}),
        Case(stack={"a": (MACHINE, {"zone": f"{HERE}-a", "bootDisk": {"kmsKeySelfLink": KEY_NAME}})}),
        Case(stack={"a": (RUN_JOB, {"location": HERE, "template": {"template": {"encryptionKey": KEY_NAME}}})}),
    ],
    bad=[
        Case(stack={"a": (REDIS, {"region": HERE, "customerManagedKey": ABROAD_NAME})}),
        Case(stack={"a": (REDIS, {"customerManagedKey": KEY_NAME})}),
        Case(stack={"a": (REDIS_CLUSTER, {"region": HERE, "kmsKey": ABROAD_NAME})}),
        Case(stack={"a": (VALKEY, {"location": HERE, "kmsKey": ABROAD_NAME})}),
        Case(
            stack={
                "a": (DATASET, {"location": "EU", "defaultEncryptionConfiguration": {"kmsKeyName": KEY_NAME}}),
            }
        ),
        Case(
            stack={
                "a": (DATASET, {"datasetId": "raw", "location": HERE}),
                "b": (TABLE, {"datasetId": "raw", "encryptionConfiguration": {"kmsKeyName": ABROAD_NAME}}),
            }
        ),
        Case(stack={"a": (BIGQUERY_CONNECTION, {"location": HERE, "kmsKeyName": ABROAD_NAME})}),
        Case(
            stack={
                "a": (DATA_TRANSFER, {"location": HERE, "encryptionConfiguration": {"kmsKeyName": ABROAD_NAME}}),
            }
        ),
        Case(stack={"a": (BUCKET, {"location": "ASIA", "encryption": {"defaultKmsKeyName": KEY_NAME}})}),
        Case(stack={"a": (SECRET, _secret(ABROAD_NAME))}),
        Case(
            stack={
                "a": (SECRET, {"replication": {"auto": {"customerManagedEncryption": {"kmsKeyName": KEY_NAME}}}}),
            }
        ),
        Case(
            stack={
                "a": (
                    REGIONAL_SECRET,
                    {"location": HERE, "customerManagedEncryption": {"kmsKeyName": ABROAD_NAME}},
                )
            }
        ),
        Case(
            stack={
                "a": (
                    TOPIC,
                    {
                        "kmsKeyName": KEY_NAME,
                        "messageStoragePolicy": {"allowedPersistenceRegions": [HERE, "us-central1"]},
                    },
                )
            }
        ),
        Case(stack={"a": (TOPIC, {"kmsKeyName": KEY_NAME})}),
        Case(stack={"a": (REGION_INSTANCE_TEMPLATE, {"region": HERE, **_disk(ABROAD_NAME)})}),
        Case(stack={"a": (REGION_INSTANCE_TEMPLATE, _disk(KEY_NAME))}),
        Case(stack={"a": (MACHINE, {"zone": f"{HERE}-a", "bootDisk": {"kmsKeySelfLink": ABROAD_NAME}})}),
        Case(stack={"a": (RUN_JOB, {"location": HERE, "template": {"template": {"encryptionKey": ABROAD_NAME}}})}),
        Case(stack={"a": (RUN_SERVICE, {"location": HERE, "template": {"encryptionKey": ABROAD_NAME}})}),
    ],
)
def cmek_region(stack: Stack) -> _About:
    kinds = [each for each in USERS if each not in (SQL_INSTANCE, ATLAS_ENCRYPTION)]
    yield from about_each(stack.of(*kinds), lambda user: about_each(uses(user), lambda use: _misplaced(stack, use)))
