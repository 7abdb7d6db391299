"""What a pooler machine is told at its start: cloud-init with its files and services (Container-Optimized OS).

Each program is a container of one image, pinned by digest, without rights and with a read-only root. Files under /etc
are known to everybody who may read the machine's metadata; secrets are fetched at the start into memory.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.derive import pgbouncer
from infra.derive import pooler_units as units_of
from infra.derive import postgres_ports as ports
from infra.derive.exporters import Exporters
from infra.derive.pooler_units import FOLDER
from infra.settings.postgres import POOLER
from infra.settings.postgres_pooler import PoolerSettings

DRAIN_SECONDS = 60
"""How long a machine that stops waits for transactions; Compute Engine gives a machine about 90 s."""

ANSWER_WITHIN = 1.0
"""Seconds a server may take for the router's question; a replica that takes longer is no help to readers."""

_PATCH_HOURS = 3
"""Over so many hours the weekly restart of the machines is spread, each at its own moment."""


@dataclass(frozen=True)
class SecretFile:
    """A secret of the project's Secret Manager, and how the machine keeps it."""

    secret: str
    version: str
    form: str


@dataclass(frozen=True)
class Surroundings:
    """Where the machines stand: servers by name, the database, its users, and the weekly hour for patches."""

    gcp_project: str
    primary: str
    replicas: Mapping[str, str]
    database: str
    users: tuple[str, ...]
    secrets: tuple[SecretFile, ...]
    restart: str


def read_services(pooler: PoolerSettings, database: str) -> dict[str, float]:
    """The databases of the read pool with the lag in seconds that each allows."""
    return {
        database: pooler.reads.maximum_lag.milliseconds / 1000,
        f"{database}_relaxed": pooler.reads.relaxed_lag.milliseconds / 1000,
    }


def files(pooler: PoolerSettings, around: Surroundings, exporters: Exporters | None = None) -> dict[str, str]:
    """The files of a machine by path."""
    write, read = (pgbouncer.Entry(port, around.database, around.users) for port in (ports.WRITES, ports.READS))
    return {
        f"{FOLDER}/pgbouncer-write.ini": pgbouncer.write_file(pooler, write, around.primary, ports.SERVER),
        f"{FOLDER}/pgbouncer-read.ini": pgbouncer.read_file(pooler, read),
        f"{FOLDER}/read-router.json": _json(_router(pooler, around)),
        f"{FOLDER}/secrets.json": _json(_secrets(around)),
        **(exporters.files if exporters else {}),
    }


def cloud_init(pooler: PoolerSettings, around: Surroundings, exporters: Exporters | None = None) -> str:
    """The machine's user-data."""
    limit = pgbouncer.open_files(pooler, len(around.users), len(read_services(pooler, around.database)))
    files_limit = f"--ulimit nofile={limit}"
    units = {
        units_of.SECRETS_UNIT: _secrets_unit(pooler, exporters),
        "pgbouncer-write.service": _container(
            pooler, "pgbouncer-write", f"pgbouncer {FOLDER}/pgbouncer-write.ini", files_limit
        ),
        "pgbouncer-read.service": _container(
            pooler, "pgbouncer-read", f"pgbouncer {FOLDER}/pgbouncer-read.ini", files_limit
        ),
        "read-router.service": _container(
            pooler, "read-router", f"python -m services.pooler {FOLDER}/read-router.json"
        ),
        **(exporters.units if exporters else {}),
        "patch-restart.service": units_of.sections(
            {
                "Unit": {"Description": "Start into the newest system"},
                "Service": {"Type": "oneshot", "ExecStart": "/sbin/reboot"},
            }
        ),
        "patch-restart.timer": _timer(around.restart),
    }
    placed = files(pooler, around, exporters) | {f"/etc/systemd/system/{name}": text for name, text in units.items()}
    started = [name for name in units if name != "patch-restart.service"]
    commands = [
        # This system's own firewall lets in nothing but SSH.
        f"iptables -w -A INPUT -p tcp -m multiport --dports {ports.WRITES},{ports.READS},{ports.STATUS} -j ACCEPT",
        "systemctl daemon-reload",
        f"systemctl start --no-block {' '.join(started)}",
    ]
    return units_of.cloud_config(placed, commands)


