"""Queries of the dashboards ask real servers: Prometheus' own promtool, a PostgreSQL 16 with its statistics."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import psycopg
import pytest

from infra.catalog.dashboard_rows import QueryRow, dashboards
from infra.catalog.metric_rows import metric_types, prometheus_names
from infra.derive.alert_scopes import any_of
from sandbox.monitoring.promtool import PromqlCase, run_cases
from sandbox.servers.install import Installed
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.workspace import Workspace
from tests.integration.schema.databases import CONFIGURATION, NAME, Database
from tests.stacks import ROOT
from tests.unit.infra.dashboards import world

PANELS = {panel.title: panel for row in dashboards().values() for panel in row.panels}
QUERIES = [(panel, query) for panel in PANELS.values() for query in panel.queries]
OURS = [(panel, query) for panel, query in QUERIES if "_googleapis_com:" not in query.promql]
SQL = {title: panel.sql for title, panel in PANELS.items() if panel.sql}
RUNBOOK = ROOT / "docs" / "runbooks" / "monitoring.md"
BUCKETS = {"100": 3, "1000": 7, "10000": 9, "+Inf": 10}
"""Of a histogram: how fast each bucket fills, as running totals."""


def test_every_query_gives_something_once_there_is_something(promtool: Installed) -> None:
    cases = []
    for _, query in QUERIES:
        asked = f"count({filled(query)}) > 0"
        inputs = series(query, ("one",))
        cases += [PromqlCase(asked, inputs, {"90m": True}), PromqlCase(asked, {"up": "1x120"}, {"90m": False})]
    assert run_cases(cases, promtool) == []


def test_a_second_machine_that_measures_the_same_changes_no_figure(promtool: Installed) -> None:
    cases = []
    for _, query in OURS:
        # PgBouncer's figures are each machine's own.
        if "pgbouncer_" in query.promql:
            continue
        one, two = (filled(query).replace('cluster="prod"', f'cluster="{name}"') for name in ("one", "two"))
        inputs = series(query, ("a",), "one") | series(query, ("a", "b"), "two")
        cases += [
            PromqlCase(f"count({one} - {two}) > 0", inputs, {"90m": True}),
            PromqlCase(f"count(abs({one} - {two}) > 0.000001) > 0", inputs, {"90m": False}),
        ]
    assert cases
    assert run_cases(cases, promtool) == []


def test_connections_of_the_poolers_machines_add_up(promtool: Installed) -> None:
    cases = []
    for panel, query in OURS:
        if "pgbouncer_" in query.promql:
            assert panel.title == "Connection pool"
            inputs = {**series(query, ("a", "b")), **series(query, ("a",), database="pgbouncer")}
            cases.append(PromqlCase(f"{filled(query)} == 10", inputs, {"90m": True}))
    assert len(cases) == 3
    assert run_cases(cases, promtool) == []


@pytest.fixture(scope="module")
def database(module_workspace: Workspace, postgres_programs: Installed) -> Database:
    """Prod's database with tables, statements that were run, and a user that may read statistics alone."""
    server = PostgresServer(module_workspace, postgres_programs, "dashboards", CONFIGURATION)
    server.start()
    made = Database(server)
    made.prepare()
    made.apply()
    with made.connect() as connection:
        connection.autocommit = True
        for statement in by_hand(module_workspace.password):
            connection.execute(statement.encode())
        for statement in (
            "CREATE TABLE stays (id int, night date) PARTITION BY RANGE (night)",
            "CREATE TABLE stays_2026 PARTITION OF stays FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
            "CREATE TABLE stays_2027 PARTITION OF stays FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
            "CREATE TABLE rooms (id int PRIMARY KEY)",
            "INSERT INTO rooms SELECT generate_series(1, 20000)",
            "INSERT INTO stays SELECT 1, '2026-01-01'::date + n FROM generate_series(0, 700) AS n",
            "ANALYZE stays, rooms",
            "SELECT extensions.pg_stat_statements_reset()",
        ):
            connection.execute(statement.encode())
        for number in range(12):
            connection.execute("SELECT /* secret */ count(*) FROM stays WHERE id = %s", [number])
            connection.execute("SELECT id FROM rooms WHERE id = %s", [number])
            connection.execute("SELECT pg_sleep(0.02)")
        for number in range(300):
            connection.execute("SELECT id FROM rooms WHERE id = %s", [number])
            connection.execute("SELECT count(*) FROM stays WHERE id = %s", [number])
        connection.execute("SELECT pg_stat_force_next_flush()")
    return made


