"""The shape of a resource is the SDK's, and Google's documents say which values it takes."""

from __future__ import annotations

import importlib.metadata
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cloud import Cloud, Provider, shape
from sandbox.cloud.errors import UnknownTypeError
from sandbox.cloud.shape import Shape, load, reflect

if TYPE_CHECKING:
    from pathlib import Path

HERE = Provider(project="triptrip-dev", region="asia-northeast1")

REFUSED = [
    ("primary", {"tier": "db-custom-2-7680"}, "tier", "Invalid or unknown key 'tier'"),
    ("primary", {"settings.teir": "x"}, "settings.teir", "did you mean 'tier'?"),
    ("primary", {"settings.tier": None}, "settings.tier", "Missing required property 'tier'"),
    ("primary", {"databaseVersion": None}, "databaseVersion", "Missing required property"),
    ("primary", {"settings.diskSize": "1000"}, "settings.diskSize", "expected integer, got string"),
    ("primary", {"settings.diskSize": 10.5}, "settings.diskSize", "expected integer, got number 10.5"),
    ("primary", {"settings.diskAutoresize": "true"}, "settings.diskAutoresize", "expected boolean"),
    (
        "primary",
        {"settings.databaseFlags": [{"name": "max_connections", "value": 500}]},
        "settings.databaseFlags[0].value",
        "expected string, got number 500",
    ),
    ("primary", {"settings.databaseFlags": {"name": "a", "value": "b"}}, "settings.databaseFlags", "expected list"),
    ("primary", {"settings.ipConfiguration": "private"}, "settings.ipConfiguration", "expected object, got string"),
    ("primary", {"settings.userLabels": {"a b": 1}}, 'settings.userLabels["a b"]', "expected string"),
    ("primary", {"settings.availabilityType": "MULTI"}, "settings.availabilityType", "['ZONAL', 'REGIONAL']"),
    ("primary", {"settings.diskType": "SSD"}, "settings.diskType", "PD_SSD"),
    (
        "primary",
        {"settings.passwordValidationPolicy.complexity": "COMPLEXITY_UNSPECIFIED"},
        "settings.passwordValidationPolicy.complexity",
        "COMPLEXITY_DEFAULT",
    ),
    ("primary", {"settings.ipConfiguration.sslMode": "REQUIRED"}, "settings.ipConfiguration.sslMode", "ENCRYPTED_ONLY"),
    ("primary", {"databaseVersion": "POSTGRES_8"}, "databaseVersion", "POSTGRES_16"),
    ("primary", {"settings.maintenanceWindow.updateTrack": "week4"}, "settings.maintenanceWindow.updateTrack", "week5"),
    ("subnetwork", {"logConfig.metadata": "ALL"}, "logConfig.metadata", "INCLUDE_ALL_METADATA"),
    ("subnetwork", {"logConfig.aggregationInterval": "1h"}, "logConfig.aggregationInterval", "INTERVAL_5_SEC"),
    ("nat", {"logConfig.filter": "NONE"}, "logConfig.filter", "ERRORS_ONLY"),
    ("network", {"name": "Main"}, "name", "doesn't match regexp"),
    ("key", {"purpose": "ENCRYPT"}, "purpose", "ENCRYPT_DECRYPT"),
    ("user", {"type": "IAM"}, "type", "CLOUD_IAM_SERVICE_ACCOUNT"),
    ("audit", {"auditLogConfigs": [{"logType": "READ"}]}, "auditLogConfigs[0].logType", "DATA_READ"),
    ("zone", {"visibility": "internal"}, "visibility", "private"),
    ("template", {"scheduling.onHostMaintenance": "STAY"}, "scheduling.onHostMaintenance", "MIGRATE"),
    ("template", {"serviceAccount.scopes": None}, "serviceAccount.scopes", "Missing required property"),
    ("group", {"updatePolicy.type": "LAZY"}, "updatePolicy.type", "OPPORTUNISTIC"),
    ("machine-backend", {"protocol": "PG"}, "protocol", "UNSPECIFIED"),
]


@pytest.mark.parametrize(("name", "changes", "path", "said"), REFUSED, ids=[path for _, _, path, _ in REFUSED])
def test_refused_with_its_path(world: Any, name: str, changes: dict[str, Any], path: str, said: str) -> None:
    example = world.resources[name]
    failures = world.cloud.check(example["type"], world.changed(name, changes), provider=world.provider).failures
    assert [failure.property for failure in failures] == [path]
    assert said in failures[0].reason


def test_every_fault_is_told_at_once(empty: Cloud) -> None:
    inputs = {"settings": {"diskSize": "big", "editon": "x"}}
    failures = empty.check("gcp:sql/databaseInstance:DatabaseInstance", inputs, provider=HERE).failures
    assert {failure.property for failure in failures} == {
        "databaseVersion",
        "settings.tier",
        "settings.diskSize",
        "settings.editon",
    }


@pytest.mark.parametrize(
    "token",
    ["gcp:sql/nothing:Nothing", "gcp:nowhere/thing:Thing", "nopackage:index/thing:Thing"],
)
def test_an_unknown_type_is_told(empty: Cloud, token: str) -> None:
    with pytest.raises(UnknownTypeError, match=token):
        empty.check(token, {}, provider=HERE)


def test_a_number_keeps_its_declared_kind() -> None:
    subnetwork = load("gcp:compute/subnetwork:Subnetwork")
    checked, failures = subnetwork.check({"network": "n", "logConfig": {"flowSampling": 1}})
    assert not failures
    assert isinstance(checked["logConfig"]["flowSampling"], float)


def test_a_shape_survives_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    read = load("gcp:kms/keyRing:KeyRing")
    kept = list((tmp_path / "triptrip" / "shapes").iterdir())
    assert [file.suffix for file in kept] == [".json"]
    assert json.loads(kept[0].read_text()) == reflect("gcp:kms/keyRing:KeyRing")
    assert load("gcp:kms/keyRing:KeyRing").inputs == read.inputs


def test_a_home_that_cannot_be_written_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert "location" in load("gcp:kms/keyRing:KeyRing").inputs


def test_a_shape_of_an_sdk_beside_us_is_read_again_when_the_sdk_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pulumi_own").mkdir()
    file = tmp_path / "pulumi_own" / "thing.py"
    beside = SimpleNamespace(version="1.0.0", read_text=lambda _: json.dumps({"url": tmp_path.as_uri()}))
    monkeypatch.setattr(importlib.metadata, "distribution", lambda _: beside)
    prints = []
    for content in ("old", "new", "new"):
        file.write_text(content)
        shape.fingerprint.cache_clear()
        prints.append(shape.fingerprint("pulumi-own"))
    shape.fingerprint.cache_clear()
    assert prints[0] != prints[1] == prints[2]
    assert all(one.startswith("1.0.0 ") for one in prints)


def test_completing_fills_every_block_and_stops_at_recursion() -> None:
    node = Shape(
        {
            "root": "Node",
            "state": "Node",
            "classes": {"Node": {"value": {"type": "string"}, "next": {"type": {"object": "Node"}}}},
        }
    )
    assert node.complete({"next": {"value": "x"}}) == {"value": None, "next": {"value": "x"}}
