"""Typed rows of elastic.yaml: what Elastic Cloud offers on Google Cloud."""

from collections.abc import Mapping
from datetime import date
from functools import cache

from infra.catalog import Row, read


class ElasticRegion(Row):
    """A region by Google's name: where its Private Service Connect endpoint leads, and the names behind it."""

    service_attachment: str
    domain: str


class ElasticTemplate(Row):
    """A hardware profile: GB of disk for a GB of memory, virtual CPUs of the largest node."""

    disk_ratio: int
    vcpus_of_largest: int


class ElasticSizes(Row):
    """GB of memory that a zone can have; the hot tier also takes whole multiples of its largest."""

    hot: tuple[int, ...]
    kibana: tuple[int, ...]


class ElasticLine(Row):
    """A line of versions ("8.19"): the day its support ends where it is announced, and what to do by then."""

    support_ends: date | None = None
    then: str = ""


@cache
def elastic_regions() -> Mapping[str, ElasticRegion]:
    """Regions by Google's name."""
    return {name: ElasticRegion(**row) for name, row in read("elastic.yaml")["regions"].items()}


@cache
def elastic_templates() -> Mapping[str, ElasticTemplate]:
    """Hardware profiles by id."""
    return {name: ElasticTemplate(**row) for name, row in read("elastic.yaml")["templates"].items()}


@cache
def elastic_sizes() -> ElasticSizes:
    """The steps of memory."""
    return ElasticSizes(**read("elastic.yaml")["sizes"])


@cache
def elastic_lines() -> Mapping[str, ElasticLine]:
    """Lines of versions, oldest first."""
    return {line: ElasticLine(**row) for line, row in read("elastic.yaml")["versions"].items()}
