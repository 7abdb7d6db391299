"""What the stacks declare at Timescale Cloud: guards, order, the password's way, and nothing where it is off."""

from typing import Any

import pytest
import yaml

from sandbox.cloud import Cloud
from sandbox.plan import Plan
from sandbox.plan.recorder import SECRET
from sandbox.plan.render import as_data
from tests.plans import plan_of

EVERYTHING: dict[str, Any] = {
    "haReplicas": 2,
    "syncReplicas": 1,
    "dataTiering": True,
    "readReplica": {"compute": "2 CPU / 8 GB", "nodes": 3},
    "clients": {"reporting": {"endpoints": ["read"], "pooled": True}},
    "vpc": {
        "range": "10.99.0.0/24",
        "peering": {
            "accountId": "123456789012",
            "region": "ap-northeast-1",
            "transitGatewayId": "tgw-0123456789abcdef0",
            "ranges": ["10.10.0.0/20"],
        },
    },
    "metricExporter": {
        "region": "ap-northeast-1",
        "roleArn": "arn:aws:iam::123456789012:role/metrics",
        "logGroup": "timescale",
        "logStream": "all",
        "namespace": "triptrip",
    },
    "logExporter": {
        "region": "ap-northeast-1",
        "roleArn": "arn:aws:iam::123456789012:role/logs",
        "logGroup": "timescale",
        "logStream": "all",
    },
}


def changed(stack: str, cloud: Cloud | None = None, **changes: Any) -> Plan:
    return plan_of(stack, {"timescale": changes}, cloud)


@pytest.fixture(scope="module")
def everything() -> Plan:
    return changed("prod", **EVERYTHING)


def test_every_size_and_place_is_said(plan: Plan) -> None:
    for service in plan.of_type("service:Service"):
        if service.type.startswith("timescale:"):
            assert {"name", "regionCode", "milliCpu", "memoryGb", "environmentTag", "paused"} <= service.inputs.keys()
            assert service.inputs["regionCode"] == "ap-northeast-1"
            assert service.inputs["paused"] is False
            assert service.options["provider"] == "timescale-cloud"


def test_everything_that_lasts_is_protected_and_the_password_is_not(everything: Plan) -> None:
    lasting = [each for each in everything.resources if each.custom and each.type.startswith("timescale:")]
    assert len(lasting) == 6
    assert all(each.options["protect"] is True for each in lasting)
    assert "protect" not in everything.named("timescale-password").options


def test_the_password_is_nowhere_in_plain_text(everything: Plan) -> None:
    service = everything.named("timescale-service")
    assert service.inputs["passwordWo"] == SECRET
    assert "password" not in service.inputs
    assert everything.named("secret-version-timescale-reporting-read").inputs["secretData"] == SECRET
    assert "passwordWo" not in everything.named("timescale-read-replica").inputs


def test_the_password_made_is_in_no_plan_and_no_output() -> None:
    cloud = Cloud.open(None)
    made = as_data(changed("prod", cloud, **EVERYTHING))
    passwords = [record.outputs["result"] for record in cloud.state.all("random.RandomPassword")]
    password = next(one for one in passwords if len(one) == 40)
    assert password not in yaml.safe_dump(made)
    contents = [record.outputs["secretData"] for record in cloud.state.all("gcp.secretmanager.SecretVersion")]
    assert [password in content for content in contents].count(True) == len(EVERYTHING["clients"]) + 2
    urls = [content for content in contents if password in content]
    assert all(url.startswith("postgresql://tsdbadmin:") for url in urls)
    assert all(url.endswith("/tsdb?sslmode=verify-full&sslrootcert=system") for url in urls)
    cloud.close()


def test_a_new_password_needs_a_new_version_and_gets_one() -> None:
    plan = changed("prod", passwordVersion=7)
    assert plan.named("timescale-service").inputs["passwordWoVersion"] == 7
    assert plan.named("timescale-password").inputs["keepers"] == {"version": "7"}


def test_the_credentials_of_the_provider_are_secret(plan: Plan) -> None:
    provider = plan.named("timescale-cloud")
    assert provider.inputs["accessKey"] == provider.inputs["secretKey"] == SECRET
    assert "stand-in" not in yaml.safe_dump(as_data(plan))


def test_a_client_reads_its_own_secrets_alone(plan: Plan) -> None:
    readers = [each for each in plan.of_type("SecretIamMember") if each.name.startswith("secret-reader-timescale-")]
    assert readers
    for reader in readers:
        client = reader.name.rpartition("-")[2]
        assert f"-timescale-{client}-" in reader.inputs["secretId"]
        assert reader.inputs["member"].startswith(f"serviceAccount:triptrip-{plan.stack}-{client}@")


def test_what_must_be_there_first(everything: Plan) -> None:
    after = {each.name: set(each.options.get("dependsOn", [])) for each in everything.resources}
    assert {"timescale-vpc", "timescale-metrics", "timescale-logs"} <= after["timescale-service"]
    assert "timescale-service" in after["timescale-read-replica"]
    assert "timescale-vpc" in after["timescale-peering"]
    assert "timescale-read-replica" in after["secret-version-timescale-reporting-read"]


def test_a_read_replica_has_its_own_size_and_no_high_availability(everything: Plan) -> None:
    replica = everything.named("timescale-read-replica").inputs
    assert (replica["milliCpu"], replica["memoryGb"], replica["readReplicaNodes"]) == (2000, 8, 3)
    assert not {"haReplicas", "syncReplicas", "dataTieringEnabled"} & replica.keys()
    assert replica["vpcId"] == everything.named("timescale-service").inputs["vpcId"]


def test_exporters_hold_no_key(everything: Plan) -> None:
    for name in ("timescale-metrics", "timescale-logs"):
        exporter = everything.named(name).inputs
        assert {"accessKey", "secretKey"}.isdisjoint(exporter["cloudwatch"])
        assert exporter["region"] == "ap-northeast-1"


def test_tiering_is_never_turned_off(plan: Plan, everything: Plan) -> None:
    assert "dataTieringEnabled" not in plan.named("timescale-service").inputs
    assert everything.named("timescale-service").inputs["dataTieringEnabled"] is True


def test_the_store_waits_for_no_other_store(plan: Plan) -> None:
    waits = {name for name in plan.named("timescale-service").options["dependsOn"] if not name.startswith("timescale-")}
    assert waits == set()


def test_the_inventory_says_that_it_is_another_cloud(plan: Plan) -> None:
    record = next(one for one in plan.outputs["inventory"] if one["store"] == "timescale")
    assert record["location"] == "aws ap-northeast-1 (Tokyo), not Google Cloud"
    assert record["endpoints"]["write"].split(":")[1].isdigit()


def test_off_leaves_no_trace() -> None:
    plan = plan_of("prod", {"timescale": None})
    text = yaml.safe_dump(as_data(plan)).lower()
    assert "timescale" not in text
    assert not [each for each in plan.resources if each.type.startswith(("timescale:", "pulumi:providers:timescale"))]
