"""A failover from start to end: Google's API and the cloud are simulated, the engine is the real one."""

from dataclasses import replace
from pathlib import Path

from ops.failover.region import failover_region
from ops.pulumi import Pulumi
from ops.recovery.steps import Watcher
from tests.e2e.runner import Sandbox
from tests.ops.adoption.engines import OSAKA
from tests.ops.failover.world import NAME, PROJECT, ZONE, World


def test_the_second_region_takes_over_and_a_deployment_of_the_rest_settles(tier: Sandbox, tmp_path: Path) -> None:
    with World(tmp_path / "world", state="FAILED") as world:
        address = tier.resources("prod")["postgres-replica-osaka"]["outputs"]["privateIpAddress"]
        world.sql.instances[PROJECT, OSAKA]["ipAddresses"][0]["ipAddress"] = address

        def both_clouds(step: str) -> None:
            """What Google's API has done is done in the cloud that the engine sees, and the other way round."""
            if step == "promote":
                tier.cloud("promote", OSAKA)
            if step == "names":
                found = tier.resources("prod")["postgres-name-primary"]["outputs"]["rrdatas"]
                world.dns.add_zone(PROJECT, ZONE, "prod.triptrip.internal", {NAME: found})

        means = replace(world.means, engine=lambda _: Pulumi("sandbox/pulumi", "prod"))
        run = world.perform(failover_region(means), {}, Watcher(after=both_clouds))
        assert run.journal.has_ended
    resources = tier.resources("prod")
    pooler = resources["pooler-address-write-disaster-recovery"]["outputs"]["address"]
    assert resources["postgres-name-write"]["outputs"]["rrdatas"] == [pooler]
    readers = resources["postgres-name-replicas"]
    assert (readers["outputs"]["rrdatas"], readers["protect"]) == ([address], True)
    primary = resources["postgres-primary"]["outputs"]["settings"]
    assert (primary["availabilityType"], primary["backupConfiguration"]["enabled"]) == ("REGIONAL", True)
    steps = tier.steps("prod")
    assert not [step.name for step in steps if step.is_stateful]
    tier.up("prod").succeeded()
    tier.assert_settled("prod")
