"""The PostgreSQL tier as it will be declared: primary, replicas, backups, windows, users (PG-INST … PG-FLAGS).

The four phases of the document (PG-PHASE-1 … 4) are settings of the same plan: a single zone, replicas, a regional
primary, a replica in the second region.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.derive import budgets, flags, postgres_roles, schedule
from infra.derive.flags import FlagValue
from infra.derive.names import Names
from infra.derive.pooler import PoolerPlan, pooler_plan
from infra.derive.postgres_entrance import Door, Entrance
from infra.derive.schedule import DenyDates, WeeklyHour
from infra.derive.tiers import Tier, parse_tier
from infra.settings import Settings
from infra.settings.postgres import PostgresSettings, ReplicaSettings
from infra.settings.postgres_parts import InsightsSettings, PasswordPolicySettings
from infra.settings.project import ProjectSettings


@dataclass(frozen=True)
class InstancePlan:
    """One Cloud SQL instance; `flags` are the API's (name, text) pairs, sorted by name.

    `is_cross_region` when it is in another region than the primary; `availability` is a replica's own.
    """

    key: str
    name: str
    region: str
    zone: str
    tier: Tier
    flags: tuple[tuple[str, str], ...]
    max_connections: int
    is_cross_region: bool = False
    availability: str = "ZONAL"


@dataclass(frozen=True)
class BackupPlan:
    """Backups of the primary; `start_time` is HH:MM in UTC and opens a window of four hours."""

    start_time: str
    retained: int
    point_in_time_recovery: bool
    transaction_log_days: int
    location: str
    final_days: int


@dataclass(frozen=True)
class MaintenancePlan:
    """When Google may maintain the primary."""

    window: WeeklyHour
    track: str
    deny: DenyDates | None


@dataclass(frozen=True)
class UserPlan:
    """A database user: a service account that signs in without a password, or one that passes through a pool with one.

    Neither PgBouncer nor Cloud SQL's own pool takes IAM tokens (ADR 0022). A pooled user keeps its account's user, so
    that a pool can come without taking a user away. `doors` are its ways in by purpose, `role` is its group role, and
    `database_roles` what the one with a password is declared with, None until the group roles are made.
    """

    key: str
    account_id: str
    is_pooled: bool
    doors: Mapping[str, Door]
    role: str
    database_roles: tuple[str, ...] | None

    def account_user(self, gcp_project: str) -> str:
        """The name of its account inside PostgreSQL."""
        return postgres_roles.account_user(self.account_id, gcp_project)

    def database_user(self, gcp_project: str) -> str:
        """The name that it signs in with: its own where it passes through a pool, and its account's otherwise."""
        return self.key if self.is_pooled else self.account_user(gcp_project)


@dataclass(frozen=True)
class PostgresPlan:
    """The whole tier.

    `hosts` are what clients hold, pg-write and pg-read, `endpoints` the same with their ports. `names` are further
    names in DNS with the keys of the instances that they stand for. `memberships` are all database users by name, each
    with its group role, which the schema step puts it in.
    """

    version: str
    edition: str
    database: str
    availability: str
    secondary_zone: str | None
    disk_type: str
    disk_size_gb: int
    disk_limit_gb: int
    primary: InstancePlan
    replicas: tuple[InstancePlan, ...]
    disaster_recovery_replica: str | None
    backup: BackupPlan
    maintenance: MaintenancePlan
    users: tuple[UserPlan, ...]
    memberships: Mapping[str, str]
    report_work_memory_mib: int
    hosts: Mapping[str, str]
    endpoints: Mapping[str, str]
    names: Mapping[str, tuple[str, ...]]
    password_version: int
    managed_pool_size: int | None
    pooler: PoolerPlan | None
    data_cache: bool
    insights: InsightsSettings
    password_policy: PasswordPolicySettings


