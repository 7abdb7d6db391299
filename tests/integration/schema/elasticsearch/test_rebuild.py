"""A changed analysis makes the index anew: no reader fails, no write is lost, a kill anywhere converges."""

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from schema.elasticsearch import rebuild
from schema.elasticsearch.cluster import Cluster
from schema.elasticsearch.copying import reindex_body
from schema.elasticsearch.lease import INDEX
from schema.kit import SchemaError
from tests.integration.schema.elasticsearch.conftest import Lab

Open = Callable[..., Cluster]
Meant = Callable[[str], bool]
"""Whether it is this change, by its method and path."""

FILE = "component_templates/triptrip-content.yaml"
BLOCKED = "index write (api)"
LEASE = f"/{INDEX}/_doc/lease"


def change_analysis(lab: Lab) -> None:
    """What asks for a new index: readings that keep their accents, or lose them again."""
    text = (lab.folder / FILE).read_text(encoding="utf-8")
    before, after = "typed_index, asciifolding]", "typed_index, asciifolding, kuromoji_stemmer]"
    lab.edit(FILE, *((after, before) if after in text else (before, after)))


def documents(count: int) -> dict[str, dict[str, object]]:
    return {str(number): {"name_ja": f"旅館{number}", "review_count": 0} for number in range(count)}


class Client(threading.Thread):
    """Repeats one thing until it is told to stop; what went wrong is kept."""

    def __init__(self, act: Callable[[int], None]) -> None:
        super().__init__(daemon=True)
        self._act = act
        self._stopped = threading.Event()
        self.failures: list[str] = []
        self.times = 0

    def run(self) -> None:
        for number in itertools.count():
            if self._stopped.is_set():
                return
            try:
                self._act(number)
                self.times += 1
            except Exception as error:  # noqa: BLE001 # shown by the test
                self.failures.append(str(error))

    def stop(self) -> None:
        self._stopped.set()
        self.join(30)


def test_readers_and_writers_go_on_while_the_index_is_made_anew(lab: Lab, closing: Open) -> None:
    lab.apply()
    lab.write(documents(2500))
    application = closing(lab.server.url, lab.key("application"))
    indexer = closing(lab.server.url, lab.key("indexer"))
    acknowledged: dict[str, int] = {}
    seen: list[int] = []
    refused = 0

    def read(_: int) -> None:
        answer = application.search("/hotels/_search?track_total_hits=true", {"query": {"match": {"name_ja": "旅館"}}})
        assert answer["_shards"]["failed"] == 0
        seen.append(answer["hits"]["total"]["value"])

    def write(number: int) -> None:
        nonlocal refused
        key = str(number % 50) if number % 2 else f"new-{number}"
        body = {"name_ja": f"旅館{key}", "review_count": number}
        while True:
            try:
                indexer.change("PUT", f"/hotels-write/_doc/{key}", body)
            except SchemaError as error:
                if BLOCKED not in str(error):
                    raise
                refused += 1
                time.sleep(0.01)
            else:
                acknowledged[key] = number
                return

    clients = [Client(read), Client(write)]
    for client in clients:
        client.start()
    change_analysis(lab)
    lines = lab.apply()
    for client in clients:
        client.stop()
    assert "change reindex of hotels" in lines
    assert [client.failures for client in clients] == [[], []]
    assert all(client.times > 0 for client in clients)
    assert min(seen) >= 2500, "a reader saw an index that was not whole"
    assert lab.used() == lab.used("hotels-write") == "hotels-000002"
    lab.cluster.change("POST", "/hotels/_refresh")
    for key, number in acknowledged.items():
        found = lab.cluster.get(f"/hotels-000002/_doc/{key}")
        assert found is not None, f"{key} was acknowledged and is lost"
        assert found["_source"]["review_count"] == number, f"{key} is an older one"
    assert lab.plan() == []
    assert lab.store().findings() == []