def _router(pooler: PoolerSettings, around: Surroundings) -> dict[str, Any]:
    """The read router's configuration, in the form of services/pooler/configuration.py; times in seconds."""
    reads = pooler.reads
    return {
        "primary": around.primary,
        "replicas": dict(around.replicas),
        "port": ports.SERVER,
        "database": around.database,
        "services": [{"name": name, "maximumLag": lag} for name, lag in read_services(pooler, around.database).items()],
        "checkEvery": reads.check_every.milliseconds / 1000,
        "answerWithin": ANSWER_WITHIN,
        "recoverAfter": reads.recover_after,
        "fallback": {"poolSize": reads.fallback_pool_size},
        "signing": {
            "user": POOLER,
            "passwordFile": f"{pgbouncer.SECRETS}/password",
            "certificateAuthority": pgbouncer.SERVER_CERTIFICATES,
        },
        "console": f"host={pgbouncer.SECRETS}/read port={ports.READS} dbname=pgbouncer user=pgbouncer",
        "databasesFile": pgbouncer.DATABASES,
        "certificate": pgbouncer.CERTIFICATE,
        "statusAddress": pgbouncer.EVERY_ADDRESS,
        "statusPort": ports.STATUS,
    }


def _secrets(around: Surroundings) -> dict[str, Any]:
    """What services/pooler/secrets.py fetches."""
    return {
        "project": around.gcp_project,
        "folder": pgbouncer.SECRETS,
        "folders": [f"{pgbouncer.SECRETS}/{name}" for name in ("write", "read")],
        "user": POOLER,
        "secrets": [{"secret": each.secret, "version": each.version, "form": each.form} for each in around.secrets],
    }


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2) + "\n"


def _secrets_unit(pooler: PoolerSettings, exporters: Exporters | None) -> str:
    images = [str(pooler.image), *(exporters.images if exporters else ())]
    # One place for all: two that write docker's file at once would spoil it.
    registries = ",".join(sorted({image.split("/")[0] for image in images}))
    return units_of.sections(
        {
            "Unit": {
                "Description": "Secrets of the pooler",
                "Wants": "gcr-online.target",
                "After": "gcr-online.target docker.service",
            },
            "Service": {
                "Type": "oneshot",
                "RemainAfterExit": "yes",
                "Restart": "on-failure",
                "RestartSec": "5",
                "Environment": units_of.HOME,
                "ExecStartPre": [
                    f"/usr/bin/docker-credential-gcr configure-docker --registries={registries}",
                    units_of.folder(pgbouncer.SECRETS),
                ],
                "ExecStart": _run(pooler, "pooler-secrets", f"python -m services.pooler.secrets {FOLDER}/secrets.json"),
            },
        }
    )


def _container(pooler: PoolerSettings, name: str, command: str, *flags: str) -> str:
    return units_of.lasting(
        name,
        _run(pooler, name, command, *flags),
        {
            "RestartSec": "1",
            "ExecStop": f"/usr/bin/docker stop --time {DRAIN_SECONDS} {name}",
            "TimeoutStopSec": str(DRAIN_SECONDS + 10),
        },
    )


def _run(pooler: PoolerSettings, name: str, command: str, *more: str) -> str:
    flags = [
        # PgBouncer refuses new clients and ends when its transactions are over (SHUTDOWN WAIT_FOR_SERVERS).
        "--stop-signal SIGINT",
        f"--volume {FOLDER}:{FOLDER}:ro",
        f"--volume {pgbouncer.SECRETS}:{pgbouncer.SECRETS}",
        *more,
    ]
    return units_of.run(name, str(pooler.image), command, flags)


def _timer(restart: str) -> str:
    # Container-Optimized OS installs an update beside itself and starts into it; instances do so one after another.
    return units_of.sections(
        {
            "Unit": {"Description": "Weekly start into the newest system"},
            "Timer": {
                "OnCalendar": restart,
                "RandomizedDelaySec": f"{_PATCH_HOURS}h",
                "FixedRandomDelay": "true",
            },
        }
    )
