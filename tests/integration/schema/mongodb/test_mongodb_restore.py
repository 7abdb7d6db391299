"""A lost collection comes back from Atlas' export: beside, compared, its validator and indexes put back, merged."""

import gzip
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import Decimal128, Int64, ObjectId
from pymongo import ReplaceOne
from pymongo.database import Database

from ops.recovery import stores
from ops.recovery.errors import RecoveryError
from ops.recovery.mongodb import collections
from ops.recovery.mongodb.collections import Digest, Rule, beside, clear, compare, load, merge, missing
from ops.recovery.mongodb.exports import AtlasExport, chosen, exports
from ops.recovery.mongodb.exports import documents as read_documents
from ops.recovery.mongodb.procedure import RESTORE_MONGODB, CollectionRecovery, check_rule
from ops.recovery.steps import Run, Watcher
from sandbox.api.buckets import Copies, simulated_bucket
from sandbox.atlas.exported import CLUSTER, TAKEN, write_export
from schema.kit import SchemaError
from tests.integration.recovery.commands import Listener
from tests.integration.recovery.kills import killed_everywhere
from tests.integration.schema.mongodb.project import Project

RUN = "20261126T170000Z"
NAME = "comments"
TARGET = beside(NAME, RUN)
Documents = Database[Mapping[str, Any]]


@pytest.fixture
def copies() -> Iterator[Copies]:
    with simulated_bucket() as made:
        yield made


@pytest.fixture
def store(project: Project, database: Documents) -> Project:
    """A project with one collection, applied."""
    project.keep(NAME)
    apply(project, database)
    return project


def apply(project: Project, database: Documents) -> list[str]:
    made = project.store(database)
    with made.lock(30):
        steps = made.steps()
        for step in steps:
            step.run()
    return [step.what for step in steps]


def comment(number: int) -> dict[str, Any]:
    return {
        "_id": ObjectId(f"{number:024x}"),
        "target_type": "review",
        "target_id": f"r{number % 7}",
        "user_id": f"u{number % 13}",
        "content": f"感想 {number}",
        "status": "visible",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
    }


def fill(database: Documents, count: int = 1500) -> list[Mapping[str, Any]]:
    database[NAME].insert_many([comment(number) for number in range(count)])
    return all_of(database)


def all_of(database: Documents, name: str = NAME) -> list[Mapping[str, Any]]:
    return list(database[name].find().sort("_id", 1))


def loaded(database: Documents, copies: Copies) -> AtlasExport:
    export = chosen(exports(copies, CLUSTER), CLUSTER)
    digest = load(database, copies, export, NAME, TARGET)
    assert [check for check in compare(database, TARGET, digest.count, digest.text) if not check.passed] == []
    return export


def test_a_lost_collection_comes_back_with_validator_indexes_and_every_document(
    store: Project, database: Documents, copies: Copies
) -> None:
    documents = fill(database)
    write_export(copies, database)
    database.drop_collection(NAME)
    export = loaded(database, copies)
    assert export.taken_at == TAKEN
    assert NAME in " ".join(apply(store, database))
    assert missing(database, TARGET, NAME) == 1500
    assert merge(database, TARGET, NAME, Rule.MISSING) == 1500
    assert all_of(database) == documents
    clear(database, TARGET, RUN)
    made = store.store(database)
    assert made.steps() == []
    assert made.findings() == []


@pytest.mark.usefixtures("store")
def test_only_what_is_missing_is_merged_and_what_is_newer_stays(database: Documents, copies: Copies) -> None:
    documents = fill(database)
    write_export(copies, database)
    database[NAME].delete_many({"user_id": "u3"})
    database[NAME].update_one({"user_id": "u4"}, {"$set": {"content": "newer"}})
    loaded(database, copies)
    gone = sum(document["user_id"] == "u3" for document in documents)
    assert missing(database, TARGET, NAME) == gone
    assert merge(database, TARGET, NAME, Rule.MISSING) == gone
    assert merge(database, TARGET, NAME, Rule.MISSING) == 0
    assert database[NAME].count_documents({"content": "newer"}) == 1
    assert database[NAME].count_documents({}) == 1500
    assert merge(database, TARGET, NAME, Rule.REPLACE) == 1500
    assert all_of(database) == documents


@pytest.mark.usefixtures("store")
def test_documents_that_the_validator_refuses_are_told_and_the_others_written(
    database: Documents, copies: Copies
) -> None:
    fill(database, 30)
    write_export(copies, database)
    loaded(database, copies)
    database[TARGET].update_one({"_id": comment(5)["_id"]}, {"$unset": {"content": ""}})
    database[NAME].delete_many({})
    with pytest.raises(SchemaError, match=r"refuses 1 of the recovered documents; 29 are written: 0{23}5 breaks"):
        merge(database, TARGET, NAME, Rule.MISSING)
    assert database[NAME].count_documents({}) == 29


@pytest.mark.usefixtures("store")
def test_types_come_back_as_they_were(database: Documents, copies: Copies) -> None:
    kinds: list[Mapping[str, Any]] = [
        {"_id": 1, "long": Int64(1), "int": 1, "double": 1.0, "decimal": Decimal128("1.10"), "none": None},
        {"_id": "two", "at": datetime(2026, 11, 26, 1, 2, 3, 4000, tzinfo=UTC), "bytes": b"\x00\xff", "list": [{}]},
    ]
    database["free"].insert_many(kinds)
    write_export(copies, database)
    export = chosen(exports(copies, CLUSTER), CLUSTER)
    digest = load(database, copies, export, "free", TARGET)
    assert all(check.passed for check in compare(database, TARGET, digest.count, digest.text))
    found = database[TARGET].find_one({"_id": 1}) or {}
    assert {key: type(value) for key, value in found.items()} == {key: type(value) for key, value in kinds[0].items()}


