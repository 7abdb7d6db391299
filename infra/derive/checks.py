"""Values that are each right and cannot stand together, or that Google does not offer: every one of them, at once.

A check is a function from settings to problems; adding one means writing it and naming it in `CHECKS`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import chain

from infra import catalog
from infra.derive import budgets, flags, postgres
from infra.derive.flags import FlagError, FlagValue
from infra.derive.names import names_for
from infra.derive.tiers import Tier, UnknownTierError, parse_tier
from infra.settings import Problem, Settings
from infra.settings.postgres import ReplicaSettings
from infra.settings.secrets import shown

_ACCOUNT_ID_LENGTH = 30
"""Longest service account id (cloud.google.com/iam/docs/service-accounts-create, read 2026-11-24)."""


def problems(settings: Settings) -> tuple[Problem, ...]:
    """Every problem of settings whose single values are right; empty when they can be built."""
    return tuple(chain.from_iterable(check(settings) for check in CHECKS))


def _regions(settings: Settings) -> Iterator[Problem]:
    project = settings.project
    allowed = f"one of {', '.join(catalog.regions())}"
    for path, region in (("region", project.region), ("disasterRecoveryRegion", project.disaster_recovery_region)):
        if region is not None and region not in catalog.regions():
            yield Problem(
                f"project.{path}", region, allowed, "choose one of them, or add a row to infra/catalog/regions.yaml"
            )
    if project.disaster_recovery_region == project.region:
        yield Problem(
            "project.disasterRecoveryRegion",
            project.region,
            "another region than project.region",
            "choose a second region",
        )
    if (project.disaster_recovery_region is None) != (settings.network.disaster_recovery_subnet_range is None):
        yield Problem(
            "network.disasterRecoverySubnetRange",
            str(settings.network.disaster_recovery_subnet_range or "missing"),
            "a range exactly when project.disasterRecoveryRegion is set",
            "set both or neither",
        )


def _zones(settings: Settings) -> Iterator[Problem]:
    project, primary = settings.project, settings.postgres.primary
    yield from _zone("postgres.primary.zone", primary.zone, project.region)
    if primary.secondary_zone:
        yield from _zone("postgres.primary.secondaryZone", primary.secondary_zone, project.region)
    for key, replica in settings.postgres.replicas.items():
        path = f"postgres.replicas.{key}"
        if replica.region not in (None, project.region, project.disaster_recovery_region):
            yield Problem(
                f"{path}.region",
                str(replica.region),
                f"{project.region} or {project.disaster_recovery_region}, where the platform has a network and keys",
                "leave the region out, or make it project.disasterRecoveryRegion",
            )
            continue
        yield from _zone(f"{path}.zone", replica.zone, replica.region or project.region)
        if replica.zone == primary.zone:
            yield Problem(
                f"{path}.zone",
                replica.zone,
                f"another zone than the primary's, {primary.zone}",
                "spread the instances over zones",
            )


def _zone(path: str, zone: str, region: str) -> Iterator[Problem]:
    if region in catalog.regions() and zone not in catalog.regions()[region].zones:
        yield Problem(path, zone, f"one of {', '.join(catalog.regions()[region].zones)}", f"choose a zone of {region}")


def _tiers(settings: Settings) -> Iterator[Problem]:
    for path, name, _ in _instances(settings):
        yield from _tier(f"{path}.tier", name, settings)


def _tier(path: str, name: str, settings: Settings) -> Iterator[Problem]:
    edition = settings.postgres.edition
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
    if tier.shared_core and settings.project.environment == "prod":
        yield Problem(
            path, name, "a dedicated-core tier in prod", "use db-custom-<vCPU>-<MiB>: shared-core machines have no SLA"
        )


def _flags(settings: Settings) -> Iterator[Problem]:
    """Values Cloud SQL would refuse, each told once though several instances share it."""
    version = settings.postgres.version
    told: set[str] = set()
    for path, tier, wanted in _sized(settings):
        for flag, value in wanted.items():
            try:
                flags.render(flags.find(flag, version), value, tier)
            except FlagError as error:
                written = _flag_path(settings, path, flag)
                if written not in told:
                    told.add(written)
                    yield Problem(written, shown(written, value), error.allowed, error.fix)


def _flag_path(settings: Settings, instance: str, flag: str) -> str:
    """Where the value in force on this instance was written."""
    replica = settings.postgres.replicas.get(instance.removeprefix("postgres.replicas."))
    if replica is None or flag not in {**settings.postgres.replica_flags, **replica.flags}:
        return f"postgres.flags.{flag}"
    return f"{instance}.flags.{flag}" if flag in replica.flags else f"postgres.replicaFlags.{flag}"


def _sign_in(settings: Settings) -> Iterator[Problem]:
    """Users sign in with IAM tokens alone, which the server accepts only with its flag on."""
    name = "cloudsql.iam_authentication"
    value = settings.postgres.flags.get(name)
    if settings.postgres.users and value not in ("on", True):
        yield Problem(
            f"postgres.flags.{name}",
            "missing" if value is None else str(value),
            "on, since every user signs in through IAM",
            f"write {name}: on",
        )


def _replica_flags(settings: Settings) -> Iterator[Problem]:
    """Flags a replica may not choose freely: PostgreSQL's standby rules, and flags copied from the primary."""
    primary = settings.postgres.flags
    for key, replica in settings.postgres.replicas.items():
        path = f"postgres.replicas.{key}"
        for name, value in postgres.replica_flags(settings.postgres, replica).items():
            flag = catalog.flags().get(name)
            if flag is None or flag.replica == "own" or _allowed_beside(flag.replica, primary.get(name), value):
                continue
            allowed = "the primary's value" if flag.replica == "same_as_primary" else "at least the primary's value"
            yield Problem(
                _flag_path(settings, path, name),
                shown(_flag_path(settings, path, name), value),
                f"{allowed}, {primary.get(name, 'the default')}",
                "remove the replica's own value; raise replicas before the primary, lower the primary before replicas",
            )


