"""What Cloud SQL would refuse of the PostgreSQL settings, and what deserves a second look."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from infra import catalog
from infra.derive import budgets, exporters, flags, postgres_places, schedule
from infra.derive.features import asked_by_exporters
from infra.derive.findings import Advice
from infra.derive.flags import FlagError, FlagValue
from infra.derive.postgres import replica_flags
from infra.derive.postgres_roles import FEDERATION_USER
from infra.derive.tiers import Tier, UnknownTierError, parse_tier
from infra.settings import Problem, Settings
from infra.settings.postgres import MONITOR, POOLER, PostgresSettings, ReplicaSettings
from infra.settings.project import ProjectSettings
from infra.settings.secrets import shown

_BACKUP_WINDOW_HOURS = 4
"""A backup starts within four hours of its start time (cloud.google.com/sql/docs/postgres/backup-recovery)."""

_WEEK_HOURS = 7 * 24


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the PostgreSQL settings; nothing when the store is off."""
    if settings.postgres is not None:
        for check in _CHECKS:
            yield from check(settings.project, settings.postgres)
        yield from _connections(settings, settings.postgres)


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about the PostgreSQL settings."""
    if settings.postgres is not None:
        yield from _window_overlap(settings.postgres)
        yield from _superusers(settings)
        yield from _reports(settings.postgres)


def _tiers(project: ProjectSettings, postgres: PostgresSettings) -> Iterator[Problem]:
    for path, name, _ in _instances(postgres):
        yield from _tier(f"{path}.tier", name, project, postgres)


def _tier(path: str, name: str, project: ProjectSettings, postgres: PostgresSettings) -> Iterator[Problem]:
    edition = postgres.edition
    try:
        tier = parse_tier(name)
    except UnknownTierError as error:
        yield Problem(path, name, error.allowed, "choose a machine that Cloud SQL offers")
        return
    if tier.edition != edition:
        kind = "db-custom-<vCPU>-<MiB>" if edition == "ENTERPRISE" else "db-perf-optimized-N-<vCPU>"
        yield Problem(
            path,
            name,
            f"{kind}, the tiers of edition {edition}",
            f"change the tier, or set postgres.edition to {tier.edition}",
        )
    if tier.shared_core and project.environment == "prod":
        yield Problem(
            path, name, "a dedicated-core tier in prod", "use db-custom-<vCPU>-<MiB>: shared-core machines have no SLA"
        )


def _flags(_: ProjectSettings, postgres: PostgresSettings) -> Iterator[Problem]:
    """Values Cloud SQL would refuse, each told once though several instances share it."""
    version = postgres.version
    told: set[str] = set()
    for path, tier, wanted in _sized(postgres):
        for flag, value in wanted.items():
            try:
                flags.render(flags.find(flag, version), value, tier)
            except FlagError as error:
                written = _flag_path(postgres, path, flag)
                if written not in told:
                    told.add(written)
                    yield Problem(written, shown(written, value), error.allowed, error.fix)


def _flag_path(postgres: PostgresSettings, instance: str, flag: str) -> str:
    """Where the value in force on this instance was written."""
    replica = postgres.replicas.get(instance.removeprefix("postgres.replicas."))
    if replica is None or flag not in {**postgres.replica_flags, **replica.flags}:
        return f"postgres.flags.{flag}"
    return f"{instance}.flags.{flag}" if flag in replica.flags else f"postgres.replicaFlags.{flag}"


def _sign_in(_: ProjectSettings, postgres: PostgresSettings) -> Iterator[Problem]:
    """Users sign in with IAM tokens alone, which the server accepts only with its flag on."""
    name = "cloudsql.iam_authentication"
    value = postgres.flags.get(name)
    if postgres.users and value not in ("on", True):
        yield Problem(
            f"postgres.flags.{name}",
            "missing" if value is None else str(value),
            "on, since every user signs in through IAM",
            f"write {name}: on",
        )


def _pooler_sign_in(_: ProjectSettings, postgres: PostgresSettings) -> Iterator[Problem]:
    """PgBouncer looks up the users' secrets, which the server shows to the role of this flag alone (auth_query)."""
    name = "cloudsql.pg_authid_select_role"
    value = postgres.flags.get(name)
    if postgres.pooler.kind == "pgbouncer" and value != POOLER:
        yield Problem(
            f"postgres.flags.{name}",
            "missing" if value is None else str(value),
            f"{POOLER} while postgres.pooler.kind is pgbouncer: it reads the SCRAM secrets of the pooled users",
            f"write {name}: {POOLER}",
        )


def _replica_flags(_: ProjectSettings, postgres: PostgresSettings) -> Iterator[Problem]:
    """Flags a replica may not choose freely: PostgreSQL's standby rules, and flags copied from the primary."""
    primary = postgres.flags
    for key, replica in postgres.replicas.items():
        path = f"postgres.replicas.{key}"
        for name, value in replica_flags(postgres, replica).items():
            flag = catalog.flags().get(name)
            if flag is None or flag.replica == "own" or _allowed_beside(flag.replica, primary.get(name), value):
                continue
            allowed = "the primary's value" if flag.replica == "same_as_primary" else "at least the primary's value"
            yield Problem(
                _flag_path(postgres, path, name),
                shown(_flag_path(postgres, path, name), value),
                f"{allowed}, {primary.get(name, 'the default')}",
                "remove the replica's own value; raise replicas before the primary, lower the primary before replicas",
            )


def _allowed_beside(rule: str, primary: FlagValue | None, replica: FlagValue) -> bool:
    if rule == "same_as_primary":
        return primary == replica
    return primary is None or not str(primary).isdigit() or (str(replica).isdigit() and int(replica) >= int(primary))


