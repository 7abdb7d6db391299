"""Encryption of BigQuery: datasets, tables, the connection to PostgreSQL, and reports."""

from collections.abc import Iterator

from policies.kit import Case, Resource, Severity, Stack, must_be_set, rule
from policies.kit.references import declared
from policies.kit.types import BIGQUERY_CONNECTION, DATA_TRANSFER, DATASET, TABLE
from policies.kit.waiting import about_each, some_of

_KEY = {"kmsKeyName": "projects/p/locations/asia-northeast1/keyRings/data/cryptoKeys/bigquery"}


@rule(
    "bq-dataset-cmek",
    title="A dataset encrypts every new table with a key of ours",
    severity=Severity.HIGH,
    types=[DATASET],
    sources=[
        "CIS GCP 5.0: 7.3",
        "NIST 800-53: SC-28",
        "NIST 800-53: SC-12",
        "CKV_GCP_81",
        "prowler bigquery_dataset_cmk_encryption",
    ],
    reason="tables that queries and reports make have no key of their own, only the dataset's",
    fix="set defaultEncryptionConfiguration.kmsKeyName",
    good=[Case({"defaultEncryptionConfiguration": _KEY})],
    bad=[Case({}), Case({"defaultEncryptionConfiguration": {}})],
)
def dataset_cmek(dataset: Resource) -> Iterator[str]:
    yield from must_be_set(dataset, "defaultEncryptionConfiguration.kmsKeyName")


@rule(
    "bq-table-cmek",
    title="A table is encrypted with a key of ours, its own or its dataset's",
    severity=Severity.HIGH,
    types=[TABLE, DATASET],
    sources=["CIS GCP 5.0: 7.2", "NIST 800-53: SC-28", "CKV_GCP_80", "prowler bigquery_table_cmk_encryption"],
    reason="with Google's own key nobody here can turn it, or take it away when a copy has leaked",
    fix="set encryptionConfiguration.kmsKeyName; a table's key cannot be changed later without a new table",
    good=[
        Case(stack={"a": (TABLE, {"datasetId": "raw", "encryptionConfiguration": _KEY})}),
        Case(
            stack={
                "a": (TABLE, {"datasetId": "raw"}),
                "b": (DATASET, {"datasetId": "raw", "defaultEncryptionConfiguration": _KEY}),
            }
        ),
        Case(stack={"a": (TABLE, {"datasetId": "raw", "view": {"query": "SELECT 1"}})}),
    ],
    bad=[
        Case(stack={"a": (TABLE, {"datasetId": "raw"}), "b": (DATASET, {"datasetId": "raw"})}),
        Case(
            stack={
                "a": (TABLE, {"datasetId": "raw", "encryptionConfiguration": {}}),
                "b": (DATASET, {"datasetId": "other", "defaultEncryptionConfiguration": _KEY}),
            }
        ),
        Case(stack={"a": (TABLE, {"datasetId": "raw"})}),
    ],
)
def table_cmek(stack: Stack) -> Iterator[tuple[Resource | None, str]]:
    def check(table: Resource) -> Iterator[tuple[Resource, str]]:
        if table.has("encryptionConfiguration.kmsKeyName") or table.has("view"):
            return
        datasets = declared(stack, table, "datasetId", DATASET, naming="datasetId")
        if not some_of(datasets, lambda each: each.has("defaultEncryptionConfiguration.kmsKeyName")):
            yield table, "encryptionConfiguration.kmsKeyName is not set, and its dataset has no key for it either"

    yield from about_each(stack.of(TABLE), check)


@rule(
    "bq-connection-cmek",
    title="The password in BigQuery's connection is encrypted with a key of ours",
    severity=Severity.HIGH,
    types=[BIGQUERY_CONNECTION],
    sources=["NIST 800-53: SC-28", "NIST 800-53: SC-12"],
    reason="the connection holds a password of PostgreSQL",
    fix="set kmsKeyName",
    good=[Case(_KEY)],
    bad=[Case({})],
)
def connection_cmek(connection: Resource) -> Iterator[str]:
    yield from must_be_set(connection, "kmsKeyName")


@rule(
    "bq-transfer-cmek",
    title="What a report writes is encrypted with a key of ours",
    severity=Severity.MEDIUM,
    types=[DATA_TRANSFER],
    sources=["NIST 800-53: SC-28", "NIST 800-53: SC-12"],
    reason="a report makes tables and intermediate results with the key of its own configuration",
    fix="set encryptionConfiguration.kmsKeyName",
    good=[Case({"encryptionConfiguration": _KEY})],
    bad=[Case({}), Case({"encryptionConfiguration": {}})],
)
def transfer_cmek(transfer: Resource) -> Iterator[str]:
    yield from must_be_set(transfer, "encryptionConfiguration.kmsKeyName")
