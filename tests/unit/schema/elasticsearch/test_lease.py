"""The lease on a cluster: whose it is after answers were lost, clocks ran on, and others took it over."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from schema.elasticsearch.cluster import Cluster
from schema.elasticsearch.lease import INDEX, Lease, make_index
from schema.kit import SchemaError
from tests.unit.schema.elasticsearch.clusters import ToldCluster

DOCUMENT = f"/{INDEX}/_doc/lease"


class LeaseCluster(Cluster):
    """One document that is written as it was last seen or not at all; `lost` answers do not arrive."""

    def __init__(self) -> None:
        super().__init__(Elasticsearch("http://127.0.0.1:1"), "the cluster")
        self.document: dict[str, Any] | None = None
        self.number = 0
        self.lost = 0

    def _asked(
        self, client: Elasticsearch, method: str, path: str, body: Any, none_for: Iterable[int] = ()
    ) -> Any | None:
        del client, none_for
        place, _, query = path.partition("?")
        if method == "GET":
            return self._found() if place == DOCUMENT else {INDEX: {"mappings": {"properties": {}}}}
        if place not in (DOCUMENT, f"/{INDEX}/_create/lease"):
            return {"acknowledged": True}
        seen = f"if_seq_no={self.number}&if_primary_term=1" if self.document else ""
        if query != seen:
            return None
        self.number += 1
        self.document = body if method == "PUT" else None
        if self.lost:
            self.lost -= 1
            raise SchemaError("the cluster", "did not answer in time")
        return {"_seq_no": self.number, "_primary_term": 1}

    def _found(self) -> Any | None:
        return self.document and {"_seq_no": self.number, "_primary_term": 1, "_source": self.document}

    def expire(self, **changed: str) -> None:
        """As time does; `changed` is what another has written over it."""
        assert self.document
        past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat(timespec="milliseconds")
        self.document = {**self.document, "expires_at": past, **changed}
        self.number += 1 if changed else 0


@pytest.fixture
def cluster() -> LeaseCluster:
    return LeaseCluster()


def test_a_renewal_whose_answer_was_lost_is_still_the_holder_s(cluster: LeaseCluster) -> None:
    lease = Lease(cluster)
    with lease.held(0):
        cluster.lost = 1
        assert lease.renew()
        assert lease.renew()
        cluster.guard()
    assert cluster.document is None


def test_a_lease_is_given_back_though_the_last_answer_was_lost(cluster: LeaseCluster) -> None:
    lease = Lease(cluster)
    with lease.held(0):
        cluster.lost = 1
        assert lease.renew()
    assert cluster.document is None


def test_what_another_took_over_is_lost_and_stays_the_other_s(cluster: LeaseCluster) -> None:
    lease = Lease(cluster)
    with lease.held(0):
        cluster.expire()
        assert Lease(cluster).take()
        assert not lease.renew()
        with pytest.raises(SchemaError, match="somebody else took it over"):
            cluster.guard()
    assert cluster.document is not None


def test_what_ran_out_and_nobody_took_is_held_again(cluster: LeaseCluster) -> None:
    lease, now = Lease(cluster), 1000.0
    lease.clock = lambda: now
    with lease.held(0):
        before = cluster.number
        now += lease.seconds
        cluster.expire()
        cluster.guard()
        assert cluster.number == before + 1
        now += lease.seconds
        cluster.expire()
        cluster.lost = 2
        with pytest.raises(SchemaError, match="did not answer in time"):
            cluster.guard()


def test_two_of_one_name_are_two_holders(cluster: LeaseCluster) -> None:
    """A job's container has the same name and process id when it is tried again."""
    with Lease(cluster).held(0):
        assert not Lease(cluster).take()
        assert not Lease(cluster).renew()


def test_an_index_of_before_gets_the_fields_that_are_new() -> None:
    fields = {"owner": {"type": "keyword"}, "expires_at": {"type": "date"}}
    cluster = ToldCluster({f"GET /{INDEX}": {INDEX: {"mappings": {"dynamic": "strict", "properties": fields}}}})
    make_index(cluster)
    ((method, path, body),) = cluster.sent
    assert (method, path) == ("PUT", f"/{INDEX}/_mapping")
    assert body["properties"]["token"] == {"type": "keyword"}
    cluster = ToldCluster({f"GET /{INDEX}": {INDEX: {"mappings": body}}})
    make_index(cluster)
    assert cluster.sent == []