def _memory(_: ProjectSettings, postgres: PostgresSettings) -> Iterator[Problem]:
    for path, tier, wanted in _sized(postgres):
        with suppress(FlagError):
            budget = budgets.memory_budget(wanted, postgres.version, tier)
            if budget.needed > budget.available:
                yield Problem(
                    _flag_path(postgres, path, "work_mem"),
                    f"{path.removeprefix('postgres.')}: work_mem {wanted.get('work_mem', 'default')}",
                    str(budget),
                    "lower work_mem or max_connections, or take a larger tier; one role gets more by ALTER ROLE "
                    "(COR-04)",
                )


def _connections(settings: Settings, postgres: PostgresSettings) -> Iterator[Problem]:
    asked = asked_by_exporters(settings)
    for path, tier, wanted in _sized(postgres):
        with suppress(FlagError):
            maximum = budgets.max_connections(wanted, postgres.version, tier)
            is_primary = path == "postgres.primary"
            of_exporters = exporters.connections(asked, is_primary=is_primary)
            budget = budgets.connection_budget(postgres, is_primary=is_primary, maximum=maximum, exporters=of_exporters)
            if budget.needed > budget.maximum:
                yield Problem(
                    "postgres.pooler" if budget.pooled else "postgres.users",
                    f"{path.removeprefix('postgres.')}: {budget.needed} connections",
                    str(budget),
                    "lower defaultPoolSize, instances or the users' connections, or raise flags.max_connections "
                    "(COR-16)",
                )


def _machine(_: ProjectSettings, postgres: PostgresSettings) -> Iterator[Problem]:
    """A pooler machine that Google offers, with memory for every client."""
    pooler = postgres.pooler
    if pooler.kind != "pgbouncer":
        return
    machine = catalog.machine_types().get(pooler.machine_type)
    if machine is None:
        yield Problem(
            "postgres.pooler.machineType",
            pooler.machine_type,
            f"one of {', '.join(catalog.machine_types())}",
            "choose one of them, or add a row to infra/catalog/machine_types.yaml",
        )
        return
    budget = budgets.pooler_memory(pooler, machine.memory_mib)
    if budget.needed > budget.available:
        yield Problem(
            "postgres.pooler.maxClientConnections",
            str(pooler.max_client_connections),
            str(budget),
            "lower it, add instances, or take a larger machineType",
        )


def _instances(postgres: PostgresSettings) -> Iterator[tuple[str, str, Mapping[str, FlagValue]]]:
    """Every instance as (path, tier name, flags in force)."""
    yield "postgres.primary", postgres.primary.tier, postgres.flags
    replicas: Mapping[str, ReplicaSettings] = postgres.replicas
    for key, replica in replicas.items():
        yield f"postgres.replicas.{key}", replica.tier, replica_flags(postgres, replica)


def _sized(postgres: PostgresSettings) -> Iterator[tuple[str, Tier, Mapping[str, FlagValue]]]:
    """Every instance whose tier exists as (path, tier, flags in force); `_tiers` tells the others."""
    for path, name, wanted in _instances(postgres):
        with suppress(UnknownTierError):
            yield path, parse_tier(name), wanted


def _window_overlap(postgres: PostgresSettings) -> Iterator[Advice]:
    """COR-05: the document's backup window (02:00 to 06:00) covers its maintenance hour (Sunday 03:00)."""
    window = schedule.weekly_utc(postgres.maintenance.window)
    backup_hour = int(schedule.daily_utc(postgres.backup.time)[:2])
    maintenance_hour = (window.day - 1) * 24 + window.hour
    for day in range(7):
        if (maintenance_hour - (day * 24 + backup_hour)) % _WEEK_HOURS < _BACKUP_WINDOW_HOURS:
            yield Advice(
                "postgres.maintenance.window",
                f"{postgres.maintenance.window} lies inside the four-hour backup window that opens at "
                f"{postgres.backup.time}; maintenance can interrupt a backup (COR-05)",
            )
            return


def _reports(postgres: PostgresSettings) -> Iterator[Advice]:
    """Reports read from the replicas, where there are any; their memory is beside the budget of all connections."""
    for path, tier, wanted in _sized(postgres):
        if postgres.replicas and path == "postgres.primary":
            continue
        with suppress(FlagError):
            budget = budgets.memory_budget(wanted, postgres.version, tier)
            more = budgets.reports_memory(postgres, wanted, tier)
            if budget.needed + more > budget.available:
                yield Advice(
                    "postgres.reportWorkMemory",
                    f"reports may take {more} MB more on {path.removeprefix('postgres.')}, whose budget is {budget} "
                    "when every connection works at once (COR-04): lower it, or the report users' connections",
                )


def _superusers(settings: Settings) -> Iterator[Advice]:
    postgres, bigquery = settings.postgres, settings.bigquery
    if postgres is None or postgres.database_roles:
        return
    built_in = [name for name, user in postgres.users.items() if user.pooled]
    built_in += [FEDERATION_USER] if bigquery and bigquery.federation else []
    built_in += [POOLER] if postgres.pooler.kind == "pgbouncer" else []
    built_in += [MONITOR] if "postgres" in asked_by_exporters(settings) else []
    if built_in:
        yield Advice(
            "postgres.databaseRoles",
            f"{', '.join(sorted(built_in))} are members of cloudsqlsuperuser until this is true; set it when the "
            "schema step has made the group roles",
        )


_CHECKS: tuple[Callable[[ProjectSettings, PostgresSettings], Iterator[Problem]], ...] = (
    postgres_places.zones,
    postgres_places.instance_names,
    _tiers,
    _flags,
    _sign_in,
    _pooler_sign_in,
    _machine,
    _replica_flags,
    _memory,
)
