"""Exporters beside the pooler and the collector that sends what they tell: files and services of a machine (ADR 0028).

Each exporter fetches its own secrets before each start, into a folder in memory that no other one sees: one that cannot
be had holds up that exporter alone, and never the pools.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from string import Template
from typing import Any

import yaml

from infra.catalog import exporter_rows
from infra.catalog.exporter_rows import ExporterRow, ExporterSecretRow, ScrapeJobRow
from infra.derive import pooler_units as units
from infra.derive.images import RepositoryPlan, repository_of
from infra.derive.pgbouncer import SECRETS as POOLER_SECRETS
from infra.derive.secret_refs import secret_ref
from infra.settings.monitoring_exporters import ExportedStore, ExporterSettings
from infra.settings.postgres import MONITOR

PASSWORD_SECRET = "postgres-monitor-password"  # noqa: S105 # a secret's name

FOLDER = f"{units.FOLDER}/exporters"
SECRETS = "/run/exporters"
"""Where each exporter has a folder in memory."""

COLLECTED = "/var/lib/collector"
"""What the collector has not sent yet; lost with the machine."""

_MACHINE = "${MACHINE}"
"""Filled in by the collector: two machines that ask the same server must not write the same series."""

_RETRY_SECONDS = "30"
"""An exporter whose store or secret is not there yet is tried again so often."""

_TIMEOUT_SECONDS = 10
"""How long a scrape may take; the queries end before."""

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""In C where it is built: an estimate works the machines out three times, and a capacity plan makes fifty estimates."""


@dataclass(frozen=True)
class ExporterSurroundings:
    """What the exporters must know of the platform.

    `instances` are the hosts of the PostgreSQL instances by instance name, the primary's first. `values` are the
    placeholders of exporters.yaml that it does not explain by the row itself, `secrets` the ids of secrets by key.
    """

    gcp_project: str
    location: str
    environment: str
    pooler_image: str
    instances: Mapping[str, str]
    values: Mapping[str, str]
    secrets: Mapping[str, str]


@dataclass(frozen=True)
class Exporters:
    """What a machine is told: services by name, files by path.

    `given` are secrets made by hand that the machines' account must be able to read. Memory in MiB of all containers.
    """

    stores: tuple[str, ...]
    images: tuple[str, ...]
    repository: RepositoryPlan
    units: Mapping[str, str]
    files: Mapping[str, str]
    given: tuple[str, ...]
    memory_mib: int

    @property
    def asks_postgres(self) -> bool:
        """Whether the database user of the exporters is needed."""
        return "postgres" in self.stores


def exporters_plan(
    settings: ExporterSettings, stores: Sequence[ExportedStore], around: ExporterSurroundings
) -> Exporters:
    """Work the exporters of these stores out from settings that `infra.derive.exporters_checks` has accepted."""
    wanted = chosen(stores)
    given = tuple(
        secret_ref(getattr(settings, secret.setting)).secret
        for row in wanted.values()
        for secret in row.secrets.values()
        if secret.setting
    )
    made = {name: _Exporter(name, row, settings, around) for name, row in wanted.items()}
    return Exporters(
        stores=tuple(stores),
        images=(str(settings.image),),
        repository=repository_of(str(settings.image)),
        units={f"exporter-{name}.service": each.unit for name, each in made.items()}
        | {"collector.service": _collector_unit(settings)},
        files={path: text for each in made.values() for path, text in each.files.items()}
        | {f"{FOLDER}/prometheus.yml": prometheus_file(settings, stores, around)},
        given=given,
        memory_mib=memory_mib(stores),
    )


def chosen(stores: Sequence[ExportedStore]) -> dict[str, ExporterRow]:
    """The exporters of the stores that are asked, by name."""
    return {name: row for name, row in exporter_rows.exporters().items() if row.store in stores}


def memory_mib(stores: Sequence[ExportedStore]) -> int:
    """What the exporters of these stores and the collector may take on each machine, in MiB."""
    return exporter_rows.collector().memory_mib + sum(row.memory_mib for row in chosen(stores).values())


def connections(stores: Sequence[ExportedStore], *, is_primary: bool) -> int:
    """Most connections of a machine's exporters to the primary, or to one replica."""
    return sum(row.connections for row in chosen(stores).values() if is_primary or not row.only_primary)


def prometheus_file(settings: ExporterSettings, stores: Sequence[ExportedStore], around: ExporterSurroundings) -> str:
    """What the collector scrapes, and the labels by which Google tells its series from others."""
    interval = settings.every.seconds
    jobs = {name: job for name, job in exporter_rows.scrape_jobs().items() if job.store in stores}
    document = {
        "global": {
            "scrape_interval": f"{interval}s",
            "scrape_timeout": f"{min(interval, _TIMEOUT_SECONDS)}s",
            "external_labels": {
                "project_id": around.gcp_project,
                "location": around.location,
                "cluster": around.environment,
                "namespace": _MACHINE,
            },
        },
        "scrape_configs": [_job(name, job, around) for name, job in jobs.items()],
    }
    return str(yaml.dump(document, Dumper=_DUMPER, sort_keys=False, width=10_000))


def _job(name: str, job: ScrapeJobRow, around: ExporterSurroundings) -> dict[str, Any]:
    kept: list[dict[str, Any]] = [
        {"source_labels": ["__name__"], "regex": "|".join(job.metrics), "action": "keep"},
        *({"regex": label, "action": "labeldrop"} for label in job.drops),
    ]
    return {"job_name": name, **_targets(job, around), "metric_relabel_configs": kept}


