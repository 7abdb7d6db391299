"""A promoted, cloned or switched primary: the next deployment would replace it, unless it was adopted.

gcp.md's promotion trap (magic-modules#7190), with the real engine on the simulated cloud.
"""

from typing import Any

import pytest
from typer.testing import CliRunner

from ops.__main__ import application
from ops.adoption import Adoption, AdoptionError
from ops.adoption.stack import Stack
from ops.pulumi import Pulumi
from tests.e2e.conftest import seen
from tests.e2e.runner import Result, Sandbox

KIND = "gcp:sql/databaseInstance:DatabaseInstance"
OLD = "triptrip-prod-postgres-1"
OSAKA = "triptrip-prod-postgres-replica-osaka-1"
CLONE = "triptrip-prod-postgres-restored-1"


class _KilledError(BaseException):
    """The process is gone."""


def ops(sandbox: Sandbox, *words: str) -> Result:
    more = ["--folder", str(sandbox.folder / "adoptions"), "--yes-really", "prod"] if words[0] == "adopt" else []
    done = CliRunner().invoke(application, [*words, "--stack", "prod", "--pulumi", "sandbox/pulumi", *more])
    return Result(done.exit_code, done.output, done.stdout)


def instances(sandbox: Sandbox) -> dict[str, str]:
    """Names of the instances of the state, by their names in the program."""
    found = sandbox.resources("prod").items()
    return {name: each["outputs"]["name"] for name, each in found if each["type"] == KIND}


def known(sandbox: Sandbox) -> list[tuple[Any, ...]]:
    """What the state has, without what is encrypted anew whenever it is written."""
    keys = ("urn", "id", "protect", "dependencies", "parent")
    return [tuple(each.get(key) for key in keys) for each in sandbox.deployment("prod")["resources"]]


def address(sandbox: Sandbox) -> str:
    found: str = sandbox.resources("prod")["postgres-primary"]["outputs"]["privateIpAddress"]
    return found


def settled(sandbox: Sandbox) -> None:
    sandbox.up("prod").succeeded()
    sandbox.assert_settled("prod")
    sandbox.run("preview", "--refresh", "--expect-no-changes", stack="prod").succeeded()


def exists(sandbox: Sandbox, *names: str) -> bool:
    listed = sandbox.cloud("list")
    return all(f"/instances/{name}\n" in listed for name in names)


def test_the_trap_without_adoption_is_refused(tier: Sandbox) -> None:
    tier.cloud("promote", OSAKA)
    tier.run("refresh", "--yes", "--skip-preview", stack="prod").succeeded()
    tier.run("preview", stack="prod").failed("unable to replace resource", "postgres-replica-osaka")
    assert ops(tier, "gate").code == 1
    # Nor without the engine's own guard: the gate names what would be lost.
    tier.run("state", "unprotect", "--all", "--yes", stack="prod").succeeded()
    tier.configure("prod", {"project": {"environment": "staging", "deletionGuards": False}})
    said = ops(tier, "gate")
    assert said.code == 1
    assert "postgres-replica-osaka: would be replaced" in said.output


def test_a_promoted_replica_is_adopted_and_deployed_in_place(tier: Sandbox) -> None:
    tier.cloud("promote", OSAKA)
    said = ops(tier, "adopt", "--instance", OSAKA).succeeded().output
    assert f"{OLD} is managed by nobody any more: it stays in the cloud" in said
    assert instances(tier) == {"postgres-primary": OSAKA}
    stateful = {step.name: step.op for step in tier.steps("prod") if step.is_stateful}
    assert stateful == {"postgres-primary": "update"}
    settled(tier)
    assert exists(tier, OLD, OSAKA, "triptrip-prod-postgres-replica-b-1", "triptrip-prod-postgres-replica-c-1")
    resources = tier.resources("prod")
    assert resources["postgres-name-primary"]["outputs"]["rrdatas"] == [address(tier)]
    pooler = resources["pooler-address-write-disaster-recovery"]["outputs"]["address"]
    assert resources["postgres-name-write"]["outputs"]["rrdatas"] == [pooler]
    primary = resources["postgres-primary"]["outputs"]
    assert (primary["region"], primary["settings"]["availabilityType"]) == ("asia-northeast2", "REGIONAL")
    assert primary["settings"]["backupConfiguration"]["pointInTimeRecoveryEnabled"] is True
    users = {each["inputs"]["instance"] for each in resources.values() if each["type"] == "gcp:sql/user:User"}
    assert users == {OSAKA}


def test_adopting_again_and_again_changes_nothing(tier: Sandbox) -> None:
    tier.cloud("promote", OSAKA)
    ops(tier, "adopt", "--instance", OSAKA).succeeded()
    settled(tier)
    before = (known(tier), _settings())
    assert "already" in ops(tier, "adopt", "--instance", OSAKA).succeeded().output
    assert (known(tier), _settings()) == before


