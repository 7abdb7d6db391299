"""The invalidation worker's service in the stacks' plans: who reaches it, what it reaches, and what it may do."""

from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.plan import Plan, PlanError
from sandbox.plan.recorder import PlannedResource
from tests.plans import plan_of

VALKEY: dict[str, Any] = {
    "cache": {
        "engine": "valkey",
        "redis": None,
        "valkey": {
            "version": "VALKEY_8_0",
            "appendSync": "EVERY_SEC",
            "backup": {"time": "02:00 Asia/Tokyo", "retained": "7 days"},
        },
    },
    "recovery": None,
}


def worker(plan: Plan) -> PlannedResource:
    return plan.named("invalidation-worker")


def container(plan: Plan, name: str = "worker") -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in worker(plan).inputs["template"]["containers"] if each["name"] == name)
    return found


def told(plan: Plan) -> dict[str, Any]:
    return {each["name"]: each.get("value") or each.get("valueSource") for each in container(plan)["envs"]}


def test_nobody_on_the_internet_reaches_it_and_one_account_may_call_it(plan: Plan) -> None:
    assert worker(plan).inputs["ingress"] == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    assert worker(plan).inputs["invokerIamDisabled"] is False
    [invoker] = plan.of_type("ServiceIamMember")
    assert invoker.inputs["role"] == "roles/run.invoker"
    assert invoker.inputs["member"] == f"serviceAccount:{told(plan)['PUSH_ACCOUNT']}"
    assert invoker.inputs["name"] == worker(plan).inputs["name"]


def test_events_are_posted_to_it_as_the_account_for_the_audience_that_it_expects(plan: Plan) -> None:
    push = plan.named("invalidation-subscription").inputs["pushConfig"]
    assert push["pushEndpoint"].startswith(f"https://{worker(plan).inputs['name']}-")
    assert push["oidcToken"]["audience"] == told(plan)["PUSH_AUDIENCE"]
    assert [push["oidcToken"]["audience"]] == worker(plan).inputs["customAudiences"]
    assert push["oidcToken"]["serviceAccountEmail"] == told(plan)["PUSH_ACCOUNT"]
    assert {"invalidation-worker", "invalidation-worker-invoker", "invalidation-push-signer"} <= set(
        plan.named("invalidation-subscription").options["dependsOn"]
    )


def test_a_request_may_take_as_long_as_pubsub_waits(plan: Plan) -> None:
    deadline = plan.named("invalidation-subscription").inputs["ackDeadlineSeconds"]
    assert worker(plan).inputs["template"]["timeout"] == f"{deadline}s"


def test_the_cache_lets_it_in_by_a_secret_and_is_known_by_its_authority(plan: Plan) -> None:
    reference = told(plan)["REDIS_AUTH"]["secretKeyRef"]
    # The number of the version: a new password is a new revision, while latest would be read by new instances alone.
    assert reference == {
        "secret": f"{worker(plan).inputs['name'].removesuffix('invalidator')}cache-auth",
        "version": "1",
    }
    [volume] = worker(plan).inputs["template"]["volumes"]
    [mount] = container(plan)["volumeMounts"]
    assert volume["name"] == mount["name"]
    assert told(plan)["REDIS_CA"] == f"{mount['mountPath']}/{volume['secret']['items'][0]['path']}"
    assert told(plan)["REDIS_PORT"] == "6378"
    assert {"secret-version-cache-auth", "secret-reader-cache-auth-invalidator", "cache-redis"} <= set(
        worker(plan).options["dependsOn"]
    )


def test_valkey_lets_it_in_by_its_account() -> None:
    plan = plan_of("dev", VALKEY)
    assert "REDIS_AUTH" not in told(plan)
    assert told(plan)["REDIS_SIGN_IN"] == "iam"
    way = plan.named("invalidation-worker-egress-cache").inputs
    assert way["destinationRanges"] == [plan.named("subnet-primary").inputs["ipCidrRange"]]


def test_it_is_let_out_to_the_cache_and_to_google_alone(plan: Plan) -> None:
    tag = worker(plan).inputs["template"]["vpcAccess"]["networkInterfaces"][0]["tags"]
    ways = [each.inputs for each in plan.of_type("compute/firewall:Firewall") if each.inputs.get("targetTags") == tag]
    ports = {port for way in ways for allow in way.get("allows", []) for port in allow["ports"]}
    assert ports == {"443", told(plan)["REDIS_PORT"]}
    assert [way["destinationRanges"] for way in ways if way.get("denies") == [{"protocol": "all"}]] == [["0.0.0.0/0"]]
    assert worker(plan).inputs["template"]["vpcAccess"]["egress"] == "ALL_TRAFFIC"
    names = {f"invalidation-worker-egress-{name}" for name in ("cache", "google", "refused")}
    assert names <= set(worker(plan).options["dependsOn"])


def test_of_the_cdn_it_may_empty_caches_and_change_nothing(plan: Plan) -> None:
    permissions = plan.named("invalidation-worker-purge-role").inputs["permissions"]
    assert "compute.urlMaps.invalidateCache" in permissions
    assert {each.rpartition(".")[2] for each in permissions} == {"get", "invalidateCache"}
    assert told(plan)["CDN_URL_MAP"] == plan.named("cdn-routes").inputs["name"]


@pytest.mark.parametrize("changes", [{"cdn": None}, {"invalidation": {"service": {"purgeCdn": False}}}])
def test_without_a_cdn_it_has_no_right_to_one(changes: dict[str, Any]) -> None:
    plan = plan_of("dev", changes)
    assert told(plan)["CDN_URL_MAP"] is None
    assert not [each for each in plan.resources if each.name.startswith("invalidation-worker-purge")]


def test_both_containers_keep_their_processor_and_the_figures_are_taken_beside_it(plan: Plan) -> None:
    assert container(plan, "collector")["dependsOns"] == ["worker"]
    for name in ("worker", "collector"):
        assert container(plan, name)["resources"]["cpuIdle"] is False
    assert plan.named("invalidation-worker-figures").inputs["role"] == "roles/monitoring.metricWriter"


def test_a_new_image_is_a_new_revision_in_place() -> None:
    cloud = Cloud.open()
    before = worker(plan_of("dev", {}, cloud))
    image = before.inputs["template"]["containers"][0]["image"][:-1] + "0"
    after = worker(plan_of("dev", {"invalidation": {"service": {"image": image}}}))
    difference = cloud.diff(before.type, before.inputs, after.inputs, {})
    assert [change.text for change in difference.changes] == ["template.containers[0].image"]
    assert not difference.replaces


def test_a_plan_whose_account_may_not_call_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.components.invalidation._INVOKER", "roles/run.viewer")
    with pytest.raises(PlanError, match=r"no account with roles/run\.invoker signs them"):
        plan_of("dev", {})


def test_a_plan_whose_audience_it_does_not_expect_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.derive.invalidation.audience", lambda *_: "https://elsewhere.example")
    with pytest.raises(PlanError, match="neither its address nor one of its custom audiences"):
        plan_of("dev", {})
