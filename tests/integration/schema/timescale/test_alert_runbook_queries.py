"""Every query of TimescaleDB in the alerts' runbooks on a server with the schema."""

import psycopg
import pytest

from sandbox.servers.timescale import TimescaleServer
from tests.runbooks.collect import blocks


@pytest.mark.parametrize("query", blocks("sql timescale"))
def test_a_query_runs(shared: TimescaleServer, query: str) -> None:
    with shared.connect() as connection:
        connection.execute("BEGIN")
        answer = connection.execute(query.encode())
        assert answer.description
        connection.execute("ROLLBACK")


def test_a_query_that_is_wrong_fails(shared: TimescaleServer) -> None:
    with shared.connect() as connection, pytest.raises(psycopg.errors.UndefinedColumn):
        connection.execute("SELECT last_error FROM timescaledb_information.job_stats")
