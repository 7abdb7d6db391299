"""However an apply ends, the next one goes on: killed at any command, cut off, without its lease."""

import itertools
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from sandbox.servers.mongodb import MongodbServer
from schema.kit import SchemaError, holder
from schema.mongodb.lock import Lock
from tests.integration.schema.mongodb.project import DATABASE, Done, Project, ended
from tests.integration.schema.mongodb.proxy import Trap, proxy
from tests.unit.schema.mongodb.cases import cases

Documents = Database[Mapping[str, Any]]


def of(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda command: next(iter(command)) == name


def begin(project: Project, database: Documents) -> None:
    """A database with something of each kind to do: new, changed, made unique, data to migrate."""
    project.keep("reviews", "pages", "app_configs")
    database.client.drop_database(DATABASE)
    review = next(dict(case.document) for case in cases() if case.document.get("rating") == 1)
    database["reviews"].insert_many([{**review, "_id": number} for number in range(3)])
    database["pages"].create_index([("slug", 1), ("locale", 1), ("version", -1)], name="by_version")


def trapped(project: Project, make: Callable[[Callable[[], None]], Trap]) -> tuple[Trap, Done]:
    """An apply through the proxy, which the trap's spring kills."""
    process: list[subprocess.Popen[str]] = []
    trap = make(lambda: process[0].send_signal(signal.SIGKILL))
    with proxy(project.port, trap) as through:
        process.append(project.start("apply", "mongodb", "--env", "dev", uri=through))
        return trap, ended(process[0])


def let_the_lease_run_out(database: Documents) -> None:
    """As thirty seconds would."""
    database["schema_lock"].update_one({}, [{"$set": {"expires_at": {"$subtract": ["$$NOW", 1]}}}])


def converges(project: Project, database: Documents) -> None:
    let_the_lease_run_out(database)
    done = project.schema("apply")
    assert (done.status, done.err) == (0, ""), "it compares with the files at its end"
    assert [review["language"] for review in database["reviews"].find()] == ["und"] * 3
    assert [entry["finished_at"] is not None for entry in database["schema_ledger"].find()] == [True]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("findAndModify", 1),  # the lock
        ("create", 1),
        ("update", 2),  # the migration's documents
        ("collMod", 2),  # a validator becomes strict
        ("collMod", 6),  # an index becomes unique
        ("createIndexes", 3),
        ("delete", 1),  # the lock is given back
    ],
)
def test_the_next_apply_goes_on_from_a_kill(
    project: Project, database: Documents, command: str, number: int, *, after: bool
) -> None:
    begin(project, database)
    trap, done = trapped(project, lambda spring: Trap(number, spring, of(command), after))
    assert trap.sprung
    assert done.status == -signal.SIGKILL
    converges(project, database)


@pytest.mark.faults
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_at_every_single_command(project: Project, database: Documents, *, after: bool) -> None:
    for number in itertools.count(1):
        begin(project, database)
        trap, done = trapped(
            project,
            partial(Trap, number, after=after),
        )
        if not trap.sprung:
            assert done.status == 0
            assert number > 40
            return
        assert done.status == -signal.SIGKILL, (number, done)
        converges(project, database)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("command", "number"), [("create", 1), ("collMod", 2), ("createIndexes", 2)])
def test_a_lost_connection_is_one_error_and_the_next_apply_goes_on(
    project: Project, database: Documents, command: str, number: int, *, after: bool
) -> None:
    begin(project, database)
    trap = Trap(number, lambda: None, of(command), after)
    with proxy(project.port, trap) as through:
        done = project.schema("apply", uri=through)
    assert trap.sprung
    assert done.status == 2
    assert "the connection was lost" in done.err
    assert "goes on from there" in done.err
    assert "Traceback" not in done.err
    # The lock was given back over a new connection.
    assert database["schema_lock"].count_documents({}) == 0
    converges(project, database)


def test_a_server_that_is_down_is_one_error(project: Project, server: MongodbServer) -> None:
    unused = server.workspace.claim_port()
    done = project.schema("plan", uri=f"mongodb://someone:hidden@127.0.0.1:{unused}/?serverSelectionTimeoutMS=100")
    assert done.status == 2
    assert "MongoDB (TRIPTRIP_SCHEMA_MONGODB): cannot be reached" in done.err
    assert "hidden" not in done.err
    assert "Traceback" not in done.err


def test_whoever_waits_is_told_who_holds_the_lock(project: Project, database: Documents) -> None:
    with Lock(database["schema_lock"], "first").held(0):
        refused = project.schema("apply", "--wait", "0")
        assert refused.status == 2
        assert "the schema's lock: is held by first on " in refused.err
        assert database.list_collection_names() == ["schema_lock"]
    assert project.schema("apply", "--wait", "0").status == 0


def test_a_lease_is_renewed_while_it_is_held_and_taken_over_when_it_is_not(database: Documents) -> None:
    collection = database["schema_lock"]
    with Lock(collection, "first", lease_seconds=0.5).held(0):
        first = collection.find_one({})
        assert first is not None
        with pytest.raises(SchemaError, match="held by first"), Lock(collection, "second").held(2):
            pass
        renewed = collection.find_one({})
        assert renewed is not None
        assert renewed["expires_at"] > first["expires_at"]
        assert renewed["taken_at"] == first["taken_at"]
    collection.insert_one(first)  # as one leaves it who was killed
    with Lock(collection, "second").held(5):
        assert collection.find_one({}, {"_id": False, "owner": True}) == {"owner": holder("second")}


def test_a_holder_that_lost_its_lease_begins_no_further_step(project: Project, database: Documents) -> None:
    store = project.store(database, "slow")
    with store.lock(0):
        first, second, *_ = store.steps()
        first.run()
        let_the_lease_run_out(database)
        with Lock(database["schema_lock"], "quick").held(0), pytest.raises(SchemaError, match="was lost to quick on"):
            second.run()
        with pytest.raises(SchemaError, match="was lost to another, who has ended since"):
            second.run()
    assert second.what.removeprefix("collection ") not in database.list_collection_names()


def test_only_one_of_many_takes_the_lock(server: MongodbServer, database: Documents) -> None:
    together = threading.Barrier(6)
    inside: list[int] = []
    most: list[int] = []
    guard = threading.Lock()

    def take(number: int) -> None:
        with MongoClient[Mapping[str, Any]](server.uri()) as client:
            lock = Lock(client[DATABASE]["schema_lock"], str(number), lease_seconds=3)
            client[DATABASE].command("ping")
            together.wait()
            with lock.held(60):
                with guard:
                    inside.append(number)
                    most.append(len(inside))
                threading.Event().wait(0.02)
                with guard:
                    inside.remove(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6
    assert database["schema_lock"].count_documents({}) == 0
