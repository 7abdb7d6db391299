"""TimescaleDB as a store: SQL files that run once, and policies that are kept as policies.yaml says."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from schema.kit import Environment, SchemaError, Step, Store, read_file
from schema.sql.catalogue import Catalogue
from schema.sql.session import Connection, connected, told, watch_client
from schema.sql.store import SqlStore
from schema.timescale.definitions import column_names
from schema.timescale.lint import check
from schema.timescale.reconcile import Reconciler

FOLDER = Path(__file__).parent
EXAMPLE = "postgresql://tsdbadmin:…@host.tsdb.cloud.timescale.com:5432/tsdb?sslmode=verify-full&sslrootcert=system"
_ENCRYPTED = "verify-full"

_RELATIONS = """
SELECT hypertable_name::text FROM timescaledb_information.hypertables
UNION ALL SELECT view_name::text FROM timescaledb_information.continuous_aggregates
"""
_COLUMNSTORES = """
SELECT hypertable::text, segmentby, orderby FROM timescaledb_information.hypertable_columnstore_settings
"""


class TimescaleStore(SqlStore):
    """The files of `folder`, on a connection; raises SchemaError when the lint refuses them."""

    def __init__(self, connection: Connection, folder: Path = FOLDER) -> None:
        super().__init__("timescale", connection, folder, Catalogue(connection, ("public",)))
        self._policies_file = read_file(folder / "policies.yaml")
        self._contents = check(self.runner.files, self._policies_file)
        self._reconciler = Reconciler(connection, self._contents)

    def steps(self) -> Sequence[Step]:
        """The files that are to run, then chunk intervals and policies."""
        files = super().steps()
        with told(self._policies_file.path):
            if not files and (lost := self._lost()):
                raise SchemaError(
                    f"TimescaleDB: {lost[0]}",
                    "is not there, though the file that makes it has run",
                    fix="restore it from a backup, or make it anew in a new migration",
                )
            return (*files, *self._reconciler.steps())

    def findings(self) -> Sequence[str]:
        """Columnstores that are cut otherwise than the files say, and what else was changed by hand."""
        with told(self._policies_file.path):
            return (*self._other_columnstores(), *super().findings())

    def _lost(self) -> Sequence[str]:
        there = {name for (name,) in self._rows(_RELATIONS)}
        policies = self._contents.policies
        return [name for name in (*policies.hypertables, *policies.continuous_aggregates) if name not in there]

    def _other_columnstores(self) -> Iterator[str]:
        for name, *settings in self._rows(_COLUMNSTORES):
            table = self._contents.definitions.hypertables.get(name)
            if table is None:
                continue
            for setting, found, wanted in zip(
                ("segmentby", "orderby"), settings, (table.segmentby, table.orderby), strict=True
            ):
                if column_names(found or "") != wanted:
                    yield (
                        f"{name} has {setting} {found or 'nothing'}, the files say {', '.join(wanted)}: "
                        "ALTER TABLE … SET in a new migration, or by hand back to what the files say"
                    )

    def _rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        """What a view of TimescaleDB holds; nothing before the extension is there."""
        try:
            return self.connection.execute(query.encode()).fetchall()
        except psycopg.errors.UndefinedTable:
            return ()


@contextmanager
def opened(environment: Environment) -> Iterator[Store]:
    """Connect to the service of an environment; raises SchemaError when it cannot be reached with TLS."""
    where = f"TimescaleDB of {environment.name}"
    environment.declared(environment.plan.timescale, "timescale")
    with store_at(environment.connection("timescale", EXAMPLE), where) as store:
        yield store


@contextmanager
def store_at(text: str, where: str, folder: Path = FOLDER) -> Iterator[TimescaleStore]:
    """The store that a connection string names; raises SchemaError when it cannot be reached, or not safely."""
    check_encryption(text, where)
    with connected(text, where) as connection:
        watch_client(connection)
        yield TimescaleStore(connection, folder)


def check_encryption(text: str, where: str) -> None:
    """Raise SchemaError when a connection string would send a password anywhere but to the server that is meant."""
    try:
        given = conninfo_to_dict(text)
    except psycopg.ProgrammingError:
        return  # `connect` says so, and shows nothing of it
    hosts = f"{given.get('hostaddr') or given.get('host') or ''}".rpartition("@")[2].split(",")
    if all(_is_this_machine(host) for host in hosts) or given.get("sslmode") == _ENCRYPTED:
        return
    raise SchemaError(
        where,
        f"{', '.join(hosts)} is another machine and sslmode is {given.get('sslmode') or 'not given'}",
        allowed=f"sslmode={_ENCRYPTED}, as in the secret that `pulumi up` hands out",
        fix=f"add sslmode={_ENCRYPTED}&sslrootcert=system to the URL",
    )


def _is_this_machine(host: str) -> bool:
    """Whether a host is a folder of sockets or loopback."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in ("", "localhost") or host.startswith("/")
