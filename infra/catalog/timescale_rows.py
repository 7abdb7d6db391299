"""Typed rows of timescale.yaml: regions and sizes of Timescale Cloud."""

from collections.abc import Mapping
from functools import cache

from infra.catalog import Row, read


class CloudRegion(Row):
    """A region of another cloud; `code` is the vendor's own name for it."""

    code: str
    place: str
    jurisdiction: str


class Compute(Row):
    """A size: thousandths of a processor, and memory in GB."""

    milli_cpu: int
    memory_gb: int


@cache
def cloud_regions() -> Mapping[str, CloudRegion]:
    """Regions by the settings' names, such as aws/ap-northeast-1."""
    return {name: CloudRegion(**row) for name, row in read("timescale.yaml")["regions"].items()}


@cache
def computes() -> Mapping[str, Compute]:
    """Sizes by the settings' names, such as "4 CPU / 16 GB"."""
    return {name: Compute(**row) for name, row in read("timescale.yaml")["compute"].items()}
