"""Which key a store uses: one that this stack declares, with one ready in the second region."""

from collections.abc import Iterator

from policies.encryption.key_examples import ABROAD, HERE, KEY_NAME, RING, STORE_KEY
from policies.encryption.keys import USERS, Use, keys_of, place_of_key, ring_is_declared, uses
from policies.kit import Case, Resource, Severity, Stack, rule
from policies.kit.postgres import is_primary
from policies.kit.types import (
    ATLAS_ENCRYPTION,
    KEY,
    KEY_RING,
    REDIS,
    REGION_INSTANCE_TEMPLATE,
    SQL_INSTANCE,
    SUBNETWORK,
)
from policies.kit.waiting import about_each

_About = Iterator[tuple[Resource | None, str]]


@rule(
    "kms-declared",
    title="Every key that a store uses is declared in this stack, and so is its ring",
    severity=Severity.HIGH,
    types=[*USERS, KEY, KEY_RING],
    sources=["NIST 800-53: SC-12"],
    reason="a key that nobody declares here is rotated, guarded and granted by nobody",
    fix="take the key from the Encryption component; infra/catalog/encryption_keys.yaml lists them",
    good=[
        Case(
            stack={
                "ring": (KEY_RING, {"location": HERE, "name": "data"}),
                "key": (KEY, {"keyRing": RING, "name": "store"}),
                "a": (REDIS, {"customerManagedKey": KEY_NAME}),
            }
        ),
        Case(stack={"a": (REDIS, {})}),
    ],
    bad=[
        Case(stack={"a": (REDIS, {"customerManagedKey": KEY_NAME})}),
        Case(
            stack={
                "a": (REGION_INSTANCE_TEMPLATE, {"disks": [{"diskEncryptionKey": {"kmsKeySelfLink": KEY_NAME}}]}),
            }
        ),
        Case(
            stack={
                "ring": (KEY_RING, {"location": HERE, "name": "data"}),
                "key": (KEY, {"keyRing": RING, "name": "other"}),
                "a": (SQL_INSTANCE, {"encryptionKeyName": KEY_NAME}),
            }
        ),
        Case(
            stack={
                "a": (
                    ATLAS_ENCRYPTION,
                    {"googleCloudKmsConfig": {"keyVersionResourceId": f"{KEY_NAME}/cryptoKeyVersions/1"}},
                )
            }
        ),
        Case(stack={"key": (KEY, {"keyRing": RING, "name": "store"})}),
    ],
)
def key_declared(stack: Stack) -> _About:
    def check_use(use: Use) -> Iterator[tuple[Resource, str]]:
        if use.is_set and not keys_of(stack, use):
            yield use.user, f"{use.where} is {use.node.shown(use.path)}; no key of this stack has that name"

    def check_key(key: Resource) -> Iterator[tuple[Resource, str]]:
        if not ring_is_declared(stack, key):
            yield key, f"keyRing is {key.shown('keyRing')}; no ring of this stack has that name"

    yield from about_each(
        (*stack.of(*USERS), *stack.of(KEY)),
        lambda each: check_key(each) if each.type == KEY else about_each(uses(each), check_use),
    )


@rule(
    "kms-second-region",
    title="A region that is ready for recovery has the database's key",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE, SUBNETWORK, KEY],
    sources=["NIST 800-53: CP-6", "NIST 800-53: SC-12", "PG-PHASE-4", "REC-REGION"],
    reason="on the day the region is lost, a replica or a restored backup elsewhere needs a key that is there already",
    fix="keep regions: both in the row of postgres in infra/catalog/encryption_keys.yaml",
    good=[
        Case(
            stack={
                "a": (SQL_INSTANCE, {"region": HERE, "encryptionKeyName": KEY_NAME}),
                "key": STORE_KEY,
                "away-key": (KEY, {"keyRing": ABROAD, "name": "store"}),
                "net": (SUBNETWORK, {"region": HERE}),
                "away": (SUBNETWORK, {"region": "us-central1"}),
            }
        ),
        Case(
            stack={
                "a": (SQL_INSTANCE, {"region": HERE, "encryptionKeyName": KEY_NAME}),
                "key": STORE_KEY,
                "net": (SUBNETWORK, {"region": HERE}),
            }
        ),
    ],
    bad=[
        Case(
            stack={
                "a": (SQL_INSTANCE, {"region": HERE, "encryptionKeyName": KEY_NAME}),
                "key": STORE_KEY,
                "away": (SUBNETWORK, {"region": "us-central1"}),
            }
        ),
        Case(
            stack={
                "a": (SQL_INSTANCE, {"region": HERE, "encryptionKeyName": KEY_NAME}),
                "key": STORE_KEY,
                "away-key": (KEY, {"keyRing": ABROAD, "name": "other"}),
                "away": (SUBNETWORK, {"region": "us-central1"}),
            }
        ),
    ],
)
def second_region(stack: Stack) -> _About:
    def check(instance: Resource) -> Iterator[tuple[Resource, str]]:
        if not is_primary(instance) or not instance.has("encryptionKeyName"):
            return
        names = {key.text("name") for use in uses(instance) for key in keys_of(stack, use)}
        ready = {place_of_key(stack, key) for key in stack.of(KEY) if key.text("name") in names}
        regions = {subnet.text("region") for subnet in stack.of(SUBNETWORK)}
        for region in sorted(regions - ready - {""}):
            yield instance, f"{region} has a subnet and no key {' or '.join(sorted(names))}"

    yield from about_each(stack.of(SQL_INSTANCE), check)
