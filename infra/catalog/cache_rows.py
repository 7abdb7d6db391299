"""Typed rows of memorystore.yaml."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache

from infra.catalog import Row, read


class CapacityTierRow(Row):
    """A capacity tier of Memorystore for Redis, and the item of its price."""

    from_gb: int
    price: str


class ValkeyNodeRow(Row):
    """A node type of Memorystore for Valkey: what it holds, and the item of its price (None: not known)."""

    writable_gb: Decimal
    price: str | None = None


class PromiseRow(Row):
    """What one engine reaches: availability in percent, operations a second of one node."""

    availability_percent: Decimal
    operations_per_second: int


@cache
def capacity_tiers() -> tuple[CapacityTierRow, ...]:
    """Redis capacity tiers, smallest first."""
    return tuple(CapacityTierRow(**row) for row in read("memorystore.yaml")["redis"]["tiers"])


@cache
def redis_tls_port() -> int:
    """Where a Redis instance with TLS answers."""
    return int(read("memorystore.yaml")["redis"]["tls_port"])


@cache
def largest_redis_gb() -> int:
    """The largest Redis instance."""
    return int(read("memorystore.yaml")["redis"]["largest_gb"])


@cache
def valkey_nodes() -> Mapping[str, ValkeyNodeRow]:
    """Valkey node types by name, smallest first."""
    return {name: ValkeyNodeRow(**row) for name, row in read("memorystore.yaml")["valkey"]["nodes"].items()}


@cache
def promise(engine: str) -> PromiseRow:
    """What an engine reaches; KeyError for an unknown engine."""
    row = read("memorystore.yaml")[engine]
    return PromiseRow(**{name: row[name] for name in PromiseRow.model_fields})
