"""PgBouncer's configuration files, one for the write pool and one for the read pool (PG-POOL, PG-ROUTE).

The values are those of PgBouncer 1.24 (https://www.pgbouncer.org/config.html, read 2026-11-25). The files hold no
secret: passwords, keys and what the read router writes lie in a folder of their own that is never on a disk.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from infra.settings.postgres import POOLER
from infra.settings.postgres_pooler import PoolerSettings

SECRETS = "/run/pooler"
"""Where the machine keeps what it must not write to a disk: a folder in memory."""

EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 # the load balancer's own address is among them; the firewall guards the ports
"""What listens for clients and health checks."""

DATABASES = f"{SECRETS}/databases.ini"
"""The read pool's servers, written by the read router."""

SERVER_CERTIFICATES = f"{SECRETS}/postgres-ca.pem"
USERS = f"{SECRETS}/users.txt"
CERTIFICATE = f"{SECRETS}/certificate.pem"
KEY = f"{SECRETS}/key.pem"

MAX_PREPARED_STATEMENTS = 200
"""Statements a server connection keeps by name, so that clients may prepare in transaction mode (PgBouncer ≥ 1.21).
Prisma keeps 100 by default; each costs memory on every server connection."""

SIGN_IN_CONNECTIONS = 4
"""Connections of a process that look up the secrets of users who sign in: a lookup takes well under a millisecond."""

_SPARE_FILES = 64
"""Open files beside connections: log, listening sockets, event loop, DNS."""


@dataclass(frozen=True)
class Entry:
    """Where clients enter a pool: the port it listens on, their database and the users that may."""

    port: int
    database: str
    users: tuple[str, ...]


def write_file(pooler: PoolerSettings, entry: Entry, host: str, port: int) -> str:
    """The write pool: the primary alone."""
    return _file(
        databases=[f"{entry.database} = host={host} port={port} dbname={entry.database}"],
        settings=_settings(pooler, "write", entry),
    )


def read_file(pooler: PoolerSettings, entry: Entry) -> str:
    """The read pool: its databases are the read router's to write."""
    return _file(
        databases=[f"%include {DATABASES}"],
        # Connections are taken in turn, so that the servers behind them share the work evenly.
        settings={**_settings(pooler, "read", entry), "server_round_robin": 1},
    )


def open_files(pooler: PoolerSettings, users: int, databases: int) -> int:
    """Open files a process needs: all its clients, and a full pool of each database and user, its own two included."""
    return pooler.max_client_connections + databases * (users + 2) * pooler.pool + _SPARE_FILES


def _file(databases: Iterable[str], settings: Mapping[str, str | int]) -> str:
    lines = [
        "[databases]",
        *databases,
        "",
        "[users]",
        f"{POOLER} = max_user_connections={SIGN_IN_CONNECTIONS}",
        "",
        "[pgbouncer]",
        *(f"{name} = {value}".rstrip() for name, value in settings.items()),
    ]
    return "\n".join(lines) + "\n"


def _settings(pooler: PoolerSettings, name: str, entry: Entry) -> dict[str, str | int]:
    return {
        "listen_addr": EVERY_ADDRESS,
        "listen_port": entry.port,
        # Its own console, without a password for who runs as the same user: the read router and an operator.
        "unix_socket_dir": f"{SECRETS}/{name}",
        **_signing_in(entry),
        **_encryption(),
        **_pooling(pooler),
        **_waiting(),
        # The default of 128 refuses clients that come back all at once after a failover.
        "listen_backlog": 4096,
        # JDBC and others send it at the start of every connection; transaction mode could not keep it.
        "ignore_startup_parameters": "extra_float_digits",
        # A line a client and second would be the larger part of the log.
        "log_connections": 0,
        "log_disconnections": 0,
    }


def _signing_in(entry: Entry) -> dict[str, str]:
    """SCRAM on both sides: the client proves its password, and its proof opens the server's door (auth_query)."""
    named = ", ".join(f"'{user}'" for user in sorted(entry.users))
    # Only users of the pool: the others, administrators among them, cannot sign in through it at all.
    secret = "CASE WHEN rolvaliduntil < now() THEN NULL ELSE rolpassword END"  # noqa: S105 # a column, no secret
    query = f"SELECT rolname, {secret} FROM pg_authid WHERE rolname = $1 AND rolcanlogin AND rolname IN ({named})"  # noqa: S608 # names of the settings' own form
    return {
        "auth_type": "scram-sha-256",
        "auth_file": USERS,
        "auth_user": POOLER,
        "auth_dbname": entry.database,
        "auth_query": query,
    }


def _encryption() -> dict[str, str]:
    """TLS 1.2 or newer on both sides; each instance has an authority of its own, so its name need not be checked."""
    return {
        "client_tls_sslmode": "require",
        "client_tls_cert_file": CERTIFICATE,
        "client_tls_key_file": KEY,
        "client_tls_protocols": "secure",
        "server_tls_sslmode": "verify-ca",
        "server_tls_ca_file": SERVER_CERTIFICATES,
        "server_tls_protocols": "secure",
    }


def _pooling(pooler: PoolerSettings) -> dict[str, str | int]:
    return {
        "pool_mode": "transaction",
        "max_prepared_statements": MAX_PREPARED_STATEMENTS,
        "max_client_conn": pooler.max_client_connections,
        "default_pool_size": pooler.default_pool_size,
        "reserve_pool_size": pooler.reserve_pool_size,
        # The read pools share it, so that the sum of the connection budget holds whatever clients do (COR-16).
        "max_user_connections": pooler.pool,
    }


def _waiting() -> dict[str, int]:
    """Seconds, and milliseconds for tcp_user_timeout."""
    return {
        # A failover of the primary takes up to a minute (PG-HA): clients wait for it, and learn then that it failed.
        "query_wait_timeout": 90,
        "server_connect_timeout": 3,
        # For so long clients are refused with the last error, though another server would take them: after a replica's
        # death, and when the router's RELOAD meets a connection that is being made. They wait in the queue instead.
        "server_login_retry": 0,
        # Names move in a failover to the second region and in a restore (REC-REGION, REC-PITR).
        "dns_max_ttl": 5,
        # A server that is gone without a word is noticed by its silence.
        "tcp_keepidle": 5,
        "tcp_keepintvl": 2,
        "tcp_keepcnt": 3,
        "tcp_user_timeout": 10_000,
    }
