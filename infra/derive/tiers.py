"""Machine tiers of Cloud SQL: what db-custom-16-61440 stands for, and whether it can be had (PG-INST, COR-01)."""

import re
from dataclasses import dataclass

from infra import catalog

_CUSTOM = re.compile(r"db-custom-(?P<vcpus>\d+)-(?P<memory>\d+)")


@dataclass(frozen=True)
class Tier:
    """A machine size; memory in MiB."""

    name: str
    edition: str
    vcpus: int
    memory_mib: int
    shared_core: bool


class UnknownTierError(ValueError):
    """A tier that Cloud SQL does not offer; carries what is allowed."""

    def __init__(self, allowed: str) -> None:
        super().__init__(allowed)
        self.allowed = allowed


def parse_tier(name: str) -> Tier:
    """Read a tier's name.

    Raises UnknownTierError when Cloud SQL offers no such machine.
    """
    fixed = catalog.fixed_tiers().get(name)
    if fixed:
        return Tier(name, fixed.edition, fixed.vcpus, fixed.memory_mib, fixed.shared_core)
    match = _CUSTOM.fullmatch(name)
    if not match:
        raise UnknownTierError(f"db-custom-<vCPU>-<MiB>, or one of {', '.join(catalog.fixed_tiers())}")
    vcpus, memory = int(match["vcpus"]), int(match["memory"])
    _check_custom(vcpus, memory)
    return Tier(name, catalog.custom_tier_rule().edition, vcpus, memory, shared_core=False)


def _check_custom(vcpus: int, memory: int) -> None:
    rule = catalog.custom_tier_rule()
    if vcpus < 1 or vcpus > rule.maximum_vcpus or (vcpus > 1 and vcpus % 2):
        raise UnknownTierError(f"1 vCPU, or an even number up to {rule.maximum_vcpus}")
    if memory % rule.memory_multiple_mib:
        near = round(memory / rule.memory_multiple_mib) * rule.memory_multiple_mib
        raise UnknownTierError(f"memory in multiples of {rule.memory_multiple_mib} MiB, such as {near}")
    low = max(rule.minimum_memory_mib, vcpus * rule.minimum_memory_per_vcpu_mib)
    high = min(rule.maximum_memory_mib, vcpus * rule.maximum_memory_per_vcpu_mib)
    if not low <= memory <= high:
        raise UnknownTierError(f"{low} to {high} MiB of memory for {vcpus} vCPU (0.9 to 6.5 GB a vCPU)")
