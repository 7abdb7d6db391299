"""The cache: Memorystore for Redis, or Memorystore for Valkey (RDS-INST, COR-07)."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from infra.settings.cache_checks import contradictions
from infra.settings.cache_parts import (
    CachePoolSettings,
    CacheTargetSettings,
    RedisSettings,
    ValkeySettings,
)
from infra.settings.constraints import Between, Text, Whole
from infra.settings.forms import ClientName, listed
from infra.settings.model import StoreSettings, refuse_all
from infra.settings.times import whole_utc_hour
from infra.settings.units import Size, WeeklyTime


class CacheSettings(StoreSettings):
    """The cache in front of PostgreSQL (chapter 3 of Doc-DA-002).

    Settings of the engine that was not chosen are refused: they would be read by nobody.
    """

    engine: Literal["redis", "valkey"] = Field(
        default="redis",
        description="redis: Memorystore for Redis, Standard tier (RDS-INST). valkey: Memorystore for Valkey, which "
        "alone has an append-only file, backups and sign-in by IAM (COR-07). A change makes a new, empty cache.",
    )
    size: Annotated[Size, Between("1 GB", "300 GB", "1 GB")] = Field(
        examples=["32 GB"],
        description="Memory (RDS-INST). Redis has exactly this much, from 2 GB on; Valkey takes the smallest node that "
        "holds as much data. Some sizes of Redis cost more than a larger one: that is told at every check.",
    )
    replicas: Annotated[int, Whole(1, 5)] = Field(
        examples=[2], description="Nodes beside the primary (RDS-INST): each is a standby and answers reads."
    )
    eviction_policy: Literal[
        "noeviction",
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
    ] = Field(default="allkeys-lru", description="Which keys go when the memory is full (RDS-CONF).")
    keyspace_events: Annotated[
        str,
        Text(
            r"(?=.*[KE])(?=.*[g$lshzxeA])[KEg$lshzxeA]{2,11}",
            "K, E or both, and one or more of the classes g $ l s h z x e A (Memorystore, supported configurations)",
            "Ex",
        ),
    ] = Field(default="Ex", description="Which keyspace events are published (RDS-CONF); Ex: expired keys.")
    maintenance: Annotated[WeeklyTime, AfterValidator(whole_utc_hour)] = Field(
        description="Start of the weekly hour in which Google may restart nodes, a full hour in UTC (COR-05)."
    )
    redis: RedisSettings | None = Field(default=None, description="Settings of engine redis alone.")
    valkey: ValkeySettings | None = Field(default=None, description="Settings of engine valkey alone.")
    pool: CachePoolSettings = Field(
        default_factory=CachePoolSettings, description="The clients' connection pool (RDS-POOL)."
    )
    targets: CacheTargetSettings | None = Field(
        default=None, description="What the cache is measured against (TGT-CACHE-SLA, TGT-CACHE-PERF); absent: nothing."
    )
    clients: Annotated[list[ClientName], Field(min_length=1, max_length=20)] = Field(
        examples=[["application"]],
        description="Programs that use the cache (RDS-USE): each may read the connection's secrets, and signs in by "
        "IAM with engine valkey.",
    )

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        return (
            f"{self.engine}, {self.size}, {self.replicas} replica{'' if self.replicas == 1 else 's'}, "
            f"{self.eviction_policy}, clients {', '.join(self.clients)}"
        )

    @property
    def client_paths(self) -> Mapping[str, str]:
        """Every program that uses the cache."""
        return listed("clients", self.clients)

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse_all(list(contradictions(self)))
        return self
