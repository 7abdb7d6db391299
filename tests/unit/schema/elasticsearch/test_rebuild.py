"""Who lets the writers in again, after a last pass that failed."""

from collections.abc import Mapping
from typing import Any

import pytest

from schema.elasticsearch.desired import desired
from schema.elasticsearch.rebuild import make_anew
from schema.kit import SchemaError, load_environment
from tests.unit.schema.elasticsearch.clusters import ToldCluster

SOURCE, TARGET = "hotels-000001", "hotels-000002"
WANTED = next(index for index in desired(load_environment("dev")).indices if index.name == "hotels")
SHARD = {"seq_no": {"local_checkpoint": 5}, "routing": {"primary": True}}
ANSWERS = {
    f"GET /{SOURCE}/_stats": {"indices": {SOURCE: {"shards": {"0": [SHARD]}}}},
    f"GET /_cluster/health/{TARGET}": {"timed_out": False},
}
LET_IN = ("PUT", f"/{SOURCE}/_settings", {"index.blocks.write": None})


class Copy:
    """Copies nothing and fails in the last pass, in which another may have taken the lease over."""

    def __init__(self, cluster: ToldCluster, *, is_lease_lost: bool) -> None:
        self._cluster = cluster
        self._is_lease_lost = is_lease_lost

    def stop(self, source: str, target: str) -> None:
        pass

    def copy(self, source: str, target: str, query: Mapping[str, Any]) -> int:
        del target, query
        if ("PUT", f"/{source}/_block/write", None) not in self._cluster.sent:
            return 0
        if self._is_lease_lost:
            self._cluster.guard = lost
        raise SchemaError("document 9", "does not fit")


def lost() -> None:
    raise SchemaError("the schema of this cluster", "somebody else took it over")


@pytest.mark.parametrize("is_lease_lost", [False, True])
def test_only_the_holder_of_the_lease_lets_the_writers_in(*, is_lease_lost: bool) -> None:
    cluster = ToldCluster(ANSWERS)
    with pytest.raises(SchemaError, match="does not fit"):
        make_anew(cluster, Copy(cluster, is_lease_lost=is_lease_lost), WANTED, SOURCE, TARGET)
    assert (LET_IN in cluster.sent) == (not is_lease_lost)