def test_the_former_index_stays_until_the_next_one(lab: Lab) -> None:
    lab.apply()
    lab.write(documents(3))
    change_analysis(lab)
    lab.apply()
    assert set(lab.cluster.get("/hotels-0*") or {}) == {"hotels-000001", "hotels-000002"}
    with pytest.raises(SchemaError, match="index write"):
        lab.cluster.change("PUT", "/hotels-000001/_doc/1", {"name_ja": "宿"})
    change_analysis(lab)
    lines = lab.apply()
    assert lines.index("delete index hotels-000001") < lines.index("change reindex of hotels")
    assert set(lab.cluster.get("/hotels-0*") or {}) == {"hotels-000002", "hotels-000003"}


def test_withdrawn_documents_are_hidden_and_stay_behind(lab: Lab) -> None:
    lab.apply()
    lab.write(documents(3))
    lab.write({"1": {"withdrawn": True}})
    assert lab.cluster.search("/hotels/_count")["count"] == 2
    change_analysis(lab)
    lab.apply()
    assert lab.cluster.search("/hotels-000002/_count")["count"] == 2


class FailingCopy:
    """Copies as it should, and does something before one of its passes."""

    def __init__(self, inner: Any, before: Mapping[int, Callable[[], None]]) -> None:
        self._inner, self._before, self._passes = inner, before, itertools.count()

    def stop(self, source: str, target: str) -> None:
        self._inner.stop(source, target)

    def copy(self, source: str, target: str, query: Mapping[str, Any]) -> int:
        self._before.get(next(self._passes), lambda: None)()
        return int(self._inner.copy(source, target, query))


def anew(lab: Lab, before: Mapping[int, Callable[[], None]]) -> None:
    from schema.elasticsearch.copying import ByScroll  # noqa: PLC0415 # only here
    from schema.elasticsearch.desired import desired  # noqa: PLC0415 # only here

    (wanted,) = (index for index in desired(lab.environment, lab.folder).indices if index.name == "hotels")
    copying = FailingCopy(ByScroll(lab.cluster), before)
    rebuild.make_anew(lab.cluster, copying, wanted, "hotels-000001", "hotels-000002")


def is_refused(lab: Lab) -> None:
    with pytest.raises(SchemaError, match="index write"):
        lab.cluster.change("PUT", "/hotels-write/_doc/late", {"name_ja": "夜"})


def test_the_request_to_the_cluster_s_own_copy_is_understood_as_it_is_meant(lab: Lab) -> None:
    """By Elasticsearch's own reader of such requests; the node has no module that would carry it out."""
    query = {"range": {"_seq_no": {"gt": 7}}}
    told = lab.cluster.search("/_understood/reindex", reindex_body("hotels-000001", "hotels-000002", query))
    assert told["source"]["index"] == ["hotels-000001"]
    assert told["source"]["size"] == 1000
    assert told["source"]["query"]["range"]["_seq_no"]["gt"] == 7
    assert told["dest"] == {"index": "hotels-000002", "op_type": "index", "version_type": "internal"}
    with pytest.raises(SchemaError, match="unknown field"):
        lab.cluster.search("/_understood/reindex", {"source": {"index": "a"}, "dest": {"indices": "b"}})


def test_what_is_written_before_the_last_pass_is_in_the_new_index(lab: Lab) -> None:
    lab.apply()
    lab.write(documents(5))
    anew(
        lab,
        {
            0: lambda: lab.write({"early": {"name_ja": "朝"}}),
            1: lambda: lab.write({"0": {"name_ja": "昼", "review_count": 7}}),
            # In the last pass writers are refused.
            2: lambda: is_refused(lab),
        },
    )
    assert lab.cluster.search("/hotels-000002/_count")["count"] == 6
    assert (lab.cluster.get("/hotels-000002/_doc/0") or {})["_source"]["review_count"] == 7