@pytest.mark.usefixtures("store")
def test_an_export_that_is_not_whole_is_nobodys_and_the_older_one_is_taken(database: Documents, copies: Copies) -> None:
    fill(database, 30)
    write_export(copies, database)
    newer = write_export(copies, database, TAKEN + timedelta(days=1), is_complete=False)
    assert chosen(exports(copies, CLUSTER), CLUSTER).taken_at == TAKEN
    copies.put(f"{newer}.complete", b'{"snapshotInitiationDate": "2026-11-27T16:11:00Z", "totalFiles": 9}')
    with pytest.raises(SchemaError, match=r"has \d files of documents and \d of metadata; its .complete tells 9"):
        chosen(exports(copies, CLUSTER), CLUSTER, "2026-11-27")
    assert chosen(exports(copies, CLUSTER), CLUSTER).taken_at == TAKEN
    with pytest.raises(SchemaError, match="exports of another: there is none that is whole"):
        chosen(exports(copies, "another"), "another")


@pytest.mark.usefixtures("store")
def test_a_file_that_is_cut_off_is_told_and_nothing_live_is_touched(database: Documents, copies: Copies) -> None:
    documents = fill(database, 30)
    prefix = write_export(copies, database)
    name = f"{prefix}triptrip/{NAME}/atlas-shard-0.0.json.gz"
    export = chosen(exports(copies, CLUSTER), CLUSTER)
    copies.put(name, copies.content(name)[:-30])
    with pytest.raises(SchemaError, match="is cut off or broken after"):
        load(database, copies, export, NAME, TARGET)
    copies.put(name, gzip.compress(b"[1, 2]\n"))
    with pytest.raises(SchemaError, match="line 1 is no document"):
        load(database, copies, export, NAME, TARGET)
    assert all_of(database) == documents
    with pytest.raises(SchemaError, match="is not in the export"):
        export.of("triptrip", "nothing")


@pytest.mark.usefixtures("store")
def test_a_document_that_was_changed_beside_does_not_pass(database: Documents, copies: Copies) -> None:
    fill(database, 30)
    write_export(copies, database)
    export = chosen(exports(copies, CLUSTER), CLUSTER)
    digest = load(database, copies, export, NAME, TARGET)
    database[TARGET].bulk_write([ReplaceOne({"_id": comment(3)["_id"]}, {**comment(3), "content": "another"})])
    failed = [check.what for check in compare(database, TARGET, digest.count, digest.text) if not check.passed]
    assert failed == ["content"]
    with pytest.raises(SchemaError, match="is none of run"):
        clear(database, NAME, RUN)


def test_a_load_and_a_merge_that_end_in_the_middle_are_gone_on_with(
    store: Project, database: Documents, copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = fill(database)
    write_export(copies, database)
    database.drop_collection(NAME)
    export = chosen(exports(copies, CLUSTER), CLUSTER)
    monkeypatch.setattr("ops.recovery.mongodb.collections.documents", ending(read_documents, after=900))
    with pytest.raises(KeyboardInterrupt):
        load(database, copies, export, NAME, TARGET)
    assert 0 < database[TARGET].count_documents({}) < 1500
    monkeypatch.undo()
    loaded(database, copies)
    apply(store, database)
    monkeypatch.setattr(collections, "_written", ending_call(collections._written, after=1))  # noqa: SLF001 # to end there
    with pytest.raises(KeyboardInterrupt):
        merge(database, TARGET, NAME, Rule.MISSING)
    assert 0 < database[NAME].count_documents({}) < 1500
    monkeypatch.undo()
    merge(database, TARGET, NAME, Rule.MISSING)
    assert all_of(database) == documents


def ending(source: Callable[..., Iterator[Any]], after: int) -> Callable[..., Iterator[Any]]:
    """A source that a signal ends."""
    left = [after]

    def counted(*arguments: Any) -> Iterator[Any]:
        for each in source(*arguments):
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            yield each

    return counted


def ending_call(call: Callable[..., Any], after: int) -> Callable[..., Any]:
    """A call that a signal ends instead, after it was made so often."""
    left = [after]

    def made(*arguments: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return call(*arguments)

    return made


def test_the_digest_knows_no_order() -> None:
    one, other = Digest(), Digest()
    for document in (b"a", b"b"):
        one.add(document)
    for document in (b"b", b"a"):
        other.add(document)
    assert one.text == other.text != Digest().text


def test_the_command_is_gone_on_with_after_a_kill_around_each_step(
    store: Project, database: Documents, copies: Copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIPTRIP_RECOVERY_FOLDER", str(tmp_path / "recovery"))
    documents = fill(database)
    write_export(copies, database)
    database.drop_collection(NAME)
    place = stores.place_of("dev")
    recovery = CollectionRecovery(CLUSTER, copies, store.store(database))
    options = {"collection": NAME, "rule": "missing"}

    def perform(watcher: Watcher | None) -> Run:
        return stores.run_procedure(RESTORE_MONGODB, place, recovery, options, Listener(), watcher=watcher)

    killed_everywhere(RESTORE_MONGODB, perform)
    assert all_of(database) == documents
    assert not [name for name in database.list_collection_names() if name.startswith("recovered_")]
    assert store.store(database).steps() == []
    with pytest.raises(RecoveryError, match="--rule: newest is none"):
        check_rule("newest")