def postgres_plan(postgres: PostgresSettings, settings: Settings, names: Names) -> PostgresPlan:
    """Work out the tier from settings that `infra.derive.checks` has accepted."""
    managed = postgres.pooler.kind == "managed"
    replicas = tuple(
        _replica(postgres, settings, names, key, replica) for key, replica in sorted(postgres.replicas.items())
    )
    local = tuple(replica.key for replica in replicas if not replica.is_cross_region)
    entrance = Entrance(postgres, settings.network.dns_domain, local)
    primary = _primary(postgres, settings, names)
    called = {instance.key: instance.name for instance in (primary, *replicas)}
    return PostgresPlan(
        version=f"POSTGRES_{postgres.version}",
        edition=postgres.edition,
        database=postgres.database,
        availability=postgres.primary.availability,
        secondary_zone=postgres.primary.secondary_zone,
        disk_type=f"PD_{postgres.storage.type}",
        disk_size_gb=postgres.storage.size.gib,
        disk_limit_gb=postgres.storage.limit.gib,
        primary=primary,
        replicas=replicas,
        disaster_recovery_replica=postgres.disaster_recovery_replica,
        backup=_backup(postgres, settings),
        maintenance=_maintenance(postgres),
        users=tuple(_user(postgres, names, key, entrance.doors(user)) for key, user in sorted(postgres.users.items())),
        memberships=postgres_roles.memberships(postgres, settings, names),
        report_work_memory_mib=postgres.report_work_memory.mib,
        hosts=entrance.hosts,
        endpoints=entrance.endpoints,
        names=entrance.names,
        password_version=postgres.pooler.password_version,
        managed_pool_size=postgres.pooler.default_pool_size if managed else None,
        pooler=pooler_plan(postgres, settings, names, entrance.servers, called),
        data_cache=postgres.data_cache,
        insights=postgres.insights,
        password_policy=postgres.password_policy,
    )


def primary_region(postgres: PostgresSettings, project: ProjectSettings) -> str:
    """Where writes are taken: the project's region, until a failover has moved them (REC-REGION)."""
    return postgres.primary.region or project.region


def local_replicas(postgres: PostgresSettings, project: ProjectSettings) -> tuple[str, ...]:
    """The keys of the replicas that answer reads: those in the primary's region."""
    home = primary_region(postgres, project)
    return tuple(key for key, each in postgres.replicas.items() if (each.region or project.region) == home)


def replica_flags(postgres: PostgresSettings, replica: ReplicaSettings) -> dict[str, FlagValue]:
    """A replica's flags: the primary's, under the replicas' common ones, under its own."""
    return {**postgres.flags, **postgres.replica_flags, **replica.flags}


def _primary(postgres: PostgresSettings, settings: Settings, names: Names) -> InstancePlan:
    tier = parse_tier(postgres.primary.tier)
    return InstancePlan(
        key="primary",
        name=postgres.primary.instance or names.lasting("postgres"),
        region=primary_region(postgres, settings.project),
        zone=postgres.primary.zone,
        tier=tier,
        flags=flags.render_all(postgres.flags, postgres.version, tier),
        max_connections=budgets.max_connections(postgres.flags, postgres.version, tier),
    )


def _replica(
    postgres: PostgresSettings, settings: Settings, names: Names, key: str, replica: ReplicaSettings
) -> InstancePlan:
    region = replica.region or settings.project.region
    tier, own = parse_tier(replica.tier), replica_flags(postgres, replica)
    return InstancePlan(
        key=key,
        name=replica.instance or names.lasting("postgres", "replica", key),
        region=region,
        zone=replica.zone,
        tier=tier,
        flags=flags.render_all(own, postgres.version, tier),
        max_connections=budgets.max_connections(own, postgres.version, tier),
        is_cross_region=region != primary_region(postgres, settings.project),
        availability=replica.availability,
    )


def _user(postgres: PostgresSettings, names: Names, key: str, doors: Mapping[str, Door]) -> UserPlan:
    user = postgres.users[key]
    role = postgres_roles.group_role(user.role)
    return UserPlan(key, names.of(key), user.pooled, doors, role, postgres_roles.declared(postgres, role))


def _backup(postgres: PostgresSettings, settings: Settings) -> BackupPlan:
    backup = postgres.backup
    return BackupPlan(
        start_time=schedule.daily_utc(backup.time),
        retained=backup.retained,
        point_in_time_recovery=backup.point_in_time_recovery,
        transaction_log_days=backup.transaction_logs.days,
        location=backup.location or primary_region(postgres, settings.project),
        final_days=backup.final_backup.days,
    )


def _maintenance(postgres: PostgresSettings) -> MaintenancePlan:
    maintenance = postgres.maintenance
    return MaintenancePlan(
        window=schedule.weekly_utc(maintenance.window),
        track=maintenance.track,
        deny=schedule.deny_utc(maintenance.deny) if maintenance.deny else None,
    )
