"""A simulated project with a Cloud SQL instance, a cache, two buckets, and executions of the export workflows in it."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from infra.catalog.workflow_rows import (
    PostgresExportArgument,
    RedisExportArgument,
    postgres_export,
    redis_export,
)
from sandbox.api import Api
from sandbox.api.executions import Executions
from sandbox.api.operations import OperationError
from sandbox.api.redis import Redis
from sandbox.api.sqladmin import MemoryDatabases
from sandbox.api.sqladmin.exports import ExportingSqlAdmin
from sandbox.api.storage import Storage
from sandbox.workflows import Clock, Execution, SimulatedGoogle

PROJECT, REGION, INSTANCE, CACHE = "triptrip-test", "asia-northeast1", "triptrip-test-primary-1", "triptrip-test-cache"
BACKUPS, CACHE_EXPORTS = "triptrip-test-1-backups", "triptrip-test-1-cache-exports"
START = 1795712400.0
RUN, STARTED = "20261126T170000Z", "2026-11-26T17:00:00Z"
FOLDER = f"postgres/{INSTANCE}/{RUN}"
CACHE_NAME = f"projects/{PROJECT}/locations/{REGION}/instances/{CACHE}"

POSTGRES_ARGUMENT = PostgresExportArgument(
    project=PROJECT, instance=INSTANCE, databases=("bookings", "triptrip"), bucket=BACKUPS
)
SOURCES = {"postgres": postgres_export(), "redis": redis_export()}
REDIS_ARGUMENT = RedisExportArgument(project=PROJECT, region=REGION, instance=CACHE, bucket=CACHE_EXPORTS)


@dataclass
class World:
    """`broken` are databases whose export fails; `cache` is what the cache holds."""

    broken: set[str] = field(default_factory=set)
    cache: bytes = b"REDIS0009"

    def __post_init__(self) -> None:
        self.clock = Clock(START)
        self.storage = Storage()
        self.storage.add_bucket(BACKUPS, timedelta(days=35))
        self.storage.add_bucket(CACHE_EXPORTS)
        self.sql = ExportingSqlAdmin(MemoryDatabases(), self.storage, self._dump)
        self.sql.add(PROJECT, INSTANCE)
        self.sql.names[INSTANCE] = ["bookings", "triptrip"]
        self.redis = Redis(self)
        self.redis.add(CACHE_NAME)
        self.executions = Executions()
        self.api = Api([self.storage, self.sql, self.redis, self.executions])

    def _dump(self, instance: str, context: Mapping[str, Any]) -> bytes:
        (name,) = context["databases"]
        if name in self.broken:
            raise OperationError("ERROR_RDBMS", f"pg_dump: error: cannot read {name}")
        return f"{context['fileType']} of {name} in {instance}".encode() * (2 if context["fileType"] == "SQL" else 1)

    def export(self, name: str, uri: str) -> None:
        """What the cache's export writes."""
        assert name == CACHE_NAME
        bucket, _, place = uri.removeprefix("gs://").partition("/")
        self.storage.put(bucket, place, self.cache)

    def load(self, name: str, uri: str) -> None:
        """What an import would read; an export that asks for one is wrong."""
        raise AssertionError(f"{name} is exported, and was to read {uri}")

    def begin(self, workflow: str, argument: Any) -> Execution:
        """An execution of the PostgreSQL or the Redis export (`postgres`, `redis`), under way from now on."""
        place = f"projects/{PROJECT}/locations/{REGION}/workflows/{workflow}-export"
        given = argument.model_dump(mode="json")
        number = self.executions.begin(place, given)
        environment = {
            "GOOGLE_CLOUD_PROJECT_ID": PROJECT,
            "GOOGLE_CLOUD_LOCATION": REGION,
            "GOOGLE_CLOUD_WORKFLOW_ID": f"{workflow}-export",
            "GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID": number,
        }
        return Execution(SOURCES[workflow], SimulatedGoogle(self.api, self.clock), self.clock, environment)

    def postgres(self, argument: PostgresExportArgument = POSTGRES_ARGUMENT) -> tuple[Any, Execution]:
        """One whole execution of the PostgreSQL export: its result, and it."""
        execution = self.begin("postgres", argument)
        return execution.run(argument.model_dump(mode="json")), execution

    def marker(self, name: str = f"{FOLDER}/success.json", bucket: str = BACKUPS) -> Any:
        """What a marker holds."""
        return json.loads(self.storage.content(bucket, name))


def crc32c(content: bytes) -> str:
    """Bit by bit (RFC 4960, Appendix B), apart from the library that the simulated storage uses."""
    value = 0xFFFFFFFF
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return base64.b64encode((value ^ 0xFFFFFFFF).to_bytes(4, "big")).decode()