def test_the_way_back_is_a_replica_in_the_old_region_and_another_adoption(tier: Sandbox) -> None:
    tier.cloud("promote", OSAKA)
    ops(tier, "adopt", "--instance", OSAKA).succeeded()
    settled(tier)
    tokyo = {"tier": "db-custom-16-61440", "zone": "asia-northeast1-b"}
    tier.configure("prod", {"postgres": {"replicas": {"tokyo": tokyo}}})
    settled(tier)
    back = "triptrip-prod-postgres-replica-tokyo-1"
    assert instances(tier) == {"postgres-primary": OSAKA, "postgres-replica-tokyo": back}
    tier.cloud("promote", back)
    ops(tier, "adopt", "--instance", back).succeeded()
    settled(tier)
    assert instances(tier) == {"postgres-primary": back}
    assert "region" not in _settings()["primary"]
    assert exists(tier, OLD, OSAKA, back)


def test_a_clone_is_adopted_and_its_replicas_are_made_anew(tier: Sandbox) -> None:
    tier.cloud("clone", OLD, CLONE)
    ops(tier, "adopt", "--instance", CLONE).succeeded()
    steps = tier.steps("prod")
    stateful = {step.name: step.op for step in steps if step.is_stateful}
    assert stateful == {f"postgres-replica-{key}": "create" for key in ("b", "c", "osaka")}
    settled(tier)
    assert instances(tier)["postgres-primary"] == CLONE
    assert exists(tier, OLD, CLONE, OSAKA, "triptrip-prod-postgres-replica-osaka-1-2")
    assert tier.resources("prod")["postgres-name-primary"]["outputs"]["rrdatas"] == [address(tier)]


def test_after_a_switchover_both_stay_in_the_state(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    seen(sandbox, monkeypatch)
    small, large = "db-perf-optimized-N-8", "db-perf-optimized-N-16"
    osaka = {"region": "asia-northeast2", "zone": "asia-northeast2-a", "tier": large}
    replicas = {"b": {"tier": small}, "c": {"tier": small}, "osaka": osaka}
    plus: dict[str, Any] = {"edition": "ENTERPRISE_PLUS", "primary": {"tier": large}, "replicas": replicas}
    sandbox.run("config", stack="prod").succeeded()
    sandbox.configure("prod", {"postgres": plus})
    sandbox.up("prod").succeeded()
    sandbox.configure("prod", {"postgres": {"disasterRecoveryReplica": "osaka"}})
    settled(sandbox)
    before = instances(sandbox)
    for live in (OSAKA, OLD):
        sandbox.cloud("switch-over", live)
        ops(sandbox, "adopt", "--instance", live).succeeded()
        settled(sandbox)
        assert instances(sandbox)["postgres-primary"] == live
        assert set(instances(sandbox).values()) == set(before.values())


def test_an_instance_that_is_not_there_leaves_everything_as_it_was(tier: Sandbox) -> None:
    before = (known(tier), _settings())
    said = ops(tier, "adopt", "--instance", CLONE).failed("the cloud has no instance", "as they were")
    assert CLONE in said.output
    assert (known(tier), _settings()) == before
    tier.assert_settled("prod")


def test_a_death_between_any_two_steps_is_survived(tier: Sandbox) -> None:
    """Each run dies at the step after the one where the run before it died."""
    tier.cloud("promote", OSAKA)
    engine, folder = Pulumi("sandbox/pulumi", "prod"), tier.folder / "adoptions"
    told: list[str] = []

    def until(words: str) -> None:
        def tell(step: str) -> None:
            told.append(step)
            if words in step:
                raise _KilledError

        Adoption(engine, OSAKA, folder, tell).run()

    for words in ("read the instances", "primary.region", "in the primary's place", "read the new primary", "preview"):
        with pytest.raises(_KilledError):
            until(words)
    ops(tier, "adopt", "--instance", OSAKA).succeeded()
    assert instances(tier) == {"postgres-primary": OSAKA}
    settled(tier)


def test_an_engine_that_is_killed_in_the_middle_is_survived(tier: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    tier.cloud("promote", OSAKA)
    trouble = tier.folder / "kill.json"
    trouble.write_text('{"events": [{"match": {"type": "*User", "operation": "read", "nth": 2}, "do": "kill"}]}')
    monkeypatch.delenv("PULUMI_SKIP_CHECKPOINTS")
    monkeypatch.setenv("TRIPTRIP_CLOUD_TROUBLE", str(trouble))
    killing = "bash -c 'TRIPTRIP_ENGINE_PID=$$ exec sandbox/pulumi \"$@\"' _"
    adoption = Adoption(Pulumi(killing, "prod"), OSAKA, tier.folder / "adoptions", lambda _: None)
    with pytest.raises(AdoptionError):
        adoption.run()
    monkeypatch.delenv("TRIPTRIP_CLOUD_TROUBLE")
    tier.run("cancel", "--yes", stack="prod")
    ops(tier, "adopt", "--instance", OSAKA).succeeded()
    assert instances(tier) == {"postgres-primary": OSAKA}
    settled(tier)


def _settings() -> dict[str, Any]:
    found: dict[str, Any] = Stack(Pulumi("sandbox/pulumi", "prod")).settings()["postgres"]
    return found
