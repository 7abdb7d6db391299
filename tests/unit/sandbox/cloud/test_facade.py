"""What the cloud gives back: ids, computed outputs, previews, refreshes, drift and what deletion leaves behind."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cloud import UNKNOWN, Cloud, CloudError, Provider
from sandbox.cloud.values import has_unknown, lookup

if TYPE_CHECKING:
    from pathlib import Path

INSTANCE = "gcp:sql/databaseInstance:DatabaseInstance"
SERVICE = "gcp:projects/service:Service"
HERE = Provider(project="triptrip-dev", region="asia-northeast1")


def test_ids_are_the_real_providers(world: Any) -> None:
    assert world.ids["network"] == "projects/triptrip-dev/global/networks/main"
    assert world.ids["subnetwork"] == "projects/triptrip-dev/regions/asia-northeast1/subnetworks/main"
    assert world.ids["connection"] == "projects/triptrip-dev/global/networks/main:servicenetworking.googleapis.com"
    assert world.ids["nat"] == "triptrip-dev/asia-northeast1/main/main"
    assert world.ids["primary"] == "projects/triptrip-dev/instances/primary"
    assert world.ids["user"] == "report//primary"
    assert world.ids["record"] == "projects/triptrip-dev/managedZones/internal/rrsets/pg-write.db.triptrip.internal./A"
    assert world.ids["secret-version"] == "projects/142235398583/secrets/connection/versions/1"
    assert world.ids["compute"] == "triptrip-dev/compute.googleapis.com"


def test_an_instance_lives_in_the_range_of_its_private_connection(world: Any) -> None:
    outputs = world.outputs["primary"]
    assert outputs["privateIpAddress"].startswith("10.20.")
    assert outputs["firstIpAddress"] == outputs["privateIpAddress"]
    assert outputs["ipAddresses"] == [{"type": "PRIVATE", "ipAddress": outputs["privateIpAddress"]}]
    assert outputs["connectionName"] == "triptrip-dev:asia-northeast1:primary"
    assert outputs["serverCaCerts"][0]["cert"].startswith("-----BEGIN CERTIFICATE-----")
    others = {world.outputs[name]["privateIpAddress"] for name in ("primary", "plus", "replica")}
    assert len(others) == 3


def test_an_allocated_range_overlaps_nothing(world: Any) -> None:
    made = world.create(
        "gcp:compute/globalAddress:GlobalAddress",
        world.changed("address", {"name": "more", "address": None}),
    )
    assert made.outputs["address"].startswith("10.")
    assert not made.outputs["address"].startswith(("10.1.", "10.2.", "10.20."))


def test_default_labels_are_merged_into_the_outputs(world: Any) -> None:
    merged = {"env": "test", "role": "services", "goog-pulumi-provisioned": "true"}
    assert world.outputs["address"]["effectiveLabels"] == merged
    assert world.outputs["address"]["pulumiLabels"] == merged
    assert world.outputs["address"]["labels"] == {"role": "services"}
    assert "effectiveLabels" not in world.outputs["primary"]
    assert world.outputs["primary"]["settings"]["userLabels"] == {"owner": "data"}


def test_the_attribution_label_can_be_switched_off(world: Any) -> None:
    provider = replace(world.provider, attribution=False)
    made = world.create("gcp:secretmanager/secret:Secret", world.changed("secret", {"secretId": "other"}), provider)
    assert made.outputs["effectiveLabels"] == {"env": "test"}


def test_a_preview_keeps_what_is_known_and_promises_nothing_else(world: Any) -> None:
    inputs = {**world.changed("primary", {"name": "next"}), "encryptionKeyName": UNKNOWN}
    checked = world.cloud.check(INSTANCE, inputs, provider=world.provider)
    assert not checked.failures
    outputs = world.cloud.create(INSTANCE, checked.inputs, provider=world.provider, preview=True).outputs
    assert outputs["name"] == "next"
    assert outputs["settings"]["tier"] == "db-custom-16-61440"
    assert outputs["encryptionKeyName"] == UNKNOWN
    for path in ("privateIpAddress", "connectionName", "selfLink", "serverCaCerts", "firstIpAddress"):
        assert outputs[path] == UNKNOWN
    assert world.cloud.state.find("gcp.sql.DatabaseInstance", "triptrip-dev", "next") is None


def test_a_plan_time_rule_waits_for_what_it_does_not_know(world: Any) -> None:
    inputs = world.changed("primary", {"settings.maintenanceWindow.day": UNKNOWN})
    assert not world.cloud.check(INSTANCE, inputs, provider=world.provider).failures


def test_the_preview_of_an_update_keeps_the_computed_outputs(world: Any) -> None:
    inputs = world.changed("primary", {"settings.tier": "db-custom-8-30720"})
    before = world.outputs["primary"]
    made = world.cloud.update(
        INSTANCE, world.ids["primary"], inputs, before, provider=world.provider, preview=True
    ).outputs
    assert not has_unknown(made)
    assert made["privateIpAddress"] == before["privateIpAddress"]
    assert made["settings"]["tier"] == "db-custom-8-30720"
    assert world.cloud.read(INSTANCE, world.ids["primary"])[0].outputs == before


def test_an_update_keeps_addresses_names_and_times(world: Any) -> None:
    inputs = world.changed("primary", {"settings.diskSize": 1500})
    before = world.outputs["primary"]
    after = world.cloud.update(INSTANCE, world.ids["primary"], inputs, before, provider=world.provider).outputs
    assert after.pop("settings")["diskSize"] == 1500
    assert after == {key: value for key, value in before.items() if key != "settings"}


def test_a_refresh_of_every_example_finds_no_drift(world: Any) -> None:
    for name, example in world.resources.items():
        resource, inputs = world.cloud.read(example["type"], world.ids[name], example["inputs"])
        assert resource.outputs == world.outputs[name]
        assert world.cloud.diff(example["type"], example["inputs"], inputs, resource.outputs).changes == (), name


def test_an_import_by_id_passes_check_and_differs_in_nothing(world: Any) -> None:
    for name, example in world.resources.items():
        resource, inputs = world.cloud.read(example["type"], world.ids[name])
        checked = world.cloud.check(example["type"], inputs, provider=world.provider, old_inputs=inputs)
        assert not checked.failures, name
        assert world.cloud.diff(example["type"], inputs, checked.inputs, resource.outputs).changes == (), name


def test_an_edit_in_the_console_is_drift(world: Any) -> None:
    world.cloud.edit(INSTANCE, "primary", "settings.availabilityType", "ZONAL")
    inputs = world.resources["primary"]["inputs"]
    _, now = world.cloud.read(INSTANCE, world.ids["primary"], inputs)
    changes = world.cloud.diff(INSTANCE, inputs, now, {}).changes
    assert [(change.text, change.kind) for change in changes] == [("settings.availabilityType", "update")]


@pytest.mark.parametrize(
    ("path", "value", "differs"),
    [
        ("settings.ipConfiguration.authorizedNetworks", [{"value": "0.0.0.0/0"}], True),
        ("settings.activationPolicy", "NEVER", True),  # unset, it has a default
        ("settings.activationPolicy", "ALWAYS", False),
        ("settings.dataCacheConfig", {"dataCacheEnabled": True}, False),  # the API's to keep where nobody sets it
    ],
)
def test_what_only_somebody_else_has_set_is_drift(world: Any, path: str, value: Any, differs: bool) -> None:
    inputs = world.resources["primary"]["inputs"]
    assert path.rsplit(".", maxsplit=1)[-1] not in inputs["settings"]
    world.cloud.edit(INSTANCE, "primary", path, value)
    resource, now = world.cloud.read(INSTANCE, world.ids["primary"], inputs)
    changes = world.cloud.diff(INSTANCE, now, inputs, resource.outputs).changes
    assert [(change.text, change.kind) for change in changes] == ([(path, "delete")] if differs else [])


def test_a_deletion_in_the_console_takes_what_is_inside_with_it(world: Any) -> None:
    database = next(name for name, each in world.resources.items() if each["type"] == "gcp:sql/database:Database")
    owner = world.resources[database]["inputs"]["instance"]
    world.cloud.remove(INSTANCE, owner)
    assert world.cloud.read("gcp:sql/database:Database", world.ids[database]) is None
    with pytest.raises(CloudError, match="no gcp:sql/databaseInstance:DatabaseInstance named"):
        world.cloud.remove(INSTANCE, owner)


def test_flags_come_back_in_the_clouds_order(world: Any) -> None:
    flags = [{"name": "work_mem", "value": "32768"}, {"name": "jit", "value": "on"}]
    inputs = world.changed("plus", {"settings.databaseFlags": flags})
    made = world.cloud.update(INSTANCE, world.ids["plus"], inputs, world.outputs["plus"], provider=world.provider)
    assert [flag["name"] for flag in made.outputs["settings"]["databaseFlags"]] == ["jit", "work_mem"]


def test_what_is_no_longer_set_stays_where_the_api_keeps_it(world: Any) -> None:
    inputs = world.changed("plus", {"settings.backupConfiguration": None, "settings.dataCacheConfig": None})
    assert world.cloud.diff(INSTANCE, world.resources["plus"]["inputs"], inputs, {}).changes == ()
    made = world.cloud.update(INSTANCE, world.ids["plus"], inputs, world.outputs["plus"], provider=world.provider)
    assert made.outputs["settings"]["backupConfiguration"]["enabled"] is True


def test_promotion_ends_the_tie_to_the_primary(world: Any) -> None:
    inputs = world.changed("replica", {"masterInstanceName": None, "instanceType": "CLOUD_SQL_INSTANCE"})
    diff = world.cloud.diff(INSTANCE, world.resources["replica"]["inputs"], inputs, {})
    assert diff.replaces == ()
    made = world.cloud.update(INSTANCE, world.ids["replica"], inputs, world.outputs["replica"], provider=world.provider)
    assert "masterInstanceName" not in made.outputs


def test_a_write_only_value_is_in_no_output(world: Any) -> None:
    inputs = {"secret": world.ids["secret"], "secretDataWo": "hidden", "secretDataWoVersion": "1"}
    made = world.create("gcp:secretmanager/secretVersion:SecretVersion", inputs)
    assert "hidden" not in str(made.outputs)
    assert made.outputs["version"] == "2"
    _, read = world.cloud.read("gcp:secretmanager/secretVersion:SecretVersion", made.id, inputs)
    assert read == inputs


def test_a_version_number_is_never_used_again(world: Any) -> None:
    world.remove("secret-version")
    made = world.create("gcp:secretmanager/secretVersion:SecretVersion", world.resources["secret-version"]["inputs"])
    assert made.outputs["version"] == "2"


def test_a_second_one_of_the_same_name_is_refused(world: Any) -> None:
    for name in ("network", "database", "user", "account", "record", "secret"):
        example = world.resources[name]
        with pytest.raises(CloudError, match=r"Error 409: .*already exists"):
            world.create(example["type"], example["inputs"])


def test_a_key_ring_is_never_really_gone(world: Any) -> None:
    world.remove("ring")
    example = world.resources["ring"]
    with pytest.raises(CloudError, match="already exists"):
        world.create(example["type"], example["inputs"])


def test_deleting_an_instance_takes_its_databases_and_users_along(world: Any) -> None:
    world.remove("replica")
    world.remove("primary")
    left = {record.type for record in world.cloud.state.all()}
    assert "gcp.sql.User" not in left
    assert "gcp.sql.Database" not in left


def test_what_is_abandoned_stays_in_the_cloud(world: Any) -> None:
    world.remove("user", deletionPolicy="ABANDON")
    assert world.cloud.find("gcp:sql/user:User", "report").outputs["instance"] == "primary"


def test_deleting_what_is_gone_is_no_error(world: Any) -> None:
    world.remove("record")
    left = world.cloud.state.all()
    world.remove("record")
    assert world.cloud.state.all() == left


def test_updating_what_is_gone_is_an_error(world: Any) -> None:
    world.remove("record")
    example = world.resources["record"]
    with pytest.raises(CloudError, match="404"):
        world.cloud.update(
            example["type"], world.ids["record"], example["inputs"], world.outputs["record"], provider=world.provider
        )


def test_an_unnamed_resource_is_named_and_keeps_its_name(empty: Cloud) -> None:
    first = empty.check("gcp:compute/network:Network", {}, provider=HERE, proposed_name="main-1234567")
    assert first.inputs == {"name": "main-1234567", "__defaults": ["name"]}
    second = empty.check(
        "gcp:compute/network:Network", {}, provider=HERE, old_inputs=first.inputs, proposed_name="main-7654321"
    )
    assert second.inputs == first.inputs


def test_a_type_without_any_row_works(empty: Cloud) -> None:
    inputs = {"name": "cache", "nodeCount": 1, "nodeConfig": {"cpuCount": 1, "memorySizeMb": 1024}}
    made = empty.create("gcp:memcache/instance:Instance", inputs, provider=HERE)
    assert made.outputs["project"] == "triptrip-dev"
    assert "effectiveLabels" in made.outputs
    resource, read = empty.read("gcp:memcache/instance:Instance", made.id, inputs) or pytest.fail("it is there")
    assert (resource, read) == (made, inputs)


def test_the_same_calls_give_the_same_cloud(tmp_path: Path) -> None:
    def build(file: Path) -> list[Any]:
        cloud = Cloud.open(file, clock=lambda: 1_800_000_000.0)
        cloud.create(SERVICE, {"service": "compute.googleapis.com"}, provider=HERE)
        cloud.create("gcp:compute/network:Network", {"name": "main"}, provider=HERE)
        records = cloud.state.all()
        cloud.close()
        return records

    assert build(tmp_path / "one.sqlite") == build(tmp_path / "two.sqlite")


def test_two_clouds_on_one_file_see_each_other_and_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "cloud.sqlite"
    Cloud.open(file).close()

    def work(number: int) -> None:
        cloud = Cloud.open(file)
        for index in range(20):
            cloud.create(SERVICE, {"service": f"s{number}-{index}.googleapis.com"}, provider=HERE)
        cloud.close()

    workers = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    cloud = Cloud.open(file)
    assert len(cloud.state.all()) == 40
    cloud.close()


def test_a_file_that_is_no_cloud_is_told_plainly(tmp_path: Path) -> None:
    file = tmp_path / "cloud.sqlite"
    file.write_text("no database " * 100)
    with pytest.raises(CloudError, match="cannot be opened"):
        Cloud.open(file)


def test_data_functions_are_answered(empty: Cloud) -> None:
    answer = empty.invoke("gcp:organizations/getProject:getProject", {"projectId": "triptrip-dev"}, provider=HERE)
    assert answer["number"] == "142235398583"
    zones = empty.invoke("gcp:compute/getZones:getZones", {}, provider=HERE)
    assert zones["names"] == ["asia-northeast1-a", "asia-northeast1-b", "asia-northeast1-c"]
    with pytest.raises(CloudError, match=r"functions\.yaml"):
        empty.invoke("gcp:compute/getImage:getImage", {}, provider=HERE)


def test_every_output_a_row_computes_is_one_the_sdk_has(world: Any) -> None:
    from sandbox.cloud.catalogue import resource_type  # noqa: PLC0415 - the subject of this test alone

    for name, example in world.resources.items():
        kind = resource_type(example["type"])
        for path in (*kind.row.defaults, *kind.row.created, *kind.row.outputs, *kind.row.computed, *kind.row.secrets):
            complete = kind.shape.complete({})
            *parents, last = path.split(".")
            parent = next((value for _, value in lookup(complete, ".".join(parents))), {}) if parents else complete
            assert last in parent, (name, path)


def test_a_write_only_value_is_kept_nowhere(world: Any) -> None:
    credential = {"username": "report", "passwordWo": "correct-horse-battery", "passwordWoVersion": "1"}
    inputs = world.changed("bigquery-connection", {"connectionId": "other", "cloudSql.credential": credential})
    made = world.create("gcp:bigquery/connection:Connection", inputs)
    assert made.outputs["cloudSql"]["credential"] == {"username": "report", "passwordWoVersion": "1"}
