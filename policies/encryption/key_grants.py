"""Who may use a store's key: the store's own service, which can read nothing without it."""

import re
from collections.abc import Iterator

from policies.encryption.key_examples import ABROAD_NAME, KEY_NAME, STORE_KEY
from policies.encryption.keys import USERS, Use, grants_on, grants_to, keys_of, uses
from policies.kit import Case, Resource, Severity, Stack, rule
from policies.kit.types import (
    ATLAS_ENCRYPTION,
    BIGQUERY_CONNECTION,
    BUCKET,
    DATA_TRANSFER,
    DATASET,
    INSTANCE_TEMPLATE,
    KEY,
    KEY_MEMBER,
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
from policies.kit.waiting import about_each, some_of

_ENCRYPT = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
_VIEW = "roles/cloudkms.viewer"

_About = Iterator[tuple[Resource | None, str]]

_AGENTS = {
    SQL_INSTANCE: r"@gcp-sa-cloud-sql\.",
    REDIS: r"@cloud-redis\.",
    REDIS_CLUSTER: r"@cloud-redis\.",
    VALKEY: r"@gcp-sa-memorystore\.",
    DATASET: r"@bigquery-encryption\.",
    TABLE: r"@bigquery-encryption\.",
    DATA_TRANSFER: r"@bigquery-encryption\.",
    BIGQUERY_CONNECTION: r"@gcp-sa-bigqueryconnection\.",
    BUCKET: r"@gs-project-accounts\.",
    SECRET: r"@gcp-sa-secretmanager\.",
    REGIONAL_SECRET: r"@gcp-sa-secretmanager\.",
    TOPIC: r"@gcp-sa-pubsub\.",
    ATLAS_ENCRYPTION: r":mongodb-atlas-",
    RUN_JOB: r"@serverless-robot-prod\.",
    RUN_SERVICE: r"@serverless-robot-prod\.",
    MACHINE: r"@compute-system\.",
    INSTANCE_TEMPLATE: r"@compute-system\.",
    REGION_INSTANCE_TEMPLATE: r"@compute-system\.",
}
"""Who encrypts for a type: what is found in the name of the service's own account."""

_ROLES = {ATLAS_ENCRYPTION: (_ENCRYPT, _VIEW)}
"""What a type's service needs on the key, where that is more than to encrypt with it."""


def _grant(member: str, key: str = KEY_NAME, role: str = _ENCRYPT) -> tuple[str, dict[str, object]]:
    account = f"serviceAccount:{member}.iam.gserviceaccount.com"
    return (KEY_MEMBER, {"cryptoKeyId": key, "role": role, "member": account})


_MACHINES = (REGION_INSTANCE_TEMPLATE, {"disks": [{"diskEncryptionKey": {"kmsKeySelfLink": KEY_NAME}}]})
_JOB = (RUN_JOB, {"template": {"template": {"encryptionKey": KEY_NAME}}})
_ATLAS = (ATLAS_ENCRYPTION, {"googleCloudKmsConfig": {"keyVersionResourceId": f"{KEY_NAME}/cryptoKeyVersions/1"}})


@rule(
    "kms-granted",
    title="Every key is granted to the service of each store that uses it",
    severity=Severity.HIGH,
    types=[*USERS, KEY, KEY_MEMBER],
    sources=["NIST 800-53: SC-12", "NIST 800-53: SC-28"],
    reason="without the grant the service can read nothing that it stored: every backup is as unreadable as the store",
    fix="keep the agent of the key's row in infra/catalog/encryption_keys.yaml",
    good=[
        Case(
            stack={
                "key": STORE_KEY,
                "a": (SQL_INSTANCE, {"encryptionKeyName": KEY_NAME}),
                "b": _grant("service-1@gcp-sa-cloud-sql"),
            }
        ),
        Case(
            stack={
                "key": STORE_KEY,
                "a": _ATLAS,
                "b": _grant("mongodb-atlas-1@p"),
                "c": _grant("mongodb-atlas-1@p", role=_VIEW),
            }
        ),
        Case(stack={"key": STORE_KEY, "a": _MACHINES, "b": _grant("service-1@compute-system")}),
        Case(stack={"key": STORE_KEY, "a": _JOB, "b": _grant("service-1@serverless-robot-prod")}),
    ],
    bad=[
        Case(stack={"key": STORE_KEY, "a": (SQL_INSTANCE, {"encryptionKeyName": KEY_NAME})}),
        Case(stack={"key": STORE_KEY}),
        Case(stack={"key": STORE_KEY, "a": _MACHINES, "b": _grant("service-1@gcp-sa-cloud-sql")}),
        Case(stack={"key": STORE_KEY, "a": _JOB, "b": _grant("service-1@compute-system")}),
        Case(
            stack={
                "key": STORE_KEY,
                "a": (SQL_INSTANCE, {"encryptionKeyName": KEY_NAME}),
                "b": _grant("service-1@cloud-redis"),
            }
        ),
        Case(
            stack={
                "key": STORE_KEY,
                "a": (SQL_INSTANCE, {"encryptionKeyName": KEY_NAME}),
                "b": _grant("service-1@gcp-sa-cloud-sql", key=ABROAD_NAME),
            }
        ),
        Case(stack={"key": STORE_KEY, "a": _ATLAS, "b": _grant("mongodb-atlas-1@p")}),
        Case(stack={"key": STORE_KEY, "a": _ATLAS, "b": _grant("mongodb-atlas-1@p", role=_VIEW)}),
    ],
)
def granted(stack: Stack) -> _About:
    def check_use(use: Use) -> Iterator[tuple[Resource, str]]:
        if use.is_set and use.user.type in _AGENTS:
            yield from about_each(keys_of(stack, use), lambda key: _ungranted(stack, use, key))

    def check_key(key: Resource) -> Iterator[tuple[Resource, str]]:
        if not some_of(grants_on(stack, key), lambda grant: grant.text("role") == _ENCRYPT):
            yield key, "no grant lets anybody encrypt with the key"

    yield from about_each(
        (*stack.of(*USERS), *stack.of(KEY)),
        lambda each: check_key(each) if each.type == KEY else about_each(uses(each), check_use),
    )


def _ungranted(stack: Stack, use: Use, key: Resource) -> Iterator[tuple[Resource, str]]:
    agent = re.compile(_AGENTS[use.user.type])
    grants = grants_on(stack, key)

    def check(role: str) -> Iterator[tuple[Resource, str]]:
        if not some_of(grants, lambda grant: grants_to(grant, role, lambda member: bool(agent.search(member)))):
            yield use.user, f"{use.where}: no grant gives the service {role} on key {key.shown('name')}"

    yield from about_each(_ROLES.get(use.user.type, (_ENCRYPT,)), check)
