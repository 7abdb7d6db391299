"""What changes in place and what replaces: infra/catalog/force_new/ as the provider applies it."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.cloud import UNKNOWN, Cloud
from sandbox.cloud.catalogue import force_new, resource_type
from sandbox.cloud.values import lookup

ROWS = force_new()

CASES: list[tuple[str, dict[str, Any], dict[str, bool]]] = [
    ("primary", {"settings.tier": "db-custom-8-30720"}, {"settings.tier": False}),
    ("primary", {"settings.edition": "ENTERPRISE_PLUS"}, {"settings.edition": False}),
    ("primary", {"databaseVersion": "POSTGRES_17"}, {"databaseVersion": False}),
    ("primary", {"settings.diskType": "PD_HDD"}, {"settings.diskType": False}),
    ("primary", {"settings.diskSize": 2000}, {"settings.diskSize": False}),
    ("primary", {"settings.diskSize": 900}, {}),
    (
        "primary",
        {"settings.diskSize": 900, "settings.diskAutoresize": False},
        {"settings.diskSize": True, "settings.diskAutoresize": False},
    ),
    (
        "primary",
        {"settings.ipConfiguration.privateNetwork": None},
        {"settings.ipConfiguration.privateNetwork": True},
    ),
    (
        "primary",
        {"settings.ipConfiguration.privateNetwork": "projects/p/global/networks/other"},
        {"settings.ipConfiguration.privateNetwork": False},
    ),
    ("primary", {"encryptionKeyName": "projects/p/other"}, {"encryptionKeyName": True}),
    ("primary", {"encryptionKeyName": UNKNOWN}, {"encryptionKeyName": True}),
    ("primary", {"name": "other"}, {"name": True}),
    ("primary", {"region": "asia-northeast2"}, {"region": True}),
    ("primary", {"masterInstanceName": "other"}, {"masterInstanceName": True}),
    ("replica", {"masterInstanceName": None}, {}),
    ("primary", {"settings.backupConfiguration": None}, {}),
    ("primary", {"settings.databaseFlags": []}, {"settings.databaseFlags": False}),
    ("subnetwork", {"ipCidrRange": "10.1.0.0/19"}, {"ipCidrRange": False}),
    ("subnetwork", {"ipCidrRange": "10.1.0.0/21"}, {"ipCidrRange": True}),
    ("address", {"prefixLength": 19}, {"prefixLength": True}),
    ("address", {"labels": {"role": "other"}}, {"labels.role": False}),
    ("address", {"labels": {}}, {"labels.role": False}),
    ("connection", {"reservedPeeringRanges": ["services", "more"]}, {"reservedPeeringRanges[1]": False}),
    ("key", {"rotationPeriod": "86400s"}, {"rotationPeriod": False}),
    ("key", {"destroyScheduledDuration": "86400s"}, {"destroyScheduledDuration": True}),
    (
        "key",
        {"versionTemplate": {"protectionLevel": "HSM", "algorithm": "x"}},
        {
            "versionTemplate.protectionLevel": True,
            "versionTemplate.algorithm": False,
        },
    ),
    ("secret-version", {"secretData": "new"}, {"secretData": True}),
    ("record", {"rrdatas": ["10.20.0.6"]}, {"rrdatas[0]": False}),
    ("record", {"ttl": None}, {"ttl": False}),
    ("user", {"type": "CLOUD_IAM_USER"}, {"type": True}),
    ("user", {"passwordWo": "x"}, {}),
    ("grant", {"role": "roles/viewer"}, {"role": True}),
    ("template", {"machineType": "e2-standard-4"}, {"machineType": True}),
    ("template", {"labels": {"role": "other"}}, {"labels.role": True}),
    ("template", {"scheduling": None}, {}),
    ("group", {"versions": [{"instanceTemplate": "other", "name": "current"}]}, {"versions": False}),
    ("group", {"baseInstanceName": "other"}, {"baseInstanceName": True}),
    ("group", {"distributionPolicyZones": ["asia-northeast1-a"]}, {"distributionPolicyZones": True}),
    ("group", {"updatePolicy.maxSurgeFixed": None}, {}),
    ("machine-health", {"tcpHealthCheck.port": 6433}, {"tcpHealthCheck.port": False}),
    ("machine-backend", {"region": "asia-northeast2"}, {"region": False}),
    ("machine-backend", {"loadBalancingScheme": "EXTERNAL"}, {"loadBalancingScheme": True}),
    ("machine-backend", {"loadBalancingScheme": None, "sessionAffinity": None}, {}),
    ("machine-front", {"ports": ["6433"]}, {"ports": True}),
    ("machine-front", {"labels": {"role": "other"}}, {"labels.role": False}),
    ("repository-grant", {"location": None}, {}),
]


@pytest.mark.parametrize(("name", "changes", "expected"), CASES, ids=[f"{n}-{','.join(c)}" for n, c, _ in CASES])
def test_changes(world: Any, name: str, changes: dict[str, Any], expected: dict[str, bool]) -> None:
    example = world.resources[name]
    diff = world.cloud.diff(example["type"], example["inputs"], world.changed(name, changes), world.outputs[name])
    found = {change.text: change.replaces for change in diff.changes}
    if expected and not set(found) & set(expected):
        found = {path.partition("[")[0]: replaces for path, replaces in found.items()}
    assert found == expected


def test_one_named_by_the_program_goes_first(empty: Cloud) -> None:
    old, new = {"name": "main", "network": "a"}, {"name": "main", "network": "b"}
    assert empty.diff("gcp:compute/router:Router", old, new, {}).delete_before_replace
    named = {**old, "__defaults": ["name"]}
    assert not empty.diff("gcp:compute/router:Router", named, {**new, "__defaults": ["name"]}, {}).delete_before_replace


def test_a_type_without_a_row_is_replaced_by_name_and_place(empty: Cloud) -> None:
    diff = empty.diff(
        "gcp:redis/instance:Instance", {"name": "a", "memorySizeGb": 1}, {"name": "b", "memorySizeGb": 2}, {}
    )
    assert diff.replaces == ("name",)


@pytest.mark.parametrize("token", [token for token in ROWS if "*" not in token])
def test_every_key_is_an_input_of_its_type(token: str) -> None:
    complete = resource_type(token).shape.complete({}, resource_type(token).shape.root)
    for row in ROWS[token]:
        assert row["source"]
        *parents, last = row["property"].split(".")
        parent = next((value for _, value in lookup(complete, ".".join(parents))), {}) if parents else complete
        assert last in parent, row["property"]
