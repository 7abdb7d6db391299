"""Weaknesses laid over prod's plan, each of which the real checkov must find.

Not collected by itself, so that it is never skipped: `make policy` names this file after it has installed the scanner.
"""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ops.second_opinion import Scan, render, scan, scanner
from sandbox.plan import PlannedResource, plan_stack

Inputs = dict[str, Any]


def _public_and_not_backed_up(inputs: Inputs) -> None:
    inputs["settings"]["ipConfiguration"]["ipv4Enabled"] = True
    inputs["settings"]["ipConfiguration"]["authorizedNetworks"] = [{"name": "all", "value": "0.0.0.0/0"}]
    inputs["settings"]["backupConfiguration"]["enabled"] = False


def _no_tls_and_no_audit(inputs: Inputs) -> None:
    inputs["settings"]["ipConfiguration"]["sslMode"] = "ALLOW_UNENCRYPTED_AND_ENCRYPTED"
    inputs["settings"]["databaseFlags"] = [{"name": "log_connections", "value": "off"}]


def _to_all(inputs: Inputs) -> None:
    inputs["member"] = "allUsers"


def _ssh_for_all(inputs: Inputs) -> None:
    inputs |= {"allows": [{"protocol": "tcp", "ports": ["22"]}], "sourceRanges": ["0.0.0.0/0"]}


def _table_for_all(inputs: Inputs) -> None:
    inputs["accesses"] = [{"role": "READER", "specialGroup": "allAuthenticatedUsers"}]


def _without(*names: str) -> Callable[[Inputs], None]:
    def change(inputs: Inputs) -> None:
        for name in names:
            del inputs[name]

    return change


def _with(**values: Any) -> Callable[[Inputs], None]:
    return lambda inputs: inputs.update(values)


WEAKNESSES: dict[str, tuple[Callable[[Inputs], None], set[str]]] = {
    "postgres-primary": (_public_and_not_backed_up, {"CKV_GCP_11", "CKV_GCP_14", "CKV_GCP_60"}),
    "postgres-replica-b": (_no_tls_and_no_audit, {"CKV_GCP_6", "CKV_GCP_52", "CKV_GCP_110"}),
    "cache-redis": (_with(authEnabled=False, transitEncryptionMode="DISABLED"), {"CKV_GCP_95", "CKV_GCP_97"}),
    "elasticsearch-snapshot-grant": (_to_all, {"CKV_GCP_28"}),
    "elasticsearch-snapshot-bucket": (
        _with(publicAccessPrevention="inherited", uniformBucketLevelAccess=False),
        {"CKV_GCP_29", "CKV_GCP_114"},
    ),
    "firewall-allow-health-checks": (_ssh_for_all, {"CKV_GCP_2"}),
    "cdn-forward-http": (_with(loadBalancingScheme="EXTERNAL"), {"CKV2_GCP_38"}),
    "cdn-tls": (_with(profile="COMPATIBLE", minTlsVersion="TLS_1_0"), {"CKV_GCP_4"}),
    "bigquery-dataset-raw": (_table_for_all, {"CKV_GCP_15"}),
    "bigquery-dataset-analytics": (_without("defaultEncryptionConfiguration"), {"CKV_GCP_81"}),
    "key-primary-postgres": (_with(rotationPeriod="31536000s"), {"CKV_GCP_43"}),
    "invalidation-topic": (_without("kmsKeyName"), {"CKV_GCP_83"}),
}


def _weakened(resource: PlannedResource) -> PlannedResource:
    change = WEAKNESSES[resource.name][0] if resource.custom and resource.name in WEAKNESSES else None
    inputs = copy.deepcopy(resource.inputs)
    if change:
        change(inputs)
    if resource.type.endswith(":CryptoKeyIAMMember"):
        _to_all(inputs)
    if resource.type.endswith(":CryptoKey"):
        return replace(resource, inputs=inputs, options={})
    return replace(resource, inputs=inputs)


@pytest.fixture(scope="module")
def prod() -> list[PlannedResource]:
    return plan_stack("prod").resources


@pytest.fixture(scope="module")
def found(prod: list[PlannedResource]) -> dict[str, set[str]]:
    without_firewalls = [
        _weakened(each)
        for each in prod
        if not each.type.endswith(":Firewall") or each.name == "firewall-allow-health-checks"
    ]
    return _by_name(scan(render(without_firewalls), scanner()))


@pytest.fixture(scope="module")
def before(prod: list[PlannedResource]) -> dict[str, set[str]]:
    return _by_name(scan(render(prod), scanner()))


def _by_name(opinion: Scan) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {}
    for finding in opinion.findings:
        names.setdefault(finding.urn.rpartition("::")[2], set()).add(finding.check)
    return names


@pytest.mark.parametrize("name", WEAKNESSES)
def test_a_weakness_is_found(found: dict[str, set[str]], before: dict[str, set[str]], name: str) -> None:
    expected = WEAKNESSES[name][1]
    assert expected <= found.get(name, set())
    assert not expected & before.get(name, set()) - {"CKV_GCP_6"}


def test_a_key_that_anyone_may_use_is_found_on_the_key_and_on_the_grant(found: dict[str, set[str]]) -> None:
    assert {"CKV_GCP_112"} <= found["bigquery-connection-key"]
    assert {"CKV2_GCP_6", "CKV_GCP_82"} <= found["key-primary-postgres"]


def test_a_network_without_a_firewall_of_its_own_is_found(
    prod: list[PlannedResource], before: dict[str, set[str]]
) -> None:
    opinion = scan(render([each for each in prod if not each.type.endswith(":Firewall")]), scanner())
    assert "CKV2_GCP_18" in _by_name(opinion)["network"]
    assert "CKV2_GCP_18" not in before.get("network", set())
