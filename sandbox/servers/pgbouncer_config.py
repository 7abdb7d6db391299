"""PgBouncer's configuration as a pure function of the pooler's settings.

What the machines of the pooler tier will add to it (TLS on both sides, auth_query, the read pool) is not here yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.settings.postgres import PoolerSettings

MAX_PREPARED_STATEMENTS = 200
"""Statements a server connection keeps by name, so that clients may prepare in transaction mode (PgBouncer ≥ 1.21).
Prisma keeps 100 by default; each costs memory on every server connection."""

_SPARE_FILES = 64
"""Open files beside connections: log, listening sockets, event loop, DNS."""


@dataclass(frozen=True)
class Backend:
    """The server that a database of the pooler stands for."""

    host: str
    port: int
    database: str


@dataclass(frozen=True)
class Place:
    """Where a pooler listens, and the file of its users' SCRAM secrets; `admin` may ask it for statistics."""

    address: str
    port: int
    auth_file: str
    admin: str


def render(pooler: PoolerSettings, place: Place, databases: Mapping[str, Backend]) -> str:
    """The text of pgbouncer.ini."""
    settings = {
        "listen_addr": place.address,
        "listen_port": place.port,
        "unix_socket_dir": "",
        "auth_type": "scram-sha-256",
        "auth_file": place.auth_file,
        "admin_users": place.admin,
        "pool_mode": "transaction",
        "max_prepared_statements": MAX_PREPARED_STATEMENTS,
        "max_client_conn": pooler.max_client_connections,
        "default_pool_size": pooler.default_pool_size,
        "reserve_pool_size": pooler.reserve_pool_size,
        # The default of 128 refuses clients that come back all at once after a failover.
        "listen_backlog": 4096,
        # JDBC and others send it at the start of every connection; transaction mode could not keep it.
        "ignore_startup_parameters": "extra_float_digits",
        # A line a client and second would be the larger part of the log.
        "log_connections": 0,
        "log_disconnections": 0,
    }
    lines = ["[databases]"]
    for name, backend in sorted(databases.items()):
        lines.append(f"{name} = host={backend.host} port={backend.port} dbname={backend.database}")
    lines += ["", "[pgbouncer]", *(f"{name} = {value}".rstrip() for name, value in settings.items())]
    return "\n".join(lines) + "\n"


def open_files(pooler: PoolerSettings, databases: int, users: int) -> int:
    """Open files a pooler needs for all its clients and a full pool of each database and user, its own included."""
    pools = databases * (users + 1)
    return pooler.max_client_connections + pools * (pooler.default_pool_size + pooler.reserve_pool_size) + _SPARE_FILES
