"""PostgreSQL as a store: its files, who is in which role, its extensions, and its upkeep."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from string import Template

import psycopg

from infra.derive.postgres import PostgresPlan
from infra.derive.postgres_roles import GROUP_ROLES, MONITOR_ROLE, OWNER_ROLE
from schema.kit import Environment, SchemaError, Step, Store
from schema.postgres.roles import Memberships, become_owner
from schema.sql.catalogue import Catalogue
from schema.sql.session import Connection, connected, watch_client
from schema.sql.store import SqlStore

FOLDER = Path(__file__).parent
_EXAMPLE = "postgresql://migration@pg-primary.prod.triptrip.internal:5432/triptrip?sslmode=verify-ca"
EXTENSIONS: Mapping[str, str] = {
    "pg_partman": "partitions ahead and out of date (PG-PHASE-1)",
    "pg_stat_statements": "which statements take the time (DASH, MON-PG)",
    "pgaudit": "who changed definitions and rights (log and audit of postgres.flags)",
}
_SETTINGS: Mapping[str, str] = {"effective_io_concurrency": "200"}
"""Of the database: PG-FLAGS has it, and it is no flag of Cloud SQL (COR-03)."""

_ROWS: Mapping[str, str] = {
    "partman.part_config": """
        SELECT 'upkeep of table ' || parent_table, 'table ' || parent_table,
            format(
                '%s by %s, %s ahead, kept %s (tables too: %s), automatic %s, without rows too: %s', partition_interval,
                control, premake, coalesce(retention, 'for ever'), retention_keep_table, automatic_maintenance,
                infinite_time_partitions
            )
        FROM partman.part_config
    """,
    "operations.refreshes": """
        SELECT 'refresh of materialized view ' || view_name, 'materialized view ' || view_name, every::text
        FROM operations.refreshes
    """,
}
"""Rows that say what the upkeep does."""


class PostgresStore(SqlStore):
    """The files of `folder`, on a connection that is triptrip_owner, and the users of `postgres` in their roles."""

    def __init__(self, connection: Connection, postgres: PostgresPlan, folder: Path = FOLDER) -> None:
        super().__init__("postgres", connection, folder, Catalogue(connection, ("public", "operations"), _ROWS))
        self._memberships = Memberships(connection, postgres.memberships, f"{postgres.report_work_memory_mib}MB")

    def steps(self) -> Sequence[Step]:
        """The files that are to run, then who enters or leaves a role."""
        return (*super().steps(), *self._memberships.steps())

    def findings(self) -> Sequence[str]:
        """What only an administrator, `pulumi up` or a user can mend."""
        return (
            *super().findings(),
            *self._without_extensions(),
            *self._without_settings(),
            *self._without_monitoring(),
            *self._beside_partitions(),
            *self._memberships.findings(),
        )

    def _without_extensions(self) -> Iterator[str]:
        there = {name for (name,) in self.connection.execute("SELECT extname FROM pg_extension")}
        for name, why in EXTENSIONS.items():
            if name not in there:
                yield f"extension {name} is missing, for {why}: run the bootstrap again"

    def _without_settings(self) -> Iterator[str]:
        query = """
            SELECT unnest(setconfig) FROM pg_db_role_setting
            JOIN pg_database ON pg_database.oid = setdatabase WHERE setrole = 0 AND datname = current_database()
        """
        there = {setting for (setting,) in self.connection.execute(query)}
        for name, value in _SETTINGS.items():
            if f"{name}={value}" not in there:
                yield f"the database has no {name} of {value}: run the bootstrap again"

    def _without_monitoring(self) -> Iterator[str]:
        query = "SELECT pg_has_role(%s, 'pg_monitor', 'MEMBER')"
        if self.connection.execute(query, (MONITOR_ROLE,)).fetchone() != (True,):
            yield (
                f"{MONITOR_ROLE} is no member of pg_monitor, and sees neither connections nor statements of others: "
                "run the bootstrap again as a user that may grant it"
            )

    def _beside_partitions(self) -> Iterator[str]:
        """Rows that lie in a default partition: by a clock that went wrong, or after an upkeep that did not run."""
        query = """
            SELECT inhparent::regclass::text, inhrelid::regclass::text FROM pg_inherits
            JOIN pg_class ON pg_class.oid = inhrelid
            WHERE pg_get_expr(relpartbound, pg_class.oid) = 'DEFAULT' AND relnamespace = 'public'::regnamespace
            ORDER BY 1
        """
        for table, partition in self.connection.execute(query).fetchall():
            if self.connection.execute(f"SELECT FROM ONLY {partition} LIMIT 1".encode()).fetchone() is not None:
                yield (
                    f"{table} has rows in {partition}: no partition can be made for their time until they have left it "
                    "(docs/runbooks/schema.md, step 8)"
                )

    def maintain(self) -> Sequence[str]:
        """Make and drop partitions and refresh what is due; returns what failed.

        Raises SchemaError before the first apply: there is nothing to keep up yet.
        """
        if not self.records():
            raise SchemaError(
                "PostgreSQL", "has no schema yet", fix="apply it first; the upkeep goes on by itself then"
            )
        self.connection.execute("SET lock_timeout = '10s'")
        failed: list[str] = []
        try:
            self.connection.execute("CALL operations.maintain()")
        except psycopg.errors.RaiseException as error:
            failed.append(error.diag.message_primary or str(error))
        rows = self.connection.execute("SELECT view_name, failure FROM operations.refreshes WHERE failure IS NOT NULL")
        return [*failed, *(f"refresh of {name}: {failure}" for name, failure in rows)]


@contextmanager
def opened(environment: Environment) -> Iterator[Store]:
    """Connect to the database of an environment; raises SchemaError when the bootstrap has not run there."""
    text = environment.connection("postgres", _EXAMPLE)
    plan = environment.declared(environment.plan.postgres, "postgres")
    with connected(text, f"PostgreSQL of {environment.name}") as connection:
        become_owner(connection)
        watch_client(connection)
        yield PostgresStore(connection, plan)


def bootstrap(environment: Environment) -> str:
    """What an administrator runs once in the database of an environment, as SQL."""
    plan = environment.declared(environment.plan.postgres, "postgres")
    owners = [user for user, role in plan.memberships.items() if role == OWNER_ROLE]
    if len(owners) != 1:
        raise SchemaError(
            f"Pulumi.{environment.name}.yaml: postgres.users",
            f"{len(owners)} users have role owner",
            allowed="one: the schema step's",
            fix="give role owner to the user of the schema step alone",
        )
    return Template((FOLDER / "bootstrap.sql").read_text(encoding="utf-8")).safe_substitute(
        database=plan.database,
        schema_user=owners[0],
        roles=_literals(GROUP_ROLES),
        extensions=_literals(EXTENSIONS),
        **_SETTINGS,
    )


def _literals(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
