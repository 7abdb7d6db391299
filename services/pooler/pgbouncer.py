"""What PgBouncer is told: the lines of its databases, and to read them again."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from services.pooler.configuration import Configuration

_SETTLE_PAUSE_SECONDS = 0.01


def database_lines(configuration: Configuration, choices: Mapping[str, Sequence[str]]) -> str:
    """The `[databases]` section for the chosen replicas of each service, or for the primary where there is none.

    PgBouncer opens connections to the hosts of a line in turn (load_balance_hosts), one to each at least, and uses the
    connections in turn. The pool on the primary is a small one: clients wait for a connection instead of drowning what
    takes the writes.
    """
    lines = ["; Written by the read router, and again whenever it chooses other servers.", "[databases]"]
    for service in configuration.services:
        chosen = choices[service.name]
        hosts = ",".join(configuration.replicas[name] for name in chosen) or configuration.primary
        pool = f"pool_size={configuration.fallback.pool_size} reserve_pool_size=0"
        if chosen:
            pool = f"min_pool_size={len(chosen)}"
        lines.append(f"{service.name} = host={hosts} port={configuration.port} dbname={configuration.database} {pool}")
    return "\n".join(lines) + "\n"


def write(configuration: Configuration, lines: str) -> None:
    """Replace the file in one step, so that PgBouncer never reads half of it."""
    file = configuration.databases_file
    made = file.with_name(f".{file.name}.new")
    made.write_text(lines, encoding="utf-8")
    made.replace(file)


class Console:
    """PgBouncer's own database, over a connection that is opened anew when it has ended."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: psycopg.Connection | None = None

    def settle(self, seconds: float, stopped: threading.Event) -> None:
        """Wait until no connection to a server is being opened, but no longer than so; raises psycopg.Error.

        RELOAD breaks off what is signing in to a server of a changed line, and refuses the clients that wait for it.
        PgBouncer opens one after another: while clients wait, the next may begin between the question and RELOAD.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(
            row["sv_login"] or row["cl_waiting"] for row in self._execute("SHOW POOLS")
        ):
            stopped.wait(_SETTLE_PAUSE_SECONDS)

    def reload(self) -> None:
        """Make PgBouncer read its files; raises psycopg.Error when it does not answer.

        A connection to a server that is no longer named is closed when its transaction is over, an idle one at once.
        """
        self._execute("RELOAD")

    def check(self) -> None:
        """Ask for anything; raises psycopg.Error when PgBouncer does not answer."""
        self._execute("SHOW VERSION")

    def _execute(self, command: str) -> list[dict[str, Any]]:
        try:
            if self._connection is None:
                self._connection = psycopg.connect(self._conninfo, autocommit=True, connect_timeout=2)
            # The console speaks the simple protocol alone, as psycopg's client-side cursor does.
            with psycopg.ClientCursor(self._connection, row_factory=dict_row) as cursor:
                cursor.execute(command.encode())
                return cursor.fetchall() if cursor.description else []
        except psycopg.Error:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            raise