def by_hand(password: str) -> list[str]:
    """What the runbook has an administrator run, statement by statement."""
    text = RUNBOOK.read_text(encoding="utf-8")
    (block,) = re.findall(r"```sql\n(.*?)```", text, flags=re.DOTALL)
    filled = block.replace(":'password'", literal(password))
    return [statement for statement in re.split(r";\s*\n", filled) if statement.strip()]


def literal(text: str) -> str:
    return psycopg.sql.Literal(text).as_string(None)


def rows(database: Database, panel: str) -> list[dict[str, Any]]:
    with database.server.connect(NAME, "grafana") as connection:
        connection.row_factory = psycopg.rows.dict_row  # type: ignore[assignment] # rows by name
        return connection.execute(SQL[panel].encode()).fetchall()  # type: ignore[return-value] # see above


def test_there_is_sql_for_both_panels() -> None:
    assert set(SQL) == {"Top slow queries", "Index usage"}


def test_the_slowest_statement_comes_first_without_its_values(database: Database) -> None:
    found = rows(database, "Top slow queries")
    assert 0 < len(found) <= 10
    assert found[0]["statement"] == "SELECT pg_sleep($1)"
    assert found[0]["mean_ms"] >= 20
    means = [each["mean_ms"] for each in found]
    assert means == sorted(means, reverse=True)
    assert all(each["calls"] > 10 for each in found)


def test_partitions_are_counted_with_their_table(database: Database) -> None:
    found = {each["table"]: each for each in rows(database, "Index usage")}
    assert found["rooms"]["index_scans"] >= 12
    # Twelve questions without a usable index, each of both partitions.
    assert found["stays"]["sequential_scans"] >= 24
    assert "stays_2026" not in found


def test_the_user_keeps_its_rights_when_the_schema_step_runs_again(database: Database) -> None:
    for command in ("apply", "verify"):
        done = database.run(command)
        # Tables of the test are told; the user is not.
        assert "stays is in no file" in done.stderr
        assert "grafana" not in done.stdout + done.stderr
    assert rows(database, "Top slow queries")
    assert rows(database, "Index usage")


def test_the_user_reads_statistics_and_no_row(database: Database) -> None:
    with (
        database.server.connect(NAME, "grafana") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT id FROM hotels")


def filled(query: QueryRow) -> str:
    """The query of prod; a name that prod has no value for is a value itself."""
    known = world.known()
    text = query.promql.replace('"$valkey"', '"valkey"')
    return known.filled(text, lambda _, values: any_of(values))


def series(query: QueryRow, machines: tuple[str, ...], environment: str = "prod", **fixed: str) -> dict[str, str]:
    """Raw series as the query needs them: for each metric in it, one for each value of a label it asks for."""
    found: dict[str, str] = {}
    for selector in selectors(promql_parser.parse(filled(query))):
        name = selector.name or ""
        histogram = name.removesuffix("_bucket")
        row = metric_types().get(prometheus_names().get(name, prometheus_names().get(histogram, "")))
        kept = {label for group in re.findall(r"by \(([^)]*)\)", query.promql) for label in re.split(r",\s*", group)}
        wanted = {label: ["x"] for label in kept - {"le"}}
        for matcher in selector.matchers.matchers:
            if str(matcher.op) != "MatchOp.NotEqual":
                wanted[matcher.name] = matcher.value.split("|")
        wanted |= {label: [value] for label, value in fixed.items()}
        if "cluster" in wanted:
            wanted |= {"cluster": [environment], "namespace": list(machines)}
        if name.endswith("_bucket"):
            wanted["le"] = list(BUCKETS)
        for values in itertools.product(*wanted.values()):
            labels = dict(zip(wanted, values, strict=True))
            step = BUCKETS.get(labels.get("le", ""), 10)
            counts = row is None or row.kind != "GAUGE"
            text = ",".join(f'{label}="{value}"' for label, value in labels.items())
            found[f"{name}{{{text}}}"] = f"0+{step * 60}x120" if counts else "5x120"
    return found


def selectors(node: Any) -> Iterator[promql_parser.VectorSelector]:
    """The metrics that a query asks for."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
        return
    parts = [getattr(node, name, None) for name in ("expr", "lhs", "rhs", "vector_selector")]
    for part in [*parts, *getattr(node, "args", [])]:
        if part is not None:
            yield from selectors(part)
