"""Typed rows of exporters.yaml: what measures beside the pooler, and what is kept of it."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from infra.catalog.rows import Row, read

_QUERIES = Path(__file__).parent / "exporter_queries"


class ExporterSecretRow(Row):
    """A file of an exporter in memory: a secret of the platform by its key, or one that a setting names."""

    template: str
    secret: str | None = None
    setting: str | None = None


class ExporterRow(Row):
    """An exporter; the keys are explained in exporters.yaml. `switches` are collectors of it that are off."""

    store: str
    program: str
    port: int
    memory_mib: int
    arguments: tuple[str, ...]
    switches: tuple[str, ...] = ()
    secrets: Mapping[str, ExporterSecretRow] = {}
    environment: str | None = None
    queries: str | None = None
    enters: str | None = None
    connections: int = 0
    only_primary: bool = False


class ScrapeJobRow(Row):
    """What is scraped under one value of `job`; either `instances` or `probe`."""

    store: str
    metrics: tuple[str, ...]
    instances: Mapping[str, int] = {}
    probe: int | None = None
    module: str | None = None
    drops: tuple[str, ...] = ()


class CollectorRow(Row):
    """The collector's port on loopback and its memory."""

    port: int
    memory_mib: int


@cache
def exporters() -> Mapping[str, ExporterRow]:
    """Exporters by name."""
    return {name: ExporterRow(**row) for name, row in read("exporters.yaml")["exporters"].items()}


@cache
def scrape_jobs() -> Mapping[str, ScrapeJobRow]:
    """Scrape jobs by name."""
    return {name: ScrapeJobRow(**row) for name, row in read("exporters.yaml")["jobs"].items()}


@cache
def collector() -> CollectorRow:
    """The collector."""
    return CollectorRow(**read("exporters.yaml")["collector"])


@cache
def queries(name: str) -> str:
    """A file of queries, as the exporter reads it."""
    return (_QUERIES / f"{name}.yaml").read_text(encoding="utf-8")
