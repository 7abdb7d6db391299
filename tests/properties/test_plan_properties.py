"""Any settings the models and the derivation accept give a plan that the simulated cloud accepts."""

from hypothesis import HealthCheck, given, settings

from infra.derive.budgets import connection_budget, memory_budget
from infra.derive.flags import render_all
from infra.derive.postgres import replica_flags
from infra.derive.tiers import parse_tier
from infra.settings import Settings
from sandbox.plan.run import plan_settings
from tests.properties.strategies import buildable_settings


def _at_creation(chosen: Settings) -> Settings:
    """The same settings without the recovery replica, which can be named only once it exists."""
    if chosen.postgres is None:
        return chosen
    postgres = chosen.postgres.model_copy(update={"disaster_recovery_replica": None})
    return chosen.model_copy(update={"postgres": postgres})


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(buildable_settings())
def test_accepted_settings_give_a_plan_the_cloud_accepts(chosen: Settings) -> None:
    plan = plan_settings(_at_creation(chosen), "prod")
    instances = plan.of_type("DatabaseInstance")
    assert len(instances) == (1 + len(chosen.postgres.replicas) if chosen.postgres else 0)
    for instance in instances:
        assert instance.options.get("protect", False) == chosen.project.deletion_guards
        assert chosen.postgres is not None
        assert instance.inputs["settings"]["edition"] == chosen.postgres.edition


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(buildable_settings())
def test_every_instance_fits_its_own_memory_and_connections(chosen: Settings) -> None:
    postgres = chosen.postgres
    if postgres is None:
        return
    machines = [(postgres.primary.tier, postgres.flags, True)]
    machines += [(each.tier, replica_flags(postgres, each), False) for each in postgres.replicas.values()]
    for name, wanted, is_primary in machines:
        tier = parse_tier(name)
        memory = memory_budget(wanted, postgres.version, tier)
        assert memory.needed <= tier.memory_mib
        assert (
            connection_budget(postgres, is_primary=is_primary, maximum=memory.connections).needed <= memory.connections
        )
        rendered = render_all(wanted, postgres.version, tier)
        assert [flag for flag, _ in rendered] == sorted(wanted)
