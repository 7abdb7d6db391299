"""Drift found by the real engine: somebody works in the console, a platform grows by itself, a resource is gone."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from ops.__main__ import application
from sandbox.cloud import Cloud
from tests.e2e.conftest import seen
from tests.e2e.runner import Sandbox

INSTANCE = ("gcp.sql.DatabaseInstance", "triptrip-dev-postgres-1")
BUCKET = ("gcp.storage.Bucket", "triptrip-dev-1-backups")


def drift(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(application, ["drift", "--stack", "dev", "--pulumi", "sandbox/pulumi", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def found() -> tuple[int, list[tuple[str, str, str | None]]]:
    code, told = drift("--format", "json")
    return code, [(each["kind"], each["name"], each["property"]) for each in json.loads(told)["findings"]]


def edit(sandbox: Sandbox, resource: tuple[str, str], path: str, value: Any) -> None:
    sandbox.cloud("edit", *resource, f"{path}={json.dumps(value)}")


@pytest.fixture
def dev(deployed_dev: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    seen(deployed_dev, monkeypatch)
    return deployed_dev


def test_a_fresh_deployment_has_none_and_growth_and_labels_pass(dev: Sandbox) -> None:
    before = dev.deployment("dev")
    code, told = drift()
    assert code == 0, told
    assert told.startswith("dev: no drift in ")
    edit(dev, INSTANCE, "settings.diskSize", 150)
    edit(dev, INSTANCE, "settings.userLabels.owner", "somebody")
    assert found() == (
        0,
        [
            ("expected", "postgres-primary", "settings.diskSize"),
            ("benign", "postgres-primary", "settings.userLabels.owner"),
        ],
    )
    assert dev.deployment("dev") == before  # nothing was taken over


def test_what_somebody_did_in_the_console_is_named_and_put_back(dev: Sandbox) -> None:
    networks = "settings.ipConfiguration.authorizedNetworks"
    edit(dev, INSTANCE, networks, [{"name": "home", "value": "203.0.113.7/32"}])
    edit(dev, INSTANCE, "settings.deletionProtectionEnabled", False)
    code, told = drift()
    assert code == 1
    assert "settings.deletionProtectionEnabled: true → false" in told
    assert f'{networks}: not set → [{{"name": "home", "value": "203.0.113.7/32"}}]' in told
    assert "why: exposure: " in told
    dev.up("dev", "--refresh").succeeded()
    assert drift()[0] == 0
    assert Cloud.open(dev.folder / "cloud.sqlite").find(*INSTANCE).outputs["settings"]["deletionProtectionEnabled"]


def test_a_disk_beyond_its_limit_is_not_expected(dev: Sandbox) -> None:
    limit = dev.resources("dev")["postgres-primary"]["inputs"]["settings"]["diskAutoresizeLimit"]
    edit(dev, INSTANCE, "settings.diskSize", limit)
    assert found() == (0, [("expected", "postgres-primary", "settings.diskSize")])
    edit(dev, INSTANCE, "settings.diskSize", limit + 1)
    assert found() == (1, [("security", "postgres-primary", "settings.diskSize")])


def test_a_store_that_is_gone_is_not_made_anew_without_a_look(dev: Sandbox) -> None:
    dev.cloud("remove", *BUCKET)
    code, told = drift("--format", "json")
    assert code == 1
    gone = {each["type"]: each for each in json.loads(told)["findings"] if each["gone"]}
    assert "it would make an empty one" in gone["gcp:storage/bucket:Bucket"]["action"]
    assert "makes it anew" in gone["gcp:storage/bucketIAMMember:BucketIAMMember"]["action"]


def test_a_secret_that_was_changed_is_told_and_not_shown(dev: Sandbox) -> None:
    version = next(
        name
        for kind, name in (line.split("\t") for line in dev.cloud("list").splitlines())
        if kind == "gcp.secretmanager.SecretVersion"
    )
    edit(dev, ("gcp.secretmanager.SecretVersion", version), "secretData", "hunter2")
    code, told = drift()
    assert code == 1
    assert "secretData: [secret] → [secret]" in told
    assert "hunter2" not in told


def test_a_resource_that_cannot_be_read_is_no_pass(dev: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    trouble = dev.folder / "trouble.json"
    refused = {"match": {"operation": "read", "name": "postgres-primary"}, "do": "refuse", "message": "Error 403: no"}
    trouble.write_text(json.dumps({"events": [refused]}), encoding="utf-8")
    monkeypatch.setenv("TRIPTRIP_CLOUD_TROUBLE", str(trouble))
    code, told = drift()
    assert code == 2
    assert "Error 403: no" in told
    assert "no drift" not in told
