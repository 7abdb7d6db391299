"""What the stacks declare of search: who reaches it, in which order, what is kept and what leaves no trace."""

from typing import Any

from infra.derive.phases import lay_over
from infra.settings import load
from sandbox.plan import Plan
from sandbox.plan.run import plan_settings
from tests.plans import plan_of
from tests.stacks import declared


def changed(stack: str = "prod", **over: Any) -> Plan:
    raw = declared(stack)
    alone = {key: raw[key] for key in ("project", "network", "encryption", "elasticsearch")}
    return plan_settings(load(lay_over(alone, over)), stack)


def deployment(plan: Plan) -> dict[str, Any]:
    return plan.named("elasticsearch-deployment").inputs


def after(plan: Plan, name: str) -> set[str]:
    return set(plan.named(name).options["dependsOn"])


def test_the_deployment_is_never_without_the_endpoints_filter(plan: Plan) -> None:
    source = plan.named("elasticsearch-filter-endpoint")
    assert source.inputs["type"] == "gcp_private_service_connect_endpoint"
    assert source.inputs["includeByDefault"] is False
    assert len(source.inputs["rules"]) == 1
    assert source.inputs["rules"][0]["source"].isdigit()
    assert deployment(plan)["trafficFilters"] == [source.identifier]
    assert {"elasticsearch-filter-endpoint"} <= after(plan, "elasticsearch-deployment")
    assert {"endpoint-elasticsearch"} <= after(plan, "elasticsearch-filter-endpoint")
    assert not plan.of_type("TrafficFilterAssociation")


def test_nobody_comes_in_over_the_internet_unless_named(plan: Plan) -> None:
    assert [each.name for each in plan.of_type("DeploymentTrafficFilter")] == ["elasticsearch-filter-endpoint"]


def test_operators_come_in_from_the_ranges_that_are_named() -> None:
    plan = changed(elasticsearch={"kibanaRanges": ["203.0.113.8/29", "198.51.100.7/32"]})
    operators = plan.named("elasticsearch-filter-operators")
    assert operators.inputs["type"] == "ip"
    assert [rule["source"] for rule in operators.inputs["rules"]] == ["198.51.100.7/32", "203.0.113.8/29"]
    assert len(deployment(plan)["trafficFilters"]) == 2
    assert operators.identifier in deployment(plan)["trafficFilters"]


def test_the_partners_names_lead_to_the_endpoint_in_our_network_alone(plan: Plan) -> None:
    zone, record = plan.named("elasticsearch-zone").inputs, plan.named("elasticsearch-names").inputs
    assert (zone["visibility"], zone["dnsName"]) == ("private", "psc.asia-northeast1.gcp.cloud.es.io.")
    assert len(zone["privateVisibilityConfig"]["networks"]) == 1
    assert record["name"] == "*.psc.asia-northeast1.gcp.cloud.es.io."
    assert record["rrdatas"][0].startswith("10.")
    assert plan.named("endpoint-elasticsearch").inputs["loadBalancingScheme"] == ""


def test_japanese_is_always_analysed(plan: Plan) -> None:
    assert deployment(plan)["elasticsearch"]["config"]["plugins"] == ["analysis-icu", "analysis-kuromoji"]


def test_the_size_is_fixed_and_what_a_program_must_not_keep_is_absent(plan: Plan) -> None:
    cluster = deployment(plan)["elasticsearch"]
    assert (cluster["autoscale"], cluster["hot"]["autoscaling"]) == (False, {})
    assert {"snapshot", "snapshotSource", "keystoreContents", "warm", "ml"}.isdisjoint(cluster)
    assert "ignoreChanges" not in plan.named("elasticsearch-deployment").options
    assert not plan.of_type("SnapshotRepository")


def test_a_limit_lets_elastic_enlarge_the_hot_tier_and_no_other() -> None:
    plan = changed(elasticsearch={"hot": {"limit": "64 GB"}})
    cluster = deployment(plan)["elasticsearch"]
    assert cluster["autoscale"] is True
    assert cluster["hot"]["autoscaling"] == {"maxSize": "64g", "maxSizeResource": "memory"}
    assert {
        tier: cluster[tier]["autoscaling"]["maxSize"] for tier in ("warm", "cold", "frozen", "ml")
    } == dict.fromkeys(("warm", "cold", "frozen", "ml"), "0g")
    assert plan.named("elasticsearch-deployment").options["ignoreChanges"] == ["elasticsearch.hot.size"]


