"""Flags of Cloud SQL for PostgreSQL: known ones alone, in their range, and within the machine's memory."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from policies.kit import Case, Parameter, Resource, Severity, rule
from policies.kit.postgres import flags
from policies.kit.types import SQL_INSTANCE
from policies.resilience.machines import known_flags, machine
from policies.resilience.reading import version

if TYPE_CHECKING:
    from infra.catalog import Flag
    from infra.derive.tiers import Tier

_INTEGER = re.compile(r"-?\d+")
_FLOAT = re.compile(r"-?\d+(\.\d+)?")
_BYTES = {"8 kB": 8 * 1024, "kB": 1024, "MB": 1024 * 1024}
_MIB = 1024 * 1024


def _instance(*flags_: tuple[str, str], tier: str = "db-custom-16-61440") -> dict[str, object]:
    rows = [{"name": name, "value": value} for name, value in flags_]
    return {"databaseVersion": "POSTGRES_16", "settings": {"tier": tier, "databaseFlags": rows}}


@rule(
    "pg-flags-known",
    title="Every flag is one of Cloud SQL's, in the form and range that it takes",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CM-6", "PG-FLAGS"],
    reason="Cloud SQL refuses an unknown flag or value in the middle of an update, after other settings have changed",
    fix="correct postgres.flags in the stack file; a flag that Cloud SQL has needs a row in "
    "infra/catalog/cloudsql_flags.yaml",
    good=[
        Case(_instance(("max_connections", "500"), ("random_page_cost", "1.1"), ("log_statement", "ddl"))),
        Case(_instance(("log_min_duration_statement", "-1"), ("shared_buffers", "1966080"))),
    ],
    bad=[
        Case(_instance(("effective_io_concurrency", "200"))),
        Case(_instance(("work_mem", "256MB"))),
        Case(_instance(("effective_cache_size", "5898240"))),
        Case(_instance(("log_connections", "yes"))),
        Case(_instance(("log_statement", "some"))),
        Case(_instance(("random_page_cost", "1e-05"))),
        Case(_instance(("pgaudit.log", ""))),
        Case(_instance(("max_connections", "500"), ("max_connections", "100"))),
        Case({**_instance(("wal_compression", "lz4")), "databaseVersion": "POSTGRES_14"}),
    ],
)
def flags_known(instance: Resource) -> Iterator[str]:
    found = [(flag.text("name"), str(flag.get("value"))) for flag in instance.nodes("settings.databaseFlags")]
    for name, times in Counter(name for name, _ in found).items():
        if times > 1:
            yield f"{name} is set {times} times"
    major = (*version(instance.text("databaseVersion")), 0)[0]
    tier = machine(instance.text("settings.tier"))
    for name, value in found:
        flag = known_flags().get(name)
        if not flag or flag.since > major:
            yield f"{name} is not a flag of Cloud SQL for PostgreSQL {major}"
        elif wanted := _refused(flag, value, tier):
            yield f"{name} is {value!r}; it must be {wanted}"


def _refused(flag: Flag, value: str, tier: Tier | None) -> str:
    """What the value should have been, or nothing when Cloud SQL takes it."""
    if flag.type == "switch":
        return "" if value in ("on", "off") else "on or off"
    if flag.type == "choice":
        return "" if value in flag.choices else f"one of {', '.join(flag.choices)}"
    if flag.type == "text":
        return "" if value.strip() else "a text"
    return _out_of_range(flag, value, tier)


def _out_of_range(flag: Flag, value: str, tier: Tier | None) -> str:
    form = _INTEGER if flag.type == "integer" else _FLOAT
    if not form.fullmatch(value):
        return f"a number in {flag.unit}" if flag.unit else "a number"
    if flag.type == "integer" and int(value) in flag.special:
        return ""
    low, high = _bound(flag, flag.minimum, tier), _bound(flag, flag.maximum, tier)
    if (low is not None and float(value) < low) or (high is not None and float(value) > high):
        return f"from {low:.15g} to {high:.15g}" if low is not None and high is not None else "inside its range"
    return ""


def _bound(flag: Flag, bound: float | str | None, tier: Tier | None) -> float | None:
    if not isinstance(bound, str):
        return bound
    # A share of a machine that Cloud SQL does not offer: rule sql-tier refuses that one.
    return float(bound.split()[0]) / 100 * tier.memory_mib * _MIB / _BYTES[flag.unit or "kB"] if tier else None


@rule(
    "pg-memory-budget",
    title="PostgreSQL cannot be asked for more memory than its machine has",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: SC-5", "PG-FLAGS", "TGT-PG-SLA"],
    reason="an instance that runs out of memory because of work_mem times connections restarts, outside Google's SLA",
    fix="lower work_mem or max_connections in postgres.flags (postgres.replicaFlags) in the stack file",
    parameters={
        "work_memory_factor": Parameter(2, "How often a connection may take work_mem: hash nodes take it twice"),
        "connection_mb": Parameter(5, "Memory in MB that an idle connection takes"),
        "autovacuum_workers": Parameter(3, "Workers of autovacuum, each with its own memory"),
    },
    good=[Case(_instance(("max_connections", "500"), ("shared_buffers", "1966080"), ("work_mem", "32768")))],
    bad=[
        Case(_instance(("max_connections", "500"), ("shared_buffers", "1966080"), ("work_mem", "262144"))),
        Case(_instance(("max_connections", "5000"), ("shared_buffers", "1966080"), ("work_mem", "32768"))),
        Case(_instance(("max_connections", "500"), ("work_mem", "32768"), tier="db-custom-2-7680")),
    ],
)
def memory_budget(
    instance: Resource, work_memory_factor: int, connection_mb: int, autovacuum_workers: int
) -> Iterator[str]:
    tier = machine(instance.text("settings.tier"))
    if not tier:
        return  # rule sql-tier refuses it
    given = flags(instance)
    buffers = _mib(given, "shared_buffers", 8, tier.memory_mib / 3)
    connections = _number(given, "max_connections", 100)
    each = _mib(given, "work_mem", 1, 4) * work_memory_factor + connection_mb
    worker = _mib(given, "autovacuum_work_mem", 1, 0) or _mib(given, "maintenance_work_mem", 1, 64)
    needed = buffers + connections * each + autovacuum_workers * worker
    if needed > tier.memory_mib:
        yield (
            f"shared_buffers {buffers:.0f} MB + {connections:.0f} connections of {each:.0f} MB + autovacuum "
            f"{autovacuum_workers * worker:.0f} MB are {needed:.0f} MB; the machine has {tier.memory_mib} MB"
        )


def _number(given: Mapping[str, str], name: str, unset: float) -> float:
    value = given.get(name, "")
    # A value in another form is refused by rule pg-flags-known.
    return float(value) if _INTEGER.fullmatch(value) else unset


def _mib(given: Mapping[str, str], name: str, unit_kib: int, unset_mib: float) -> float:
    steps = _number(given, name, -1)
    return steps * unit_kib / 1024 if steps >= 0 else unset_mib
