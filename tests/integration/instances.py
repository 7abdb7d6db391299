"""The instances that the stacks would have on a tier: flags as the program derives them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from infra import catalog
from infra.derive import budgets
from infra.derive.flags import FlagValue
from infra.derive.names import names_for
from infra.derive.postgres import postgres_plan
from infra.derive.tiers import Tier, parse_tier
from infra.settings import Settings
from infra.settings.postgres import PostgresSettings
from infra.settings.units import Size
from tests.stacks import settings_of

STACKS = ("dev", "prod")
_SIZES: Mapping[str, int] = {"work_mem": 64, "maintenance_work_mem": 1024, "autovacuum_work_mem": 1024}
"""Flags that a stack writes as sizes for its own machine, with the least that PostgreSQL takes, in kB."""

_LEAST_CONNECTIONS = 25


@dataclass(frozen=True)
class Instance:
    """One instance of a plan."""

    role: str
    flags: tuple[tuple[str, str], ...]
    is_scaled: bool


def tiers() -> tuple[str, ...]:
    """Every tier of the catalogue: the fixed ones, and of the custom ones the bounds of its rule and what is in use."""
    rule = catalog.custom_tier_rule()
    step, most = rule.memory_multiple_mib, rule.maximum_vcpus
    least = -(-most * rule.minimum_memory_per_vcpu_mib // step) * step
    custom = (
        (1, rule.minimum_memory_mib),
        (1, rule.maximum_memory_per_vcpu_mib // step * step),
        (2, rule.minimum_memory_mib),
        (2, 7680),
        (8, 30720),
        (16, 61440),
        (most, least),
        (most, min(rule.maximum_memory_mib, most * rule.maximum_memory_per_vcpu_mib)),
    )
    return (*catalog.fixed_tiers(), *(f"db-custom-{vcpus}-{memory}" for vcpus, memory in custom))


def instances_on(name: str) -> Iterator[Instance]:
    """The primary and a replica of every stack on a tier, each once though several are alike.

    What a stack writes for a machine that this tier cannot hold is scaled by memory, as a person would write it there.
    """
    seen: set[tuple[tuple[str, str], ...]] = set()
    for stack in STACKS:
        settings, postgres = _stack(stack)
        plan, is_scaled = _planned(postgres, settings, parse_tier(name))
        for role, flags in plan:
            if flags not in seen:
                seen.add(flags)
                yield Instance(f"{stack} {role}", flags, is_scaled)


def _planned(
    postgres: PostgresSettings, settings: Settings, tier: Tier
) -> tuple[tuple[tuple[str, tuple[tuple[str, str], ...]], ...], bool]:
    """(role, flags) of the primary and of one replica, and whether they had to be scaled."""
    own = parse_tier(postgres.primary.tier)
    wanted = postgres
    if is_scaled := not _fits(postgres, tier):
        share = tier.memory_mib / own.memory_mib
        wanted = postgres.model_copy(
            update={
                "flags": _scaled(postgres.flags, share),
                "replica_flags": _scaled(postgres.replica_flags, share),
            }
        )
        assert _fits(wanted, tier), tier.name
    moved = wanted.model_copy(
        update={
            "edition": tier.edition,
            "primary": wanted.primary.model_copy(update={"tier": tier.name}),
            "replicas": {
                key: replica.model_copy(update={"tier": tier.name}) for key, replica in wanted.replicas.items()
            },
        }
    )
    plan = postgres_plan(moved, settings, names_for(settings.project))
    replicas = [(f"replica {replica.key}", replica.flags) for replica in plan.replicas]
    return (("primary", plan.primary.flags), *replicas), is_scaled


def _fits(postgres: PostgresSettings, tier: Tier) -> bool:
    """Whether the program would accept the memory of the primary and of a replica on this tier."""
    both = (postgres.flags, {**postgres.flags, **postgres.replica_flags})
    every = [budgets.memory_budget(wanted, postgres.version, tier) for wanted in both]
    return all(budget.needed <= budget.available for budget in every)


def _scaled(wanted: Mapping[str, FlagValue], share: float) -> dict[str, FlagValue]:
    """Sizes and connections of a machine with a share of the memory."""
    scaled = dict(wanted)
    for name, least in _SIZES.items():
        if name in wanted:
            scaled[name] = f"{max(least, int(Size.parse(str(wanted[name])).bytes / 1024 * share))} kB"
    if "max_connections" in wanted:
        scaled["max_connections"] = max(_LEAST_CONNECTIONS, int(int(wanted["max_connections"]) * min(share, 1.0)))
    return scaled


@cache
def _stack(stack: str) -> tuple[Settings, PostgresSettings]:
    settings = settings_of(stack)
    assert settings.postgres is not None
    return settings, settings.postgres
