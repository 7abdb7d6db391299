"""What the stacks declare of the cache: guards, order, encryption, exposure, secrets; read from the plan."""

import json
import re
from typing import Any

import pytest

from sandbox.cloud import Cloud, Provider
from sandbox.cloud.diff import compare
from sandbox.plan import Plan
from tests.plans import plan_of
from tests.stacks import ANOTHERS_WORKER, VALKEY, WITHOUT_CACHE

REDIS = "gcp:redis/instance:Instance"
OFF = WITHOUT_CACHE


@pytest.fixture(scope="module")
def valkey() -> Plan:
    return plan_of("prod", VALKEY)


def test_redis_is_guarded_and_has_time_enough(plan: Plan) -> None:
    redis = plan.named("cache-redis")
    assert redis.options["protect"] is True
    assert redis.inputs["deletionProtection"] is True
    assert redis.options["customTimeouts"] == {"create": "60m", "update": "90m", "delete": "60m"}


def test_without_guards_the_instance_can_go() -> None:
    loose = {"project": {"deletionGuards": False}}
    assert plan_of("dev", loose).named("cache-redis").inputs["deletionProtection"] is False
    assert plan_of("dev", {**VALKEY, **loose}).named("cache-valkey").inputs["deletionProtectionEnabled"] is False


def test_redis_is_private_encrypted_and_asks_for_a_password(plan: Plan) -> None:
    redis = plan.named("cache-redis").inputs
    assert (redis["tier"], redis["connectMode"]) == ("STANDARD_HA", "PRIVATE_SERVICE_ACCESS")
    assert (redis["transitEncryptionMode"], redis["authEnabled"]) == ("SERVER_AUTHENTICATION", True)
    assert redis["customerManagedKey"].endswith("/cryptoKeys/redis")
    assert "secondaryIpRange" not in redis


def test_redis_waits_for_its_range_the_connection_and_the_key_grant(plan: Plan) -> None:
    after = set(plan.named("cache-redis").options["dependsOn"])
    assert {"cache-range", "private-services", "key-grant-primary-redis", "service-redis"} <= after
    assert not [name for name in after if name.startswith("postgres")]


def test_redis_has_a_range_of_its_own(plan: Plan) -> None:
    allocated = plan.named("cache-range").inputs
    assert (allocated["purpose"], allocated["prefixLength"]) == ("VPC_PEERING", 28)
    assert plan.named("cache-redis").inputs["reservedIpRange"] == allocated["name"]
    ranges = plan.named("private-services").inputs["reservedPeeringRanges"]
    assert ranges == [plan.named("private-services-range").inputs["name"], allocated["name"]]


def test_read_replicas_are_on_from_the_first_day(prod: Plan) -> None:
    redis = prod.named("cache-redis").inputs
    assert (redis["readReplicasMode"], redis["replicaCount"], redis["memorySizeGb"]) == ("READ_REPLICAS_ENABLED", 2, 32)


def test_a_small_instance_reads_from_its_primary() -> None:
    over = {"cache": {"size": "4 GB", "redis": {"usable": "3 GB", "readEndpoint": False}}}
    small = plan_of("dev", over)
    assert small.named("cache-redis").inputs["readReplicasMode"] == "READ_REPLICAS_DISABLED"
    assert small.named("cache-name-read").inputs["rrdatas"] == small.named("cache-name-write").inputs["rrdatas"]


def test_two_names_stand_for_two_addresses(prod: Plan, valkey: Plan) -> None:
    for each in (prod, valkey):
        write, read = (each.named(f"cache-name-{endpoint}").inputs for endpoint in ("write", "read"))
        assert (write["name"], read["name"]) == (
            "redis-write.prod.triptrip.internal.",
            "redis-read.prod.triptrip.internal.",
        )
        assert write["rrdatas"] != read["rrdatas"]


def test_the_clients_alone_read_the_secrets(prod: Plan) -> None:
    # The exporters read two of them besides, where monitoring.exporters.stores has redis.
    readers = [
        each.inputs for each in prod.of_type("SecretIamMember") if re.search(r"-cache-.*-application$", each.name)
    ]
    assert {each["secretId"].rpartition("/")[2] for each in readers} == {
        f"triptrip-prod-cache-{secret}" for secret in ("auth", "connection", "server-ca")
    }
    assert {each["member"] for each in readers} == {
        "serviceAccount:triptrip-prod-application@triptrip-prod.iam.gserviceaccount.com"
    }


def test_no_secret_stands_in_an_output(prod: Plan) -> None:
    assert prod.named("secret-version-cache-connection").inputs["secretData"] == "[secret]"
    assert prod.named("secret-version-cache-auth").inputs["secretData"] == "[secret]"
    assert "rediss://" not in json.dumps(prod.outputs)


