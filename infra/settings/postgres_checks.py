"""What contradicts itself inside the PostgreSQL settings alone; what needs a catalogue is checked in `infra.derive`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic.alias_generators import to_snake

from infra.settings.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.settings.postgres import PostgresSettings
    from infra.settings.postgres_pooler import PoolerSettings

# Google, "Cloud SQL editions"; Cloud SQL API, BackupRetentionSettings.transactionLogRetentionDays (COR-06).
_LOG_DAYS = {"ENTERPRISE": 7, "ENTERPRISE_PLUS": 35}

# PgBouncer's MAX_DBNAME is 64 with its end; the second read pool is the database's name and "_relaxed".
_LONGEST_POOLED_DATABASE = 55

# Google, "Cloud SQL quotas and limits": read replicas of one primary.
_MOST_REPLICAS = 10


def contradictions(postgres: PostgresSettings) -> Iterator[Finding]:
    """Yield every contradiction; paths are relative to `postgres`."""
    yield from _edition(postgres)
    yield from _backups(postgres)
    yield from _availability(postgres)
    yield from _disaster_recovery(postgres)
    yield from _pooling(postgres)
    yield from _users(postgres)


def _edition(postgres: PostgresSettings) -> Iterator[Finding]:
    most = _LOG_DAYS[postgres.edition]
    if postgres.backup.transaction_logs.days > most:
        yield Finding(
            "backup.transactionLogs",
            postgres.backup.transaction_logs,
            f"at most {most} days on edition {postgres.edition} (COR-06)",
            f"write {most} days, or set postgres.edition: ENTERPRISE_PLUS",
        )
    if postgres.edition == "ENTERPRISE_PLUS":
        if postgres.storage.type == "HDD":
            yield Finding("storage.type", "HDD", "SSD on edition ENTERPRISE_PLUS", "write SSD")
        return
    only_plus = {
        "dataCache": (postgres.data_cache, "false"),
        "pooler.kind": (postgres.pooler.kind if postgres.pooler.kind == "managed" else None, "pgbouncer"),
        "disasterRecoveryReplica": (postgres.disaster_recovery_replica, "nothing: remove the line"),
    }
    for path, (given, instead) in only_plus.items():
        if given:
            yield Finding(
                path,
                given,
                "only on edition ENTERPRISE_PLUS (COR-01)",
                f"write {instead}, or set postgres.edition: ENTERPRISE_PLUS and a db-perf-optimized-N tier",
            )


def _backups(postgres: PostgresSettings) -> Iterator[Finding]:
    backup = postgres.backup
    if backup.retained < backup.transaction_logs.days:
        # Cloud SQL API: "backup retention should be > transaction log retention" (terraform-google-sql-db PR 785).
        yield Finding(
            "backup.retained",
            backup.retained,
            f"at least the days of postgres.backup.transactionLogs ({backup.transaction_logs}): "
            "logs are restored on top of a backup",
            f"raise it to {backup.transaction_logs.days} or more, or shorten transactionLogs",
        )


def _availability(postgres: PostgresSettings) -> Iterator[Finding]:
    primary = postgres.primary
    if primary.availability == "REGIONAL" and not postgres.backup.point_in_time_recovery:
        yield Finding(
            "backup.pointInTimeRecovery",
            postgres.backup.point_in_time_recovery,
            "true when postgres.primary.availability is REGIONAL (Cloud SQL API, availabilityType)",
            "write true, or availability: ZONAL",
        )
    if primary.secondary_zone is None:
        return
    if primary.availability == "ZONAL":
        yield Finding(
            "primary.secondaryZone",
            primary.secondary_zone,
            "only with availability REGIONAL: a ZONAL primary has no standby",
            "remove the line, or write availability: REGIONAL",
        )
    elif primary.secondary_zone == primary.zone:
        yield Finding(
            "primary.secondaryZone",
            primary.secondary_zone,
            f"another zone than postgres.primary.zone ({primary.zone})",
            "name another zone of the region, or remove the line and let Google choose",
        )


def _disaster_recovery(postgres: PostgresSettings) -> Iterator[Finding]:
    if len(postgres.replicas) > _MOST_REPLICAS:
        yield Finding(
            "replicas",
            f"{len(postgres.replicas)} replicas",
            f"at most {_MOST_REPLICAS} replicas of one primary",
            "remove some, or choose larger ones",
        )
    name = postgres.disaster_recovery_replica
    if name is None:
        return
    replica = postgres.replicas.get(name)
    if replica is None:
        known = ", ".join(postgres.replicas) or "none is declared"
        yield Finding(
            "disasterRecoveryReplica",
            name,
            f"the name of one of postgres.replicas ({known})",
            "name a cross-region replica, or add it under postgres.replicas",
        )
    elif _region_of(replica.zone) == _region_of(postgres.primary.zone):
        yield Finding(
            "disasterRecoveryReplica",
            name,
            "a replica in another region than the primary (COR-23)",
            f"set postgres.replicas.{name}.region to project.disasterRecoveryRegion and its zone to one of that region",
        )


def _region_of(zone: str) -> str:
    return zone.rpartition("-")[0]


def _pooling(postgres: PostgresSettings) -> Iterator[Finding]:
    pooler = postgres.pooler
    if pooler.max_client_connections < pooler.pool:
        yield Finding(
            "pooler.maxClientConnections",
            pooler.max_client_connections,
            f"at least the pool itself ({pooler.pool_sum})",
            f"raise it to {pooler.pool} or more",
        )
    if pooler.kind != "none" and not any(user.pooled for user in postgres.users.values()):
        yield Finding(
            "pooler.kind",
            pooler.kind,
            "none while no user is pooled",
            "write none, or pooled: true for the user that the application connects as",
        )
    if pooler.kind == "pgbouncer":
        yield from _machines(pooler)
        if len(postgres.database) > _LONGEST_POOLED_DATABASE:
            yield Finding(
                "database",
                postgres.database,
                f"at most {_LONGEST_POOLED_DATABASE} characters while postgres.pooler.kind is pgbouncer, which adds "
                "_relaxed to it",
                "shorten the name",
            )


def _users(postgres: PostgresSettings) -> Iterator[Finding]:
    pooler = postgres.pooler
    if not postgres.users:
        yield Finding("users", "no user", "at least one user", "add the user that the application connects as")
    for name, user in postgres.users.items():
        path = f"users.{name}"
        if len(set(user.endpoints)) != len(user.endpoints):
            yield Finding(f"{path}.endpoints", user.endpoints, "each endpoint once", "remove the repetition")
        if user.pooled and pooler.kind == "none":
            yield Finding(
                f"{path}.pooled",
                user.pooled,
                "false while postgres.pooler.kind is none",
                "write false and the user's connections, or choose a pooler",
            )
        if user.pooled and user.connections:
            yield Finding(
                f"{path}.connections",
                user.connections,
                "absent for a pooled user: the pool's size sets the number",
                "remove the line, or write pooled: false",
            )
        if not user.pooled and not user.connections:
            yield Finding(
                f"{path}.connections",
                user.connections or "missing",
                "at least 1 for a user that is not pooled",
                "write how many connections it may open",
            )


def _machines(pooler: PoolerSettings) -> Iterator[Finding]:
    """What PgBouncer's machines need, and cannot do."""
    for name, form in (
        ("image", "an image of Artifact Registry by its digest"),
        ("certificate", "a secret with the certificate that clients see, <secret>/<version>"),
        ("certificateAuthority", "a secret with the authority that clients trust, <secret>/<version>"),
    ):
        if getattr(pooler, to_snake(name)) is None:
            yield Finding(
                f"pooler.{name}",
                "missing",
                f"{form}, while postgres.pooler.kind is pgbouncer",
                "follow docs/runbooks/pooler.md and write what it prints",
            )
    reads = pooler.reads
    if reads.fallback_pool_size > pooler.pool:
        yield Finding(
            "pooler.reads.fallbackPoolSize",
            reads.fallback_pool_size,
            f"at most the pool itself ({pooler.pool_sum})",
            f"lower it to {pooler.pool} or less",
        )
    if reads.relaxed_lag < reads.maximum_lag:
        yield Finding(
            "pooler.reads.relaxedLag",
            reads.relaxed_lag,
            f"at least maximumLag ({reads.maximum_lag}): it is the pool for callers that accept older data",
            f"raise it to {reads.maximum_lag} or more",
        )
    if 2 * reads.check_every.milliseconds > reads.maximum_lag.milliseconds:
        yield Finding(
            "pooler.reads.checkEvery",
            reads.check_every,
            f"at most half of maximumLag ({reads.maximum_lag}), or a lag is seen after it has grown beyond it",
            "check more often, or raise maximumLag",
        )
