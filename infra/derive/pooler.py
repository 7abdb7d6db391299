"""The pooler tier as it will be declared: machines, ports, names, what they are told, and who may reach them."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from infra import catalog
from infra.derive import pooler_machine, schedule
from infra.derive.names import Names
from infra.derive.pooler_files import SecretFile, Surroundings, cloud_init, files
from infra.settings import Settings
from infra.settings.postgres import PostgresSettings

WRITE_PORT = 6432
"""PgBouncer's own, and the document's (CONN)."""

READ_PORT = 6433
STATUS_PORT = 8080
"""Where the read router shows its health and metrics."""

CERTIFICATE_PATH = "/etc/triptrip/pooler-ca.pem"
"""Where applications mount the secret of the authority that signed the pooler's certificate."""

PASSWORD_SECRET = "postgres-pooler-password"  # noqa: S105 # a secret's name
SERVER_CERTIFICATES_SECRET = "postgres-server-ca"  # noqa: S105 # a secret's name


@dataclass(frozen=True)
class ImagePlan:
    """Where the image lies; the machines' account may read that repository."""

    reference: str
    project: str
    location: str
    repository: str


@dataclass(frozen=True)
class PoolerPlan:
    """The machines of the pooler and what stands before them.

    `template` is the machine template's name, `machine` what is in it, `files` those of a machine, by path.
    """

    name: str
    template: str
    region: str
    zones: tuple[str, ...]
    instances: int
    machine: Mapping[str, Any]
    image: ImagePlan
    hosts: Mapping[str, str]
    ports: Mapping[str, int]
    client_ranges: tuple[IPv4Network, ...]
    certificate: str
    certificate_authority: str
    users: tuple[str, ...]
    files: Mapping[str, str]
    user_data: str


def pooler_plan(
    postgres: PostgresSettings, settings: Settings, names: Names, instances: Mapping[str, str]
) -> PoolerPlan | None:
    """Work the machines out; None unless the pooler is PgBouncer. `instances` are the servers' names in DNS by key."""
    pooler = postgres.pooler
    if pooler.kind != "pgbouncer":
        return None
    region, name = settings.project.region, names.of("pooler")
    users = tuple(sorted(key for key, user in postgres.users.items() if user.pooled))
    around = Surroundings(
        gcp_project=settings.project.gcp_project,
        primary=instances["primary"],
        replicas={key: host for key, host in instances.items() if key != "primary"},
        server_port=5432,
        write_port=WRITE_PORT,
        read_port=READ_PORT,
        status_port=STATUS_PORT,
        database=postgres.database,
        users=users,
        secrets=_secrets(postgres, names),
        restart=_restart(postgres),
    )
    user_data = cloud_init(pooler, around)
    machine = pooler_machine.template(pooler.machine_type, user_data)
    elsewhere = {
        "passwords": pooler.password_version,
        "network": names.of("data", "primary"),
        "labels": settings.project.labels.model_dump(),
    }
    location, project, repository, _ = str(pooler.image).split("/", 3)
    return PoolerPlan(
        name=name,
        template=pooler_machine.template_name(name, machine, pooler_machine.boot_disk(), elsewhere),
        region=region,
        zones=catalog.regions()[region].zones,
        instances=pooler.instances,
        machine=machine,
        image=ImagePlan(str(pooler.image), project, location.removesuffix("-docker.pkg.dev"), repository),
        hosts={endpoint: f"pg-{endpoint}.{settings.network.dns_domain}" for endpoint in ("write", "read")},
        ports={"write": WRITE_PORT, "read": READ_PORT},
        client_ranges=tuple(
            each
            for each in (settings.network.subnet_range, settings.network.disaster_recovery_subnet_range)
            if each is not None
        ),
        certificate=str(pooler.certificate).split("/")[0],
        certificate_authority=str(pooler.certificate_authority).split("/")[0],
        users=users,
        files=files(pooler, around),
        user_data=user_data,
    )


def _secrets(postgres: PostgresSettings, names: Names) -> tuple[SecretFile, ...]:
    certificate, _, version = str(postgres.pooler.certificate).partition("/")
    return (
        SecretFile(certificate, version, "certificate"),
        SecretFile(names.of(SERVER_CERTIFICATES_SECRET), "latest", "authorities"),
        SecretFile(names.of(PASSWORD_SECRET), "latest", "password"),
    )


def _restart(postgres: PostgresSettings) -> str:
    """The weekly hour of maintenance in UTC, as systemd writes it."""
    window = schedule.weekly_utc(postgres.maintenance.window)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[window.day - 1]
    return f"{day} *-*-* {window.hour:02}:00:00 UTC"
