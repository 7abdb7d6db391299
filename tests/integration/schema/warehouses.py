"""Warehouses of tests on one server: each test has a project of its own, and what Pulumi makes there.

`python -m tests.integration.schema.warehouses PROJECT FOLDER REQUESTS` applies a folder and stops before it sends the
next request that changes something, when so many were sent.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from google.cloud import bigquery

from sandbox.servers.bigquery import BigqueryServer
from schema.bigquery.connection import connect
from schema.bigquery.store import BigqueryStore, opened
from schema.bigquery.warehouse import FOLDER
from schema.kit import Clock, Environment, Step, load_environment


def environment_of(project: str) -> Environment:
    """dev, in another project."""
    found = load_environment("dev")
    settings = found.settings
    return replace(
        found,
        settings=settings.model_copy(update={"project": settings.project.model_copy(update={"gcp_project": project})}),
    )


class Warehouse:
    """One project of a server, with the datasets and tables that Pulumi declares."""

    def __init__(self, server: BigqueryServer, project: str) -> None:
        self.server = server
        self.project = project
        self.environment = environment_of(project)
        self.client = connect(self.environment)
        plan = self.environment.plan.bigquery
        assert plan
        for dataset in plan.datasets:
            self.client.create_dataset(bigquery.Dataset(f"{project}.{dataset.key}"))
        for table in plan.tables:
            partitioning = {
                "type": "DAY",
                "field": table.partition,
                "expirationMs": str(table.retention),
                # Where the server keeps it: it forgets the newer place of it.
                "requirePartitionFilter": True,
            }
            reference = {"projectId": project, "datasetId": table.dataset, "tableId": table.key}
            self.client.create_table(
                bigquery.Table.from_api_repr(
                    {
                        "tableReference": reference,
                        "schema": {"fields": json.loads(table.schema)},
                        "timePartitioning": partitioning,
                        "clustering": {"fields": list(table.clustering)},
                        "description": table.description,
                    }
                )
            )

    def name(self, text: str) -> str:
        """An object's full name."""
        return f"{self.project}.{text}"

    def run(self, sql: str) -> list[dict[str, Any]]:
        """Run SQL in which ${dataset} stands as in the files; returns its rows."""
        for dataset in ("raw", "analytics", "ml"):
            sql = sql.replace(f"${{{dataset}}}", f"{self.project}.{dataset}")
        return [dict(row) for row in self.client.query(sql).result()]

    def insert(self, table: str, columns: str, rows: list[str]) -> None:
        """Insert rows, each the SQL of its values."""
        self.run(f"INSERT INTO `{self.name(table)}` ({columns}) VALUES {', '.join(f'({row})' for row in rows)}")  # noqa: S608 # the tests' own

    def empty(self, table: str) -> None:
        """Delete every row."""
        self.run(f"DELETE FROM `{self.name(table)}` WHERE TRUE")  # noqa: S608 # the tests' own

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """Some columns of every row, sorted by the first ones."""
        order = ", ".join(str(position) for position in range(1, min(4, columns.count(",") + 1) + 1))
        found = self.run(f"SELECT {columns} FROM `{self.name(table)}` ORDER BY {order}")  # noqa: S608 # the tests' own
        return [tuple(row.values()) for row in found]

    @contextmanager
    def store(self, folder: Path = FOLDER, clock: Clock = time.time) -> Iterator[BigqueryStore]:
        """The store as the command opens it."""
        with opened(self.environment, folder, clock) as store:
            assert isinstance(store, BigqueryStore)
            yield store

    def steps(self, folder: Path = FOLDER) -> list[str]:
        """What is to be done."""
        with self.store(folder) as store:
            return [told(step) for step in store.steps()]

    def findings(self, folder: Path = FOLDER) -> list[str]:
        """What is wrong beyond that."""
        with self.store(folder) as store:
            return list(store.findings())

    def apply(self, folder: Path = FOLDER, clock: Clock = time.time, wait: float = 0) -> list[str]:
        """Do it, as the command does."""
        with self.store(folder, clock) as store, store.lock(wait):
            steps = store.steps()
            for step in steps:
                step.run()
            assert not store.steps()
            assert not store.findings()
            return [told(step) for step in steps]

    def attempts(self) -> dict[str, list[int]]:
        """Every attempt in the ledger, by file."""
        found: dict[str, list[int]] = {}
        for row in self.client.list_rows(self.name("analytics.schema_ledger")):
            found.setdefault(row["name"], []).append(row["attempt"])
        return found


def told(step: Step) -> str:
    """A step in words, without the project."""
    kind, _, rest = step.what.partition(" ")
    return f"{step.action} {kind} {rest if rest.endswith('.sql') else rest.rpartition('.')[2]}"


@contextmanager
def new_warehouse(server: BigqueryServer) -> Iterator[Warehouse]:
    """A warehouse in a new project."""
    made = Warehouse(server, f"triptrip-{uuid4().hex[:12]}")
    with closing(made.client):
        yield made


def _stop_before(client: bigquery.Client, requests: int) -> None:
    """Let a client send so many requests that change something; at the next it says so and waits to be killed."""
    connection: Any = client._connection  # noqa: SLF001 # the client's one way out
    send, left = connection.api_request, requests

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal left
        body = options.get("data") or {}
        if options["method"] != "GET" and not body.get("configuration", {}).get("dryRun"):
            if not left:
                sys.stdout.write("stopped\n")
                sys.stdout.flush()
                sys.stdin.read()
            left -= 1
        return send(*arguments, **options)

    connection.api_request = counted


def main(project: str, folder: str, requests: str) -> None:
    """Apply until the request that is not to be sent."""
    with opened(environment_of(project), Path(folder)) as store:
        assert isinstance(store, BigqueryStore)
        _stop_before(store._jobs.client, int(requests))  # noqa: SLF001 # every part shares it
        with store.lock(0):
            for step in store.steps():
                step.run()
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
