"""Changes of settings reach the cloud in place: nothing that holds data is replaced or deleted."""

from typing import Any

from infra import catalog
from infra.derive.phases import in_phase
from ops.report.phases import model as phases
from ops.report.phases.journey import journey
from tests.e2e.runner import Sandbox, Step
from tests.stacks import declared

POOLER: dict[str, Any] = {
    "flags": {"cloudsql.pg_authid_select_role": "pooler"},
    "pooler": {
        "kind": "pgbouncer",
        "defaultPoolSize": 10,
        "reservePoolSize": 2,
        "reads": {"fallbackPoolSize": 3},
        "image": "asia-northeast1-docker.pkg.dev/triptrip-images/platform/pooler@sha256:" + "0123456789abcdef" * 4,
        "certificate": "pooler-certificate/1",
        "certificateAuthority": "pooler-certificate-authority/1",
    },
    "users": {"application": {"pooled": True, "connections": 0}},
}


def _destructive(steps: list[Step]) -> list[Step]:
    return [step for step in steps if step.is_stateful and step.op not in ("create", "update", "refresh")]


def _apply(sandbox: Sandbox, changes: dict[str, Any], stack: str = "prod") -> list[Step]:
    """Preview and apply changes of a stack; returns the preview's steps."""
    sandbox.configure(stack, changes)
    steps = sandbox.steps(stack)
    assert _destructive(steps) == []
    sandbox.up(stack).succeeded()
    sandbox.assert_settled(stack)
    return steps


def _by_operation(steps: list[Step]) -> dict[str, set[tuple[str, str]]]:
    """Names and types of what a preview creates, updates, deletes and replaces; a replacement is several steps."""
    found: dict[str, set[tuple[str, str]]] = {"create": set(), "update": set(), "delete": set(), "replace": set()}
    for step in steps:
        found["replace" if "replace" in step.op else step.op].add((step.name, step.type))
    return found


def _as_told(step: phases.Step) -> dict[str, set[tuple[str, str]]]:
    """What a step of the phases says, in the same form."""
    told = {"create": step.created, "update": step.updated, "delete": step.deleted, "replace": step.replaced}
    return {operation: {(each.name, each.type) for each in found} for operation, found in told.items()}


def test_the_four_phases_follow_each_other_in_place(sandbox: Sandbox) -> None:
    """PG-PHASE-1 … 4, and each step does what `python -m ops phases` says of it.

    A preview says one thing more: it does not know the address of a replica that does not exist yet, so that everything
    about the connection of the warehouse to it, its service account too, is unknown.
    """
    raw = declared("prod")
    told = journey("prod", raw)
    assert [(step.from_phase, step.to_phase) for step in told.steps] == [(1, 2), (2, 3), (3, 4)]
    sandbox.run("config", stack="prod").succeeded()
    _apply(sandbox, dict(catalog.phases()["1"]))
    assert not [name for name in sandbox.resources("prod") if name.startswith("postgres-replica-")]
    made, changed = [], []
    for step in told.steps:
        sandbox.configure("prod", {"postgres": in_phase(raw, str(step.to_phase))["postgres"]})
        previewed, steps = _by_operation(sandbox.steps("prod")), sandbox.applied("prod")
        sandbox.assert_settled("prod")
        assert _by_operation(steps) == _as_told(step)
        unknown = {("bigquery-connection-client", "gcp:projects/iAMMember:IAMMember")} if step.to_phase == 2 else set()
        assert previewed == {**_as_told(step), "replace": _as_told(step)["replace"] | unknown}
        assert step.lost == ()
        assert _destructive(steps) == []
        made.append({each.name for each in steps if each.op == "create" and each.is_stateful})
        changed.append({each.name for each in steps if each.op == "update" and each.is_stateful})
    assert made == [{"postgres-replica-b", "postgres-replica-c"}, set(), {"postgres-replica-osaka"}]
    assert changed == [set(), {"postgres-primary"}, set()]
    # The pooler's machines of the second region.
    created = {each.name for each in told.steps[-1].created} - {"postgres-replica-osaka"}
    assert {name.removesuffix("-disaster-recovery") for name in created} == {
        *("pooler-group", "pooler-template", "pooler-health-alive"),
        *(f"pooler-{part}-{end}" for part in ("address", "backend", "front", "health") for end in ("read", "write")),
    }
    osaka = sandbox.resources("prod")["postgres-replica-osaka"]
    assert "/locations/asia-northeast2/" in osaka["inputs"]["encryptionKeyName"]


