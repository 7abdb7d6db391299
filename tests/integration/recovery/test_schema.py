"""Recovery of the real schema: a drill knows it, and its partitioned table comes back with rights and upkeep."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ops.recovery import moments
from ops.recovery.drill import DRILL
from ops.recovery.table import RESTORE_TABLE
from sandbox.servers.estate import RealEstate
from sandbox.servers.workspace import Workspace
from tests.integration.recovery.commands import performed
from tests.integration.schema.databases import BOOK, CONFIGURATION, NAME, STACK, Database


@pytest.fixture
def booked(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[RealEstate, Database]]:
    """The prod stack's database with its schema applied, and bookings in it."""
    with RealEstate(workspace, STACK) as estate:
        for name, value in estate.real_variables().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("TRIPTRIP_RECOVERY_FOLDER", str(tmp_path / "recovery"))
        server = estate.server_of(estate.primary)
        server.configure({**server.configuration, **CONFIGURATION})
        server.restart()
        with server.connect() as connection:
            connection.execute(f"DROP DATABASE {NAME}".encode())
        database = Database(server)
        database.prepare()
        database.apply()
        with database.connect() as connection:
            connection.execute(BOOK.encode(), (datetime.now(UTC), 40))
        # Its own base backup: the one from before has no library to load and less to replay.
        estate.servers.base(estate.primary)
        yield estate, database


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.connect() as connection:
        return connection.execute(query.encode()).fetchall()


def test_a_drill_knows_the_schema_as_declared(booked: tuple[RealEstate, Database]) -> None:
    estate, _ = booked
    performed(DRILL, {"kind": "pit"}, environment=STACK)
    name = next(name for name in estate.storage.names(estate.bucket) if name.startswith("drills/"))
    record = json.loads(estate.storage.content(estate.bucket, name))
    assert record["verdict"] == "met"
    schema = next(check for check in record["checks"] if check["check"] == "schema")
    assert schema["found"] == "as declared, but for 1 that the live one shares", "pgaudit, which these servers lack"
    beat = next(check for check in record["checks"] if check["check"] == "newest commit")
    assert beat["found"].startswith("heartbeat of")


def test_bookings_that_were_dropped_come_back_with_rights_and_partitions(booked: tuple[RealEstate, Database]) -> None:
    estate, database = booked
    before = rows(database, "SELECT * FROM bookings ORDER BY id")
    definition = database.dump()
    moment = rows(database, "SELECT clock_timestamp()")[0][0]
    estate.servers.window(estate.primary)
    with database.connect() as connection:
        connection.execute("DROP TABLE bookings CASCADE")
    options = {"table": "public.bookings", "rule": "missing", "moment": moments.rfc3339(moment)}
    run = performed(RESTORE_TABLE, options, environment=STACK)
    assert rows(database, "SELECT * FROM bookings ORDER BY id") == before
    with database.connect() as connection:
        connection.execute(f"DROP SCHEMA {run.value('schema')} CASCADE".encode())
    missing = sorted(set(definition.splitlines()) - set(database.dump().splitlines()))
    assert missing == [], "the definition is whole again"
    assert run.value("findings") == []