def _targets(job: ScrapeJobRow, around: ExporterSurroundings) -> dict[str, Any]:
    if job.probe is None:
        return {
            "static_configs": [
                {
                    "targets": [f"127.0.0.1:{port}"],
                    "labels": {"instance": Template(instance).substitute(around.values)},
                }
                for instance, port in job.instances.items()
            ]
        }
    server_port, database = around.values["server_port"], around.values["database"]
    return {
        "metrics_path": "/probe",
        "params": {"auth_module": [job.module]},
        "static_configs": [
            {"targets": [f"{host}:{server_port}"], "labels": {"instance": instance}}
            for instance, host in around.instances.items()
        ],
        "relabel_configs": [
            {
                "source_labels": ["__address__"],
                "target_label": "__param_target",
                "regex": "(.*)",
                "replacement": f"$1/{database}",
            },
            {"target_label": "__address__", "replacement": f"127.0.0.1:{job.probe}"},
        ],
    }


class _Exporter:
    """One exporter of a machine."""

    def __init__(self, name: str, row: ExporterRow, settings: ExporterSettings, around: ExporterSurroundings) -> None:
        self._name = f"exporter-{name}"
        self._row = row
        self._settings = settings
        self._around = around
        self._folder = f"{SECRETS}/{name}"
        self._list = f"{FOLDER}/{name}-secrets.json"
        self._values = {
            **around.values,
            "address": f"127.0.0.1:{row.port}",
            "port": str(row.port),
            "folder": self._folder,
            "files": FOLDER,
            "user": MONITOR,
        }

    @property
    def files(self) -> dict[str, str]:
        """Its files by path."""
        row = self._row
        queries = {f"{FOLDER}/{row.queries}.yaml": exporter_rows.queries(row.queries)} if row.queries else {}
        return queries | ({self._list: self._secrets()} if row.secrets else {})

    @property
    def unit(self) -> str:
        """Its service."""
        row = self._row
        switches = [f"--no-collector.{each}" for each in row.switches]
        words = [row.program, *(Template(each).substitute(self._values) for each in row.arguments), *switches]
        command = units.run(self._name, str(self._settings.image), " ".join(words), self._flags())
        return units.lasting(self._name, command, {"RestartSec": _RETRY_SECONDS}, self._preparing())

    def _flags(self) -> Iterator[str]:
        row = self._row
        yield from (f"--memory {row.memory_mib}m", f"--memory-swap {row.memory_mib}m", *_MODEST)
        if row.queries:
            yield f"--volume {FOLDER}:{FOLDER}:ro"
        if row.secrets:
            yield f"--volume {self._folder}:{self._folder}:ro"
        if row.environment:
            yield f"--env-file {self._folder}/{row.environment}"
        if row.enters:
            # Not a volume: docker would make the folder when it is not there yet, and PgBouncer could not use it.
            place = f"{POOLER_SECRETS}/{row.enters}"
            yield f"--mount type=bind,source={place},target={place}"

    def _preparing(self) -> Iterator[str]:
        if not self._row.secrets:
            return
        yield units.folder(self._folder)
        yield units.run(
            f"{self._name}-secrets",
            self._around.pooler_image,
            f"python -m services.pooler.secrets {self._list}",
            [f"--volume {FOLDER}:{FOLDER}:ro", f"--volume {self._folder}:{self._folder}"],
        )

    def _secrets(self) -> str:
        """What services/pooler/secrets.py fetches for it."""
        wanted = [
            {
                **self._where(secret),
                "form": "template",
                "file": file,
                "template": Template(secret.template).safe_substitute(self._values),
            }
            for file, secret in self._row.secrets.items()
        ]
        content = {"project": self._around.gcp_project, "folder": self._folder, "secrets": wanted}
        return json.dumps(content, indent=2) + "\n"

    def _where(self, secret: ExporterSecretRow) -> dict[str, str]:
        """A secret's id and version: of the platform's own the latest, of one made by hand the setting's."""
        if secret.setting:
            return asdict(secret_ref(getattr(self._settings, secret.setting)))
        return {"secret": self._around.secrets[str(secret.secret)], "version": "latest"}


_MODEST = ("--cpu-shares 128", "--pids-limit 64")
"""Clients of the pools go before measuring: an eighth of the processor's share of a container, when it is short."""


def _collector_unit(settings: ExporterSettings) -> str:
    row = exporter_rows.collector()
    words = [
        f"--config.file={FOLDER}/prometheus.yml",
        f"--web.listen-address=127.0.0.1:{row.port}",
        f"--storage.tsdb.path={COLLECTED}",
        "--storage.tsdb.retention.time=3h",
        "--enable-feature=expand-external-labels",
        "--log.level=warn",
    ]
    flags = [
        f"--memory {row.memory_mib}m",
        f"--memory-swap {row.memory_mib}m",
        *_MODEST,
        # The machine's name, which systemd knows.
        "--env MACHINE=%H",
        f"--volume {FOLDER}:{FOLDER}:ro",
        f"--volume {COLLECTED}:{COLLECTED}",
    ]
    command = units.run("collector", str(settings.collector), " ".join(words), flags)
    return units.lasting("collector", command, {"RestartSec": _RETRY_SECONDS}, [units.folder(COLLECTED)])