def test_enterprise_becomes_enterprise_plus_in_place_and_then_names_its_recovery_replica(
    deployed_prod: Sandbox,
) -> None:
    """COR-01, REC-REGION: the recovery replica is named once it exists, in a second `up`."""
    plus = {"tier": "db-perf-optimized-N-8"}
    osaka = {"region": "asia-northeast2", "zone": "asia-northeast2-a", "tier": "db-perf-optimized-N-16"}
    steps = _apply(
        deployed_prod,
        {
            "postgres": {
                "edition": "ENTERPRISE_PLUS",
                "dataCache": True,
                "primary": {"tier": "db-perf-optimized-N-16"},
                "replicas": {"b": plus, "c": plus, "osaka": osaka},
                "backup": {"transactionLogs": "35 days"},
            }
        },
    )
    assert {(step.op, step.name) for step in steps if step.is_stateful} == {
        ("update", "postgres-primary"),
        ("update", "postgres-replica-b"),
        ("update", "postgres-replica-c"),
        ("create", "postgres-replica-osaka"),
    }
    named = _apply(deployed_prod, {"postgres": {"disasterRecoveryReplica": "osaka"}})
    assert [(step.op, step.name) for step in named if step.is_stateful] == [("update", "postgres-primary")]


def test_a_pooler_comes_before_a_running_tier_and_takes_its_names_over(deployed_dev: Sandbox) -> None:
    before = deployed_dev.resources("dev")["postgres-name-write"]["outputs"]["rrdatas"]
    steps = _apply(deployed_dev, {"postgres": POOLER}, "dev")
    replaced = {step.name for step in steps if step.op not in ("create", "update")}
    # The same secrets with another content: other names and ports, and a password.
    assert all(name.startswith("secret-version-postgres-") for name in replaced), replaced
    stateful = {step.name: step.op for step in steps if step.is_stateful}
    instances = dict.fromkeys(("postgres-primary", "postgres-replica-b", "postgres-replica-c"), "update")
    assert stateful == {**instances, "key-primary-pooler": "create"}
    resources = deployed_dev.resources("dev")
    address = resources["pooler-address-write"]["outputs"]["address"]
    assert resources["postgres-name-write"]["outputs"]["rrdatas"] == [address] != before
    assert resources["postgres-name-primary"]["outputs"]["rrdatas"] == before


def test_another_pool_size_replaces_the_machines_template_and_nothing_that_lasts(deployed_prod: Sandbox) -> None:
    steps = _apply(deployed_prod, {"postgres": {"pooler": {"defaultPoolSize": 90}}})
    replaced = {step.name for step in steps if "replace" in step.op}
    assert replaced == {"pooler-template"}
    assert [step.name for step in steps if step.op == "update"] == ["pooler-group"]
    assert not [step for step in steps if step.is_stateful]


def test_a_disk_that_grew_by_itself_is_no_change(deployed_prod: Sandbox) -> None:
    instance = "triptrip-prod-postgres-1"
    deployed_prod.cloud("edit", "gcp:sql/databaseInstance:DatabaseInstance", instance, "settings.diskSize=1500")
    deployed_prod.run("refresh", "--yes", stack="prod").succeeded()
    deployed_prod.assert_settled("prod")


def test_what_somebody_changed_in_the_console_is_shown_and_put_right(deployed_dev: Sandbox) -> None:
    instance = "triptrip-dev-postgres-1"
    kind = "gcp:sql/databaseInstance:DatabaseInstance"
    deployed_dev.cloud("edit", kind, instance, "settings.availabilityType=ZONAL")
    schedule = ("gcp:cloudscheduler/job:Job", "triptrip-dev-schema-postgres-maintenance")
    deployed_dev.cloud("edit", *schedule, "paused=true")
    shown = deployed_dev.run(
        "refresh", "--preview-only", "--diff", "--expect-no-changes", "--non-interactive", stack="dev"
    ).failed()
    assert "availabilityType" in shown.output
    assert "paused" in shown.output
    deployed_dev.up("dev", "--refresh").succeeded()
    assert '"availabilityType": "REGIONAL"' in deployed_dev.cloud("show", kind, instance)
    assert '"paused": false' in deployed_dev.cloud("show", *schedule)
    deployed_dev.assert_settled("dev")


def test_a_setting_that_needs_a_new_instance_is_refused_by_the_guards(deployed_prod: Sandbox) -> None:
    deployed_prod.configure("prod", {"project": {"generation": 2}})
    before = deployed_prod.resources("prod")
    for command in (["preview"], ["up", "--yes"]):
        deployed_prod.run(*command, stack="prod").failed("key-ring-primary", "protect")
    assert deployed_prod.resources("prod") == before