def test_a_deletion_meanwhile_is_told_and_writers_are_let_in_again(lab: Lab) -> None:
    lab.apply()
    lab.write(documents(5))
    with pytest.raises(SchemaError, match="has 5 documents where hotels-000001 has 4: some were deleted"):
        anew(lab, {1: lambda: lab.cluster.change("DELETE", "/hotels-000001/_doc/0?refresh=true") and None})
    lab.write({"again": {"name_ja": "宿"}})
    assert lab.used() == "hotels-000001"
    change_analysis(lab)
    lab.apply()
    assert lab.plan() == []


def test_a_document_that_does_not_fit_is_named(lab: Lab) -> None:
    lab.apply()
    lab.write({"odd": {"name_en": "Odd", "tags": ["a few"]}})
    lab.edit(FILE, "tags: {type: keyword}", "tags: {type: integer}")
    with pytest.raises(SchemaError, match=r'document odd of hotels-000001: does not fit the new index: .*"a few"'):
        lab.apply()
    assert lab.used() == "hotels-000001"
    lab.write({"again": {"name_ja": "宿"}})
    lab.edit(FILE, "tags: {type: integer}", "tags: {type: keyword}")
    assert [line for line in lab.plan() if "never finished" in line]
    lab.apply()
    assert lab.plan() == []
    assert set(lab.cluster.get("/hotels-0*") or {}) == {"hotels-000001"}


class KilledError(SchemaError):
    """The process is gone: nothing that comes after it happens."""


class DyingCluster(Cluster):
    """A connection whose process is killed before the first change that a test means.

    What is written to the lease is not asked about: how often it is renewed is a matter of how fast the machine is.
    """

    def __init__(self, cluster: Cluster, is_meant: Meant) -> None:
        self.__dict__.update(cluster.__dict__)
        self._is_meant = is_meant
        self._is_dead = False

    def _asked(self, client: Any, method: str, path: str, body: Any, none_for: Iterable[int] = ()) -> Any | None:
        if client is self._changing and not path.startswith(("/_search", LEASE)):
            self._is_dead = self._is_dead or self._is_meant(f"{method} {path}")
        if self._is_dead:
            raise KilledError("the process", "is gone")
        return super()._asked(client, method, path, body, none_for)


def killed_before(lab: Lab, closing: Open, is_meant: Meant) -> bool:
    """Kill a rebuild before the change that is meant and run again; returns whether there was such a change.

    The reader sees every document at every moment, whatever is left lying there.
    """
    change_analysis(lab)
    dying = DyingCluster(closing(lab.address()), is_meant)
    try:
        # So short a lease that the next run need not wait; so long that it is renewed on a slow machine.
        lab.apply(dying, lease_seconds=1)
    except KilledError:
        assert lab.cluster.search("/hotels/_count")["count"] == 20
    else:
        return False
    lab.apply(wait=60)
    assert lab.plan() == []
    assert lab.cluster.search("/hotels/_count")["count"] == 20
    assert len(lab.cluster.get("/hotels-0*") or {}) <= 2
    lab.write({"0": {"name_ja": "旅館0"}})
    return True


@pytest.fixture
def listed(lab: Lab) -> Lab:
    """Hotels alone, twenty of them."""
    (lab.folder / "index_templates" / "products.yaml").unlink()
    lab.apply()
    lab.write(documents(20))
    return lab


@pytest.mark.parametrize(
    "change",
    [
        "PUT /hotels-000002",  # the new index
        "PUT /hotels-000001/_block/write",  # the last pass begins
        "POST /_aliases",  # the new index takes the old one's place
    ],
)
def test_killed_before_a_change_the_next_run_ends_it(listed: Lab, closing: Open, change: str) -> None:
    assert killed_before(listed, closing, lambda request: request == change)


def counted(number: int) -> Meant:
    """The change that so many came before."""
    left = itertools.count(number, -1)
    return lambda _: next(left) == 0


@pytest.mark.faults
def test_killed_before_any_change_the_next_run_ends_it(listed: Lab, closing: Open) -> None:
    for number in itertools.count():
        if not killed_before(listed, closing, counted(number)):
            assert number > 10
            return
