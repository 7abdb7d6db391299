"""What Elastic Cloud would refuse of the search settings, what would not hold the index, and what to know about it."""

from collections.abc import Callable, Iterator

from infra.catalog.elasticsearch_rows import (
    ElasticTemplate,
    elastic_lines,
    elastic_regions,
    elastic_sizes,
    elastic_templates,
)
from infra.derive.findings import Advice
from infra.derive.search_capacity import USABLE_PERCENT, search_capacity, smallest_zone
from infra.settings import Problem, Settings
from infra.settings.elasticsearch import ElasticsearchSettings
from infra.settings.project import ProjectSettings

PEAK_QUERIES = 50_000
"""Searches a second at the peak (WL-SEARCH)."""

QUERIES_PAST_THE_CACHES = 500
"""What is left of them behind a CDN that answers 80 % and a cache that answers 95 % of the rest (CACHE-LAYERS)."""


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the elasticsearch settings; nothing when the store is off."""
    if settings.elasticsearch is not None:
        for check in _CHECKS:
            yield from check(settings.project, settings.elasticsearch)


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about the elasticsearch settings."""
    search = settings.elasticsearch
    if search is None:
        return
    line = elastic_lines().get(_line(search.version))
    if line and line.support_ends:
        yield Advice(
            "elasticsearch.version", f"support of {_line(search.version)} ends on {line.support_ends}; {line.then}"
        )
    if settings.project.environment == "prod":
        yield from _queries(search)
    if search.snapshots is None:
        yield Advice(
            "elasticsearch.snapshots",
            "only Elastic's own snapshots exist: they go with the deployment and are out of our reach",
        )


def _region(project: ProjectSettings, _: ElasticsearchSettings) -> Iterator[Problem]:
    if project.region not in elastic_regions():
        yield Problem(
            "project.region",
            project.region,
            f"one of {', '.join(elastic_regions())}, where Elastic Cloud can be reached privately",
            "choose another region, or leave elasticsearch out",
        )


def _version(_: ProjectSettings, search: ElasticsearchSettings) -> Iterator[Problem]:
    if _line(search.version) not in elastic_lines():
        yield Problem(
            "elasticsearch.version",
            search.version,
            f"a version of one of the lines {', '.join(elastic_lines())}",
            "choose a supported line, or add its row to infra/catalog/elastic.yaml",
        )


def _template(_: ProjectSettings, search: ElasticsearchSettings) -> Iterator[Problem]:
    if search.template not in elastic_templates():
        yield Problem(
            "elasticsearch.template",
            search.template,
            f"one of {', '.join(elastic_templates())}",
            "choose one of them; names that end in -v2 to -v5 are retired",
        )


def _sizes(_: ProjectSettings, search: ElasticsearchSettings) -> Iterator[Problem]:
    """A size between two steps: Elastic refuses it, and never rounds."""
    hot, kibana = elastic_sizes().hot, elastic_sizes().kibana
    wanted = [("hot.size", search.hot.size)] + ([("hot.limit", search.hot.limit)] if search.hot.limit else [])
    for path, size in wanted:
        if not _is_step(size.gib, hot):
            yield Problem(
                f"elasticsearch.{path}",
                str(size),
                f"{_listed(hot)} GB, or a multiple of {hot[-1]} GB",
                f"write {next((step for step in hot if step >= size.gib), -(-size.gib // hot[-1]) * hot[-1])} GB",
            )
    if search.kibana.size.gib not in kibana:
        fitting = next((step for step in kibana if step >= search.kibana.size.gib), kibana[-1])
        yield Problem(
            "elasticsearch.kibana.size", str(search.kibana.size), f"{_listed(kibana)} GB", f"write {fitting} GB"
        )


def _prod(project: ProjectSettings, search: ElasticsearchSettings) -> Iterator[Problem]:
    """One zone, or one copy, is a store that goes away with its disk."""
    if project.environment != "prod":
        return
    if search.hot.zones == 1:
        yield Problem("elasticsearch.hot.zones", "1", "2 or 3 in prod (TGT-SEARCH-SLA)", "write 3")
    elif search.index.replicas == 0:
        yield Problem(
            "elasticsearch.index.replicas",
            "0",
            "at least 1 in prod: the disks are local, and go with their node (TGT-SEARCH-SLA)",
            "write 1",
        )


def _disk(_: ProjectSettings, search: ElasticsearchSettings) -> Iterator[Problem]:
    template = elastic_templates().get(search.template)
    if template is None or not _is_step(search.hot.size.gib, elastic_sizes().hot):
        return
    hot, index = search.hot, search.index
    capacity = search_capacity(template, hot.size, hot.zones, index.size, index.replicas)
    if not capacity.fits:
        yield Problem(
            "elasticsearch.index.size",
            f"{index.size}, {index.replicas} replica{'' if index.replicas == 1 else 's'}",
            f"at most {capacity.usable_gb} GB ({USABLE_PERCENT} % of the {capacity.disk_gb} GB that {hot.zones} × "
            f"{hot.size} bring) for the index and its replicas, twice during a reindex: {capacity.needed_gb} GB",
            _larger(template, search),
        )


def _larger(template: ElasticTemplate, search: ElasticsearchSettings) -> str:
    size = smallest_zone(template, search.hot.zones, search.index.size, search.index.replicas)
    if size is not None:
        return f"raise elasticsearch.hot.size to {size}"
    return "choose template gcp-storage-optimized-dense, a multiple of 64 GB, or fewer replicas"


def _queries(search: ElasticsearchSettings) -> Iterator[Advice]:
    template = elastic_templates().get(search.template)
    if template is None:
        return
    hot, index = search.hot, search.index
    capacity = search_capacity(template, hot.size, hot.zones, index.size, index.replicas)
    if capacity.most_queries < PEAK_QUERIES:
        yield Advice(
            "elasticsearch.hot",
            f"{float(capacity.vcpus):g} vCPU answer less than {capacity.most_queries:,} searches a second, not the "
            f"{PEAK_QUERIES:,} of WL-SEARCH; behind CDN and cache {QUERIES_PAST_THE_CACHES} of them are left "
            "(CACHE-LAYERS). Load-test before raising the size (ADR 0012)",
        )


def _line(version: str) -> str:
    return version.rpartition(".")[0]


def _is_step(gigabytes: int, steps: tuple[int, ...]) -> bool:
    return gigabytes in steps or gigabytes % steps[-1] == 0


def _listed(steps: tuple[int, ...]) -> str:
    return f"{', '.join(str(step) for step in steps[:-1])} or {steps[-1]}"


_CHECKS: tuple[Callable[[ProjectSettings, ElasticsearchSettings], Iterator[Problem]], ...] = (
    _region,
    _version,
    _template,
    _sizes,
    _prod,
    _disk,
)
