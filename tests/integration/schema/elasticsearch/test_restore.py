"""A lost or damaged index comes back from a snapshot while others read: restored beside, looked at, aliases swapped."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ops.recovery import stores
from ops.recovery.elasticsearch.index import (
    await_shards,
    in_use,
    is_in_place,
    put_in_place,
    restore_beside,
    target_of,
    validate,
)
from ops.recovery.elasticsearch.procedure import RESTORE_ELASTICSEARCH, recovery
from ops.recovery.elasticsearch.snapshots import Snapshot, chosen, snapshots
from ops.recovery.errors import RecoveryError
from ops.recovery.steps import Run, Watcher
from schema.elasticsearch.cluster import Cluster
from schema.elasticsearch.desired import WantedIndex, desired
from schema.elasticsearch.files import FOLDER
from schema.elasticsearch.objects import KINDS
from schema.kit import SchemaError
from tests.integration.recovery.commands import Listener
from tests.integration.recovery.kills import killed_everywhere
from tests.integration.schema.elasticsearch.conftest import Lab

REPOSITORY = "test"
INN = {str(number): {"name_ja": f"宿{number}", "price_yen": number} for number in range(20)}


@pytest.fixture
def repository(lab: Lab) -> Iterator[str]:
    settings = {"location": str(lab.server.repository / REPOSITORY)}
    lab.cluster.change("PUT", f"/_snapshot/{REPOSITORY}", {"type": "fs", "settings": settings})
    yield REPOSITORY
    # A snapshot that an index is still being restored from cannot be deleted.
    for index in lab.cluster.get("/hotels-*?expand_wildcards=all&ignore_unavailable=true") or {}:
        lab.cluster.change("DELETE", f"/{index}")
    for row in (lab.cluster.get(f"/_snapshot/{REPOSITORY}/*") or {})["snapshots"]:
        lab.cluster.change("DELETE", f"/_snapshot/{REPOSITORY}/{row['snapshot']}")
    lab.cluster.change("DELETE", f"/_snapshot/{REPOSITORY}")


def take(lab: Lab, name: str, **body: Any) -> str:
    told = lab.cluster.change(
        "PUT", f"/_snapshot/{REPOSITORY}/{name}?wait_for_completion=true", {"indices": "hotels-*", **body}
    )
    return str((told or {})["snapshot"]["state"])


def hotels(lab: Lab) -> WantedIndex:
    [wanted] = [each for each in desired(lab.environment, lab.folder).indices if each.name == "hotels"]
    return wanted


def restore(lab: Lab, snapshot: Snapshot, cluster: Cluster | None = None) -> str:
    cluster, wanted = cluster or lab.cluster, hotels(lab)
    source = snapshot.of("hotels")[0]
    target = target_of(cluster, wanted, source)
    restore_beside(cluster, snapshot, source, target)
    await_shards(cluster, target, lambda: False)
    used = in_use(cluster, wanted)
    assert [check for check in validate(cluster, wanted, target, used) if not check.passed] == []
    put_in_place(cluster, wanted, target, used)
    return target


@pytest.mark.usefixtures("repository")
def test_a_lost_index_comes_back_under_the_next_number_with_both_aliases(lab: Lab) -> None:
    lab.apply()
    lab.write(INN)
    assert take(lab, "one") == "SUCCESS"
    lab.write({"late": {"name_ja": "遅", "price_yen": 1}})
    lab.cluster.change("DELETE", "/hotels-000001")
    snapshot = chosen(snapshots(lab.cluster, REPOSITORY), "hotels")
    assert restore(lab, snapshot) == "hotels-000002"
    # What came after the snapshot is not in it, and everything before is.
    assert lab.cluster.search("/hotels/_count")["count"] == 20
    assert is_in_place(lab.cluster, hotels(lab), "hotels-000002")
    lab.write({"new": {"name_ja": "新", "price_yen": 2}})
    assert lab.cluster.search("/hotels-000002/_count")["count"] == 21
    assert lab.plan() == []


@pytest.mark.usefixtures("repository")
def test_readers_see_all_documents_all_the_while_and_the_damaged_index_is_kept(
    lab: Lab, closing: Callable[[str, str | None], Cluster]
) -> None:
    lab.apply()
    lab.write(INN)
    take(lab, "one")
    lab.write({key: {**document, "withdrawn": True} for key, document in list(INN.items())[:15]})
    reader, counts, ended = closing(lab.address(), None), [], threading.Event()

    def read() -> None:
        while not ended.is_set():
            counts.append(reader.search("/hotels/_count")["count"])

    thread = threading.Thread(target=read)
    thread.start()
    try:
        target = restore(lab, chosen(snapshots(lab.cluster, REPOSITORY), "hotels"))
    finally:
        ended.set()
        thread.join()
    assert set(counts) <= {5, 20}
    assert lab.cluster.search("/hotels/_count")["count"] == 20
    assert lab.cluster.search("/hotels-000001/_count")["count"] == 20
    assert lab.used() == target
    assert lab.used("hotels-write") == target


@pytest.mark.usefixtures("repository")
def test_a_partial_snapshot_is_refused_and_the_newest_whole_one_is_offered(lab: Lab) -> None:
    lab.apply()
    lab.write(INN)
    take(lab, "whole")
    # An index whose only shard may lie nowhere.
    nowhere = {"index.routing.allocation.require._name": "nobody", "index.number_of_replicas": 0}
    lab.cluster.change("PUT", "/hotels-000009?wait_for_active_shards=0", {"settings": nowhere})
    assert take(lab, "partial", partial=True) == "PARTIAL"
    found = snapshots(lab.cluster, REPOSITORY)
    assert [each.name for each in found] == ["partial", "whole"]
    assert chosen(found, "hotels").name == "whole"
    with pytest.raises(SchemaError, match=r"snapshot partial: is PARTIAL: 1 shards are missing(.|\n)*take whole"):
        chosen(found, "hotels", "partial")
    with pytest.raises(SchemaError, match=r"is not in the repository\n  allowed: whole"):
        chosen(found, "hotels", "none")
    with pytest.raises(SchemaError, match="index of products: is in no snapshot that is whole"):
        chosen(found, "products")
    with pytest.raises(SchemaError, match="snapshot repository other: is not registered"):
        snapshots(lab.cluster, "other")


@pytest.mark.usefixtures("repository")
def test_an_index_that_a_rebuild_was_filling_does_not_pass(lab: Lab) -> None:
    lab.apply()
    lab.write(INN)
    lab.cluster.change("PUT", "/hotels-000002", {"settings": {"index.refresh_interval": "-1"}})
    take(lab, "one")
    lab.cluster.change("DELETE", "/hotels-000002")
    wanted, snapshot = hotels(lab), chosen(snapshots(lab.cluster, REPOSITORY), "hotels")
    restore_beside(lab.cluster, snapshot, "hotels-000002", "hotels-000003")
    await_shards(lab.cluster, "hotels-000003", lambda: False)
    failed = [
        check.what for check in validate(lab.cluster, wanted, "hotels-000003", "hotels-000001") if not check.passed
    ]
    assert {"documents", "was in use"} <= set(failed)
    with pytest.raises(SchemaError, match="has no document to show"):
        put_in_place(lab.cluster, wanted, "hotels-000003", "hotels-000001")
    assert lab.used() == "hotels-000001"


class Dying(Cluster):
    """A cluster whose way breaks at a change, which was made or was not."""

    def __init__(self, cluster: Cluster, changes: int, error: BaseException, *, is_made: bool) -> None:
        self.__dict__.update(cluster.__dict__)
        self.left, self.error, self.is_made = changes, error, is_made

    def change(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        self.left -= 1
        if self.left < 0 and not self.is_made:
            raise self.error
        told = super().change(method, path, body, **options)
        if self.left < 0:
            raise self.error
        return told


@pytest.mark.usefixtures("repository")
def test_a_change_that_fails_or_whose_answer_is_lost_is_gone_on_with(lab: Lab) -> None:
    lab.apply()
    lab.write(INN)
    take(lab, "one")
    snapshot, wanted = chosen(snapshots(lab.cluster, REPOSITORY), "hotels"), hotels(lab)
    source = snapshot.of("hotels")[0]
    for changes, is_made in itertools.product((0, 1), (False, True)):
        target = target_of(lab.cluster, wanted, source)
        for cluster in (Dying(lab.cluster, changes, SchemaError("a change", "broke"), is_made=is_made), lab.cluster):
            with suppress(SchemaError):
                restore_beside(cluster, snapshot, source, target)
                await_shards(cluster, target, lambda: False)
                put_in_place(cluster, wanted, target, in_use(cluster, wanted))
            assert lab.cluster.search("/hotels/_count")["count"] == 20
        assert lab.used() == target == lab.used("hotels-write")


@pytest.mark.usefixtures("repository")
def test_an_index_whose_synonyms_are_missing_is_given_up_and_never_shown(lab: Lab) -> None:
    lab.apply()
    lab.write(INN)
    take(lab, "one")
    for index in ("hotels-000001", "products-000001"):
        lab.cluster.change("DELETE", f"/{index}")
    for kind in reversed(KINDS):
        for file in (FOLDER / kind.folder).glob("*.yaml"):
            if kind.folder in ("index_templates", "component_templates", "synonym_sets"):
                lab.cluster.change("DELETE", f"{kind.path}/{file.stem}", none_for=(404,))
    snapshot, wanted = chosen(snapshots(lab.cluster, REPOSITORY), "hotels"), hotels(lab)
    restore_beside(lab.cluster, snapshot, "hotels-000001", "hotels-000002")
    with pytest.raises(SchemaError, match="has a shard that cannot be restored"):
        await_shards(lab.cluster, "hotels-000002", lambda: False)
    with pytest.raises(SchemaError, match="is refused"):
        put_in_place(lab.cluster, wanted, "hotels-000002", None)
    assert (lab.cluster.get("/hotels-000002") or {})["hotels-000002"]["aliases"] == {}


@pytest.mark.usefixtures("repository")
def test_the_command_is_gone_on_with_after_a_kill_around_each_step(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIPTRIP_RECOVERY_FOLDER", str(tmp_path / "recovery"))
    lab.apply()
    lab.write(INN)
    take(lab, "one")
    lab.cluster.change("DELETE", "/hotels-000001")
    monkeypatch.setenv("TRIPTRIP_SCHEMA_ELASTICSEARCH", lab.address())
    monkeypatch.delenv("TRIPTRIP_SCHEMA_ELASTICSEARCH_API_KEY", raising=False)
    place = stores.place_of("dev")
    options = {"index": "hotels", "repository": REPOSITORY}

    def perform(watcher: Watcher | None) -> Run:
        with stores.opened(recovery, place) as made:
            # The schema's lock is held meanwhile.
            with pytest.raises(SchemaError, match="is being changed by"), lab.store().lock(0):
                pass
            return stores.run_procedure(RESTORE_ELASTICSEARCH, place, made, options, Listener(), watcher=watcher)

    run = killed_everywhere(RESTORE_ELASTICSEARCH, perform)
    assert run.value("target") == lab.used() == lab.used("hotels-write") == "hotels-000002"
    assert lab.cluster.search("/hotels/_count")["count"] == 20
    assert lab.plan() == []
    with pytest.raises(RecoveryError, match="--index: cars is none"), stores.opened(recovery, place) as made:
        stores.run_procedure(RESTORE_ELASTICSEARCH, place, made, {**options, "index": "cars"}, Listener())