def _allowed_beside(rule: str, primary: FlagValue | None, replica: FlagValue) -> bool:
    if rule == "same_as_primary":
        return primary == replica
    return primary is None or not str(primary).isdigit() or (str(replica).isdigit() and int(replica) >= int(primary))


def _memory(settings: Settings) -> Iterator[Problem]:
    for path, tier, wanted in _sized(settings):
        with suppress(FlagError):
            budget = budgets.memory_budget(wanted, settings.postgres.version, tier)
            if budget.needed > budget.available:
                yield Problem(
                    _flag_path(settings, path, "work_mem"),
                    f"{path.removeprefix('postgres.')}: work_mem {wanted.get('work_mem', 'default')}",
                    str(budget),
                    "lower work_mem or max_connections, or take a larger tier; one role gets more by ALTER ROLE "
                    "(COR-04)",
                )


def _connections(settings: Settings) -> Iterator[Problem]:
    for path, tier, wanted in _sized(settings):
        with suppress(FlagError):
            maximum = budgets.max_connections(wanted, settings.postgres.version, tier)
            budget = budgets.connection_budget(
                settings.postgres, is_primary=path == "postgres.primary", maximum=maximum
            )
            if budget.needed > budget.maximum:
                yield Problem(
                    "postgres.pooler" if budget.pooled else "postgres.users",
                    f"{path.removeprefix('postgres.')}: {budget.needed} connections",
                    str(budget),
                    "lower defaultPoolSize, instances or the users' connections, or raise flags.max_connections "
                    "(COR-16)",
                )


def _users(settings: Settings) -> Iterator[Problem]:
    names = names_for(settings.project)
    for key in settings.postgres.users:
        account = names.of(key)
        if len(account) > _ACCOUNT_ID_LENGTH:
            yield Problem(
                f"postgres.users.{key}",
                key,
                f"a service account id of at most {_ACCOUNT_ID_LENGTH} characters; {account} has {len(account)}",
                "shorten the name",
            )


def _instances(settings: Settings) -> Iterator[tuple[str, str, Mapping[str, FlagValue]]]:
    """Every instance as (path, tier name, flags in force)."""
    yield "postgres.primary", settings.postgres.primary.tier, settings.postgres.flags
    replicas: Mapping[str, ReplicaSettings] = settings.postgres.replicas
    for key, replica in replicas.items():
        yield f"postgres.replicas.{key}", replica.tier, postgres.replica_flags(settings.postgres, replica)


def _sized(settings: Settings) -> Iterator[tuple[str, Tier, Mapping[str, FlagValue]]]:
    """Every instance whose tier exists as (path, tier, flags in force); `_tiers` tells the others."""
    for path, name, wanted in _instances(settings):
        with suppress(UnknownTierError):
            yield path, parse_tier(name), wanted


CHECKS: tuple[Callable[[Settings], Iterator[Problem]], ...] = (
    _regions,
    _zones,
    _tiers,
    _flags,
    _sign_in,
    _replica_flags,
    _memory,
    _connections,
    _users,
)