def test_the_inventory_tells_where_it_answers(prod: Plan, valkey: Plan) -> None:
    def cache(plan: Plan) -> dict[str, Any]:
        return next(record for record in plan.outputs["inventory"] if record["store"] == "cache")

    assert cache(prod)["endpoints"]["write"] == "redis-write.prod.triptrip.internal:6378"
    assert cache(valkey)["endpoints"]["read"] == "redis-read.prod.triptrip.internal:6379"
    assert cache(valkey)["encryptionKey"].endswith("/cryptoKeys/valkey")


def test_valkey_has_the_append_only_file_backups_and_every_guard(valkey: Plan) -> None:
    instance = valkey.named("cache-valkey")
    inputs = instance.inputs
    assert inputs["persistenceConfig"] == {"mode": "AOF", "aofConfig": {"appendFsync": "EVERY_SEC"}}
    assert inputs["automatedBackupConfig"]["fixedFrequencySchedule"] == {"startTime": {"hours": 17}}
    assert (inputs["mode"], inputs["shardCount"]) == ("CLUSTER_DISABLED", 1)
    assert (inputs["authorizationMode"], inputs["transitEncryptionMode"]) == ("IAM_AUTH", "SERVER_AUTHENTICATION")
    assert (inputs["deletionProtectionEnabled"], instance.options["protect"]) == (True, True)


def test_valkey_waits_for_its_policy_and_the_key_grant(valkey: Plan) -> None:
    after = set(valkey.named("cache-valkey").options["dependsOn"])
    assert {"cache-endpoints", "key-grant-primary-valkey", "service-memorystore"} <= after


def test_a_client_of_valkey_signs_in_to_this_cache_alone(valkey: Plan) -> None:
    grant = valkey.named("cache-sign-in-application").inputs
    assert grant["role"] == "roles/memorystore.dbConnectionUser"
    assert "instances/triptrip-prod-cache" in grant["condition"]["expression"]
    assert not [each.name for each in valkey.resources if each.name.endswith("cache-auth")]


def test_one_engine_leaves_no_trace_of_the_other(prod: Plan, valkey: Plan) -> None:
    assert not [each.name for each in prod.resources if "valkey" in each.name or "memorystore" in each.name]
    # The schema step speaks to either by the name of the protocol.
    own = [each.name for each in valkey.resources if not each.name.startswith("schemas-")]
    assert not [name for name in own if "redis" in name or name == "cache-range"]


def test_off_leaves_no_trace() -> None:
    off = plan_of("prod", OFF)
    traces = ("cache", "redis", "valkey", "memorystore", "networkconnectivity")
    # The CDN caches by itself, and has a page among the dashboards.
    names = [each.name for each in off.resources if not re.fullmatch(r"cdn-api-cached|.*-cache-performance", each.name)]
    assert not [name for name in names if any(trace in name for trace in traces)]
    assert len(off.named("private-services").inputs["reservedPeeringRanges"]) == 1


def test_switching_the_cache_on_later_updates_the_connection_and_replaces_nothing() -> None:
    before = {each.name: each for each in plan_of("prod", OFF).resources if each.custom}
    changed = []
    for each in plan_of("prod", ANOTHERS_WORKER).resources:
        old = before.get(each.name)
        if each.custom and old and not each.type.startswith("pulumi:") and old.inputs != each.inputs:
            difference = compare(each.type, old.inputs, each.inputs, old.inputs)
            changed.append((each.name, difference.replaces))
    # The exporters on the pooler's machines ask it too: their group takes the new machines in before the old ones go.
    assert {name for name, replaced in changed if replaced} == {"pooler-template"}
    others = {"budget", "dashboard-cache-performance", "grafana-cache-performance", "pooler-group", "pooler-template"}
    assert {name for name, _ in changed} == {"private-services", *others}


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        ({"memorySizeGb": 36}, ()),
        ({"replicaCount": 3}, ()),
        ({"redisConfigs": {"maxmemory-policy": "volatile-lru"}}, ()),
        ({"redisVersion": "REDIS_7_0"}, ("redisVersion",)),
        ({"tier": "BASIC"}, ("tier",)),
        ({"alternativeLocationId": "asia-northeast1-c"}, ("alternativeLocationId",)),
        ({"reservedIpRange": "other"}, ("reservedIpRange",)),
        ({"transitEncryptionMode": "DISABLED"}, ("transitEncryptionMode",)),
    ],
)
def test_what_replaces_redis(prod: Plan, change: dict[str, Any], replaces: tuple[str, ...]) -> None:
    inputs = prod.named("cache-redis").inputs
    assert compare(REDIS, inputs, {**inputs, **change}, inputs).replaces == replaces


def test_an_append_only_file_is_no_setting_of_redis(prod: Plan) -> None:
    cloud, inputs = Cloud.open(), prod.named("cache-redis").inputs
    wanted = {**inputs, "persistenceConfig": {"persistenceMode": "AOF"}}
    failures = cloud.check(REDIS, wanted, provider=Provider(project="triptrip-prod")).failures
    assert [failure.property for failure in failures] == ["persistenceConfig.persistenceMode"]
    cloud.close()
