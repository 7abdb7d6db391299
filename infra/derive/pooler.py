"""The pooler tier as it will be declared: machines, ports, names, what they are told, and who may reach them."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from infra import catalog
from infra.derive import pooler_machine, postgres_roles, schedule
from infra.derive import postgres_ports as ports
from infra.derive.exporters import Exporters
from infra.derive.images import RepositoryPlan, repository_of
from infra.derive.names import Names
from infra.derive.pooler_exporters import pooler_exporters
from infra.derive.pooler_files import SecretFile, Surroundings, cloud_init, files
from infra.derive.secret_refs import secret_ref
from infra.settings import Settings
from infra.settings.postgres import PostgresSettings
from infra.settings.times import WEEKDAYS

CERTIFICATE_PATH = "/etc/triptrip/pooler-ca.pem"
"""Where applications mount the secret of the authority that signed the pooler's certificate."""

PASSWORD_SECRET = "postgres-pooler-password"  # noqa: S105 # a secret's name
SERVER_CERTIFICATES_SECRET = "postgres-server-ca"  # noqa: S105 # a secret's name


@dataclass(frozen=True)
class PoolerSite:
    """One region's machines; `key` is its subnet's, `suffix` ends the names of its resources in the program."""

    key: str
    region: str
    zones: tuple[str, ...]
    suffix: str


@dataclass(frozen=True)
class PoolerPlan:
    """The machines of the pooler and what stands before them.

    They stand in every region that may take the writes, `home` is the one that does: a machine that would first have to
    be made in the hour of an outage might not be had (REC-REGION). `template` is the machine template's name, `machine`
    what is in it, `files` those of a machine, by path. `is_global` when clients of another region reach it too.
    `database_roles` are those of its own user, None until they are made; `monitor_roles` those of the exporters'.
    """

    name: str
    template: str
    sites: tuple[PoolerSite, ...]
    home: PoolerSite
    instances: int
    machine: Mapping[str, Any]
    repository: RepositoryPlan
    ports: Mapping[str, int]
    client_ranges: tuple[IPv4Network, ...]
    is_global: bool
    certificate: str
    certificate_authority: str
    users: tuple[str, ...]
    files: Mapping[str, str]
    database_roles: tuple[str, ...] | None
    exporters: Exporters | None
    monitor_roles: tuple[str, ...] | None

    @property
    def user_data(self) -> str:
        """What a machine is told at its start."""
        told: str = self.machine["metadata"]["user-data"]
        return told


def pooler_plan(
    postgres: PostgresSettings,
    settings: Settings,
    names: Names,
    instances: Mapping[str, str],
    called: Mapping[str, str],
) -> PoolerPlan | None:
    """Work the machines out; None unless the pooler is PgBouncer.

    `instances` are the servers' names in DNS by key, `called` the instances' own.
    """
    pooler = postgres.pooler
    if pooler.kind != "pgbouncer":
        return None
    name, sites = names.of("pooler"), _sites(postgres, settings)
    users = tuple(sorted(key for key, user in postgres.users.items() if user.pooled))
    around = Surroundings(
        gcp_project=settings.project.gcp_project,
        primary=instances["primary"],
        replicas={key: host for key, host in instances.items() if key != "primary"},
        database=postgres.database,
        users=users,
        secrets=_secrets(postgres, names),
        restart=_restart(postgres),
    )
    exporters = pooler_exporters(postgres, settings, names, {called[key]: host for key, host in instances.items()})
    machine = pooler_machine.template(pooler.machine_type, cloud_init(pooler, around, exporters))
    elsewhere = {"passwords": pooler.password_version, "labels": settings.project.labels.model_dump()}
    return PoolerPlan(
        name=name,
        template=pooler_machine.template_name(name, machine, pooler_machine.boot_disk(), elsewhere),
        sites=sites,
        home=next(site for site in sites if site.region == (postgres.primary.region or settings.project.region)),
        instances=pooler.instances,
        machine=machine,
        repository=repository_of(str(pooler.image)),
        ports={"write": ports.WRITES, "read": ports.READS},
        client_ranges=tuple(
            each
            for each in (settings.network.subnet_range, settings.network.disaster_recovery_subnet_range)
            if each is not None
        ),
        is_global=settings.network.disaster_recovery_subnet_range is not None,
        certificate=secret_ref(str(pooler.certificate)).secret,
        certificate_authority=secret_ref(str(pooler.certificate_authority)).secret,
        users=users,
        files=files(pooler, around, exporters),
        database_roles=postgres_roles.declared(postgres, postgres_roles.POOLER_ROLE),
        exporters=exporters,
        monitor_roles=postgres_roles.declared(postgres, postgres_roles.MONITOR_ROLE),
    )


def _sites(postgres: PostgresSettings, settings: Settings) -> tuple[PoolerSite, ...]:
    """The project's region, and the second one while an instance stands there."""
    project = settings.project
    places = [("primary", project.region, "")]
    second = project.disaster_recovery_region
    if second and second in {postgres.primary.region, *(replica.region for replica in postgres.replicas.values())}:
        places.append(("disaster-recovery", second, "-disaster-recovery"))
    return tuple(PoolerSite(key, region, catalog.regions()[region].zones, suffix) for key, region, suffix in places)


def _secrets(postgres: PostgresSettings, names: Names) -> tuple[SecretFile, ...]:
    certificate = secret_ref(str(postgres.pooler.certificate))
    return (
        SecretFile(certificate.secret, certificate.version, "certificate"),
        SecretFile(names.of(SERVER_CERTIFICATES_SECRET), "latest", "authorities"),
        SecretFile(names.of(PASSWORD_SECRET), "latest", "password"),
    )


def _restart(postgres: PostgresSettings) -> str:
    """The weekly hour of maintenance in UTC, as systemd writes it."""
    window = schedule.weekly_utc(postgres.maintenance.window)
    return f"{WEEKDAYS[window.day - 1][:3]} *-*-* {window.hour:02}:00:00 UTC"
