"""What an operator does to Cloud SQL beside the program, as Google's own commands do it."""

from typing import Any

import pytest

from sandbox.cloud import Cloud, CloudError, console
from sandbox.cloud.state import Record

SQL, USER = "gcp.sql.DatabaseInstance", "gcp.sql.User"


def instance(name: str, octet: int, **more: Any) -> Record:
    outputs = {
        "name": name,
        "instanceType": "CLOUD_SQL_INSTANCE",
        "privateIpAddress": f"10.20.0.{octet}",
        "connectionName": f"p:tokyo:{name}",
        "settings": {"tier": "large", "backupConfiguration": {"enabled": True}},
        "encryptionKeyName": None,
        **more,
    }
    return Record(SQL, f"projects/p/instances/{name}", "p", name, outputs, 1.0)


def replica(name: str, octet: int) -> Record:
    return instance(
        name, octet, instanceType="READ_REPLICA_INSTANCE", masterInstanceName="one", settings={"tier": "large"}
    )


@pytest.fixture
def cloud() -> Cloud:
    made = Cloud.open()
    for record in (
        instance("one", 1, encryptionKeyName="key"),
        replica("b", 2),
        replica("osaka", 3),
        Record(USER, "a//one", "p", "a", {"name": "a", "instance": "one"}, 1.0),
        Record("postgres.Role", "r//one", "p", "r", {"name": "r", "instance": "one"}, 1.0),
    ):
        made.state.put(record)
    return made


def outputs(cloud: Cloud, name: str) -> dict[str, Any]:
    return cloud.find(SQL, name).outputs


def users(cloud: Cloud) -> set[str]:
    return {each.id for kind in (USER, "postgres.Role") for each in cloud.state.all(kind)}


def test_a_promoted_replica_stands_alone_with_users_and_roles(cloud: Cloud) -> None:
    console.promote(cloud, "osaka")
    assert outputs(cloud, "osaka")["instanceType"] == "CLOUD_SQL_INSTANCE"
    assert outputs(cloud, "osaka")["masterInstanceName"] is None
    assert outputs(cloud, "b")["masterInstanceName"] == "one"
    assert users(cloud) == {"a//one", "r//one", "a//osaka", "r//osaka"}


def test_a_clone_is_the_same_under_another_name_and_address(cloud: Cloud) -> None:
    console.clone(cloud, "one", "two")
    copy = outputs(cloud, "two")
    assert (copy["name"], copy["connectionName"]) == ("two", "p:tokyo:two")
    addresses = {each.outputs["privateIpAddress"] for each in cloud.state.all(SQL)}
    assert len(addresses) == len(cloud.state.all(SQL))
    assert {"a//two", "r//two"} <= users(cloud)


def test_after_a_switchover_everybody_follows_the_new_primary(cloud: Cloud) -> None:
    console.switch_over(cloud, "osaka")
    assert outputs(cloud, "osaka")["masterInstanceName"] is None
    for name in ("one", "b"):
        assert outputs(cloud, name)["masterInstanceName"] == "osaka"
        assert outputs(cloud, name)["encryptionKeyName"] == "key"
    assert "backupConfiguration" not in outputs(cloud, "one")["settings"]
    assert users(cloud) == {"a//osaka", "r//osaka"}


@pytest.mark.parametrize("act", [console.promote, console.switch_over])
def test_what_is_no_replica_cannot_take_over(cloud: Cloud, act: Any) -> None:
    with pytest.raises(CloudError, match="one is not a read replica"):
        act(cloud, "one")


def test_a_clone_needs_a_name_of_its_own(cloud: Cloud) -> None:
    with pytest.raises(CloudError, match="already exists"):
        console.clone(cloud, "one", "b")
