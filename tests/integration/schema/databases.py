"""A database of the prod stack as `pulumi up` leaves it, the bootstrap run, and the command beside it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from sandbox.servers.postgres import PostgresServer
from schema.kit import load_environment
from schema.postgres.roles import become_owner
from schema.postgres.store import FOLDER, PostgresStore, bootstrap
from tests.stacks import ROOT

STACK = "prod"
ENVIRONMENT = load_environment(STACK)
PLAN = ENVIRONMENT.declared(ENVIRONMENT.plan.postgres, "postgres")
NAME = PLAN.database
USERS: Mapping[str, str] = PLAN.memberships
"""Every user of the stack with its group role."""

REPORT_MEMORY = f"{PLAN.report_work_memory_mib}MB"
CONFIGURATION = {"shared_buffers": "32MB", "shared_preload_libraries": "pg_stat_statements"}


def user(role: str) -> str:
    """A user of the stack with a group role, by its account where it has one."""
    having = [name for name, given in USERS.items() if given == f"triptrip_{role}"]
    return next((name for name in having if name.endswith(".iam")), having[0])


@dataclass(frozen=True)
class Database:
    """The database on a running server."""

    server: PostgresServer

    def prepare(self) -> None:
        """Make the database and its users as Cloud SQL does, then run the bootstrap as an administrator."""
        with self.server.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
            for name in USERS:
                words = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
                connection.execute(words.format(sql.Identifier(name), self.server.workspace.password))
        with self.connect() as connection:
            connection.execute(bootstrap(ENVIRONMENT).encode())
            # What the user itself does by the runbook, once it may connect.
            words = sql.SQL("ALTER ROLE {} SET work_mem = {}")
            connection.execute(words.format(sql.Identifier(user("report")), REPORT_MEMORY))

    def connect(self, role: str = "") -> psycopg.Connection:
        """A connection as a user with a group role; as an administrator without."""
        return self.server.connect(NAME, user(role)) if role else self.server.connect(NAME)

    @contextmanager
    def undone(self, role: str = "") -> Iterator[psycopg.Connection]:
        """A connection whose changes are taken back."""
        with self.connect(role) as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("ROLLBACK")

    @contextmanager
    def opened(self, folder: Path = FOLDER) -> Iterator[PostgresStore]:
        """The store on a folder of files."""
        with self.connect("owner") as connection:
            become_owner(connection)
            yield self.store(connection, folder)

    def store(self, connection: psycopg.Connection, folder: Path = FOLDER) -> PostgresStore:
        """The store on a connection of one's own."""
        return PostgresStore(connection, PLAN, folder)

    def environment(self) -> dict[str, str]:
        """What the command needs in its environment."""
        return {**os.environ, "TRIPTRIP_SCHEMA_POSTGRES": self.server.dsn(NAME, user("owner"))}

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start the command on this database."""
        command = (sys.executable, "-m", "schema", words[0], "postgres", "--env", STACK, *words[1:])
        pipe = subprocess.PIPE
        environment = self.environment()
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True)  # noqa: S603 # ours

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        started = self.start(*words)
        out, err = started.communicate(timeout=120)
        return subprocess.CompletedProcess(started.args, started.returncode, out, err)

    def run_bootstrap(self) -> str:
        """What the command prints for an administrator."""
        words = (sys.executable, "-m", "schema", "bootstrap", "--env", STACK)
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603 # ours

    def apply(self) -> str:
        """Apply, which must do; returns what it said. The server has no pgaudit, and that is all it may miss."""
        done = self.run("apply")
        assert done.returncode == 1, done.stderr
        assert done.stderr.startswith("extension pgaudit is missing")
        assert len(done.stderr.splitlines()) == 1
        return done.stdout

    def dump(self) -> str:
        """The whole definition of the database, to compare; random tokens of the tool are left out."""
        words = (*self.server.programs.command("pg_dump"), "--schema-only")
        environment = {**os.environ, **self.server.environment(NAME)}
        text = subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout  # noqa: S603 # ours
        return "\n".join(line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


BOOK = """
WITH hotel AS (
    INSERT INTO hotels
    (slug, name_ja, name_en, prefecture, city, latitude, longitude, price_from, is_published)
    VALUES (gen_random_uuid()::text, '祇園', 'Gion', 'Kyoto', 'Kyoto', 35, 135.8, 20000, true) RETURNING id
), traveller AS (INSERT INTO users (display_name) VALUES ('花子') RETURNING id)
INSERT INTO bookings (user_id, hotel_id, status, check_in, check_out, guests, total_price, created_at)
SELECT traveller.id, hotel.id, 'confirmed', '2027-01-01', '2027-01-02', 2, 20000, %s
FROM traveller, hotel, generate_series(1, %s)
"""


def book(connection: psycopg.Connection, count: int = 1, when: datetime | None = None) -> None:
    """Bookings of one new user at one new hotel, now or at another time."""
    connection.execute(BOOK, (when or datetime.now(UTC), count))


def copied(folder: Path, target: Path, migrations: int | None = None) -> Path:
    """A copy of a folder of SQL files; with its first migrations alone where their number is given."""
    for kind in ("migrations", "repeatable"):
        (target / kind).mkdir(parents=True)
        if migrations is None or kind == "migrations":
            for path in sorted((folder / kind).glob("*.sql"))[:migrations]:
                shutil.copy(path, target / kind)
    return target
