"""What the tests of TimescaleDB share: the schema applied as the command does it, and data."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from sandbox.servers.timescale import TimescaleServer
from schema.kit import Step, read_file
from schema.kit.files import ROOT
from schema.timescale.store import FOLDER, TimescaleStore

Connection = psycopg.Connection[Any]

POLICIES_FILE = read_file(FOLDER / "policies.yaml")
COMMAND = (sys.executable, "-m", "schema")
JOB = """
SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_name = %s AND proc_name = %s
"""
PROCEDURES = {
    "columnstore": "policy_compression",
    "retention": "policy_retention",
    "refresh": "policy_refresh_continuous_aggregate",
}


def planned(server: TimescaleServer, folder: Path = FOLDER) -> Sequence[Step]:
    with server.connect() as connection:
        return TimescaleStore(connection, folder).steps()


def apply(server: TimescaleServer, folder: Path = FOLDER) -> Sequence[Step]:
    """Apply and see that nothing is left; returns the steps that were made."""
    with server.connect() as connection:
        store = TimescaleStore(connection, folder)
        with store.lock(0):
            steps = store.steps()
            for step in steps:
                step.run()
        assert store.steps() == ()
        assert store.findings() == ()
        return steps


def findings(server: TimescaleServer, folder: Path = FOLDER) -> Sequence[str]:
    with server.connect() as connection:
        return TimescaleStore(connection, folder).findings()


def told(steps: Sequence[Step]) -> list[str]:
    return [f"{step.action} {step.what}: {step.detail}" for step in steps]


def run_job(connection: Connection, relation: str, kind: str) -> None:
    """Do now what a policy does in the background."""
    [(job,)] = connection.execute(JOB, (relation, PROCEDURES[kind])).fetchall()
    connection.execute(f"CALL run_job({job})".encode())


def rows(connection: Connection, query: str, *values: Any) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode(), values or None).fetchall()


def command(server_url: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TRIPTRIP_SCHEMA_TIMESCALE": server_url}
    return subprocess.run(  # noqa: S603 # our own command
        (*COMMAND, *words, "--env", "prod"), cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