def test_the_bucket_is_private_encrypted_and_recoverable(plan: Plan) -> None:
    bucket = plan.named("elasticsearch-snapshot-bucket")
    assert bucket.inputs["publicAccessPrevention"] == "enforced"
    assert bucket.inputs["uniformBucketLevelAccess"] is True
    assert bucket.inputs["encryption"]["defaultKmsKeyName"].endswith("/cryptoKeys/elasticsearch-snapshots")
    assert bucket.inputs["softDeletePolicy"]["retentionDurationSeconds"] >= 7 * 86_400
    assert bucket.inputs["location"] == "asia-northeast1"
    assert {"key-grant-primary-elasticsearch-snapshots", "service-storage"} <= set(bucket.options["dependsOn"])


def test_nothing_deletes_or_freezes_the_files_of_a_repository(plan: Plan) -> None:
    bucket = plan.named("elasticsearch-snapshot-bucket").inputs
    assert "retentionPolicy" not in bucket
    assert [rule["action"]["type"] for rule in bucket["lifecycleRules"]] == ["AbortIncompleteMultipartUpload"]


def test_the_key_opens_the_bucket_and_nothing_else(plan: Plan) -> None:
    grants = [each for each in plan.resources if "snapshots-triptrip" in str(each.inputs.get("member"))]
    assert [(each.name, each.inputs["role"]) for each in grants] == [
        ("elasticsearch-snapshot-grant", "roles/storage.objectAdmin")
    ]
    credentials = plan.named("elasticsearch-snapshot-credentials")
    assert credentials.inputs["asFile"] is True
    assert credentials.inputs["value"] == "[secret]"
    assert {"elasticsearch-deployment", "elasticsearch-snapshot-grant"} <= set(credentials.options["dependsOn"])


def test_raising_the_generation_gives_another_key() -> None:
    plan = changed(elasticsearch={"snapshots": {"keyGeneration": 2}})
    key = plan.named("elasticsearch-snapshot-key")
    assert key.inputs["keepers"] == {"generation": "2"}
    assert not key.options.get("protect")


def test_clients_read_the_endpoint_and_nobody_the_password(plan: Plan) -> None:
    readers = {
        each.name
        for each in plan.of_type("SecretIamMember")
        if "elasticsearch" in each.name and "api-key" not in each.name
    }
    assert readers == {
        "secret-reader-elasticsearch-endpoint-application",
        "secret-reader-elasticsearch-endpoint-indexer",
    }
    assert plan.named("secret-version-elasticsearch-operator").inputs["secretData"] == "[secret]"
    assert "elasticsearchPassword" in plan.named("elasticsearch-deployment").options["additionalSecretOutputs"]


def test_the_store_waits_for_no_other(plan: Plan) -> None:
    ours = [each for each in plan.resources if each.name.startswith(("elasticsearch-", "endpoint-elasticsearch"))]
    assert ours
    others = {name for each in ours for name in each.options.get("dependsOn", [])}
    assert not [name for name in others if name.startswith(("postgres", "cache", "mongodb", "timescale", "private-"))]


def test_the_guards_follow_the_project() -> None:
    guarded = changed("dev").named("elasticsearch-snapshot-bucket")
    assert (guarded.options["protect"], guarded.inputs["deletionPolicy"]) == (True, "PREVENT")
    plan = changed("dev", project={"deletionGuards": False})
    bucket = plan.named("elasticsearch-snapshot-bucket").inputs
    assert (bucket["forceDestroy"], bucket["deletionPolicy"]) == (True, "DELETE")
    assert not [each.name for each in plan.resources if each.options.get("protect")]


def test_without_snapshots_there_is_no_key_and_no_bucket() -> None:
    plan = changed(elasticsearch={"snapshots": None})
    assert not [each.name for each in plan.resources if each.name.startswith("elasticsearch-snapshot")]
    assert not plan.of_type("serviceaccount/key:Key")


def test_off_leaves_no_trace() -> None:
    plan = plan_of("prod", {"elasticsearch": None, "recovery": None})
    assert not [each.name for each in plan.resources if "elastic" in each.name or each.type.startswith("ec:")]
    assert not [each.name for each in plan.resources if each.name == "service-storage"]


def test_the_inventory_says_what_there_is(plan: Plan) -> None:
    record = next(each for each in plan.outputs["inventory"] if each["store"] == "elasticsearch")
    assert record["version"] == "8.19.21"
    assert record["highAvailability"] == "3 zones"
    assert record["endpoints"]["search"].endswith(".es.psc.asia-northeast1.gcp.cloud.es.io:443")
    assert "gs://" in record["backup"]
