"""What Google offers, as data: each row carries its source, and no code hard-codes what a row can say.

The files are read once a process. They hold facts about the cloud and choices of the platform that are the same in
every environment; what differs between environments belongs in the stack files.
"""

from infra.catalog.rows import (
    CustomTierRule,
    EncryptionKeyRow,
    FirewallRow,
    Flag,
    MachineTypeRow,
    Region,
    Row,
    ServiceRow,
    TierRow,
    absent_flags,
    custom_tier_rule,
    encryption_keys,
    firewall_rules,
    fixed_tiers,
    flags,
    guardian_types,
    machine_types,
    phases,
    read,
    regions,
    services,
    stateful_types,
)

__all__ = [
    "CustomTierRule",
    "EncryptionKeyRow",
    "FirewallRow",
    "Flag",
    "MachineTypeRow",
    "Region",
    "Row",
    "ServiceRow",
    "TierRow",
    "absent_flags",
    "custom_tier_rule",
    "encryption_keys",
    "firewall_rules",
    "fixed_tiers",
    "flags",
    "guardian_types",
    "machine_types",
    "phases",
    "read",
    "regions",
    "services",
    "stateful_types",
]
