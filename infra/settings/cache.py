"""The cache: Memorystore for Redis, or Memorystore for Valkey (RDS-INST, COR-07)."""

from typing import Literal

from pydantic import Field

from infra.settings.model import StoreSettings


class CacheSettings(StoreSettings):
    """The cache: Memorystore for Redis, or Memorystore for Valkey (RDS-INST, COR-07)."""

    engine: Literal["redis", "valkey"] = Field(default="redis", description="Which engine.")

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        return ""
