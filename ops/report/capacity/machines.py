"""The machines of Cloud SQL that a change is looked for among: fixed ones by name, custom ones in steps."""

import math
from collections.abc import Iterator
from contextlib import suppress

from infra import catalog
from infra.catalog.capacity_rows import machines
from infra.derive.tiers import Tier, UnknownTierError, parse_tier

_MIB = 1024


def in_part(replica: Tier, old: Tier, new: Tier) -> Tier | None:
    """The machine of a replica that is as large a part of the new primary as it was of the old one."""
    vcpus = replica.vcpus * new.vcpus / old.vcpus
    memory_gb = replica.memory_mib / _MIB * new.memory_mib / old.memory_mib
    if replica.edition != catalog.custom_tier_rule().edition:
        return smallest(replica.edition, vcpus, memory_gb)
    # Any even number, so that half stays half over several changes.
    memory_mib = round_up(memory_gb * _MIB, catalog.custom_tier_rule().memory_multiple_mib)
    return _machine_of(round_up(vcpus, 2) if vcpus > 1 else 1, memory_mib)


def smallest(edition: str, vcpus: float, memory_gb: float) -> Tier | None:
    """The smallest machine of an edition with that much."""
    sizes = _custom(memory_gb) if edition == catalog.custom_tier_rule().edition else _fixed(edition)
    return next((tier for tier in sizes if tier.vcpus >= vcpus and tier.memory_mib >= memory_gb * _MIB), None)


def offered(edition: str) -> Iterator[Tier]:
    """Every machine of an edition, custom ones with each memory that they can have in steps."""
    if edition != catalog.custom_tier_rule().edition:
        yield from _fixed(edition)
        return
    step = machines().step_gb
    for vcpus in machines().vcpus:
        most = vcpus * catalog.custom_tier_rule().maximum_memory_per_vcpu_mib // _MIB
        found = (_machine_of(vcpus, memory_gb * _MIB) for memory_gb in range(step, most + step, step))
        yield from {tier.name: tier for tier in found if tier}.values()


def round_up(amount: float, step: int) -> int:
    """The next multiple of a step."""
    return math.ceil(amount / step) * step


def _fixed(edition: str) -> Iterator[Tier]:
    rows = {name: row for name, row in catalog.fixed_tiers().items() if row.edition == edition}
    yield from (parse_tier(name) for name, _ in sorted(rows.items(), key=lambda row: row[1].vcpus))


def _custom(memory_gb: float) -> Iterator[Tier]:
    """Custom machines by vCPU, each with that memory or the nearest that it can have."""
    wanted = round_up(memory_gb * _MIB, machines().step_gb * _MIB)
    for vcpus in machines().vcpus:
        if machine := _machine_of(vcpus, wanted):
            yield machine


def _machine_of(vcpus: int, memory_mib: int) -> Tier | None:
    rule = catalog.custom_tier_rule()
    least = max(rule.minimum_memory_mib, vcpus * rule.minimum_memory_per_vcpu_mib)
    most = min(rule.maximum_memory_mib, vcpus * rule.maximum_memory_per_vcpu_mib)
    step = rule.memory_multiple_mib
    memory = min(max(memory_mib, round_up(least, step)), most // step * step)
    with suppress(UnknownTierError):
        return parse_tier(f"db-custom-{vcpus}-{memory}")
    return None
