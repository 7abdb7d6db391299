"""The PostgreSQL tier of a stack on this machine: a primary, its replicas, and pooler machines as they are declared.

The pooler's files are those of the plan, unchanged but for addresses, ports and folders. What Cloud SQL does for the
platform is done here by hand: TLS, users, and the flag that lets the pooler look up secrets.
"""

import json
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from infra.derive import exporters, pgbouncer
from infra.derive import postgres_ports as ports
from infra.derive.pooler import PoolerPlan
from infra.derive.pooler_units import FOLDER
from infra.derive.postgres import PostgresPlan
from infra.settings.postgres import POOLER
from sandbox.servers import as_account
from sandbox.servers.certificates import Certificate, certificate_for
from sandbox.servers.cluster import Cluster
from sandbox.servers.install import Installed
from sandbox.servers.placing import placed
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.process import Command, ServerError
from sandbox.servers.server import LOOPBACK, Endpoint, Server
from sandbox.servers.workspace import Workspace
from services.pooler import secrets
from services.pooler.secrets import Wanted

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 20


@dataclass(frozen=True)
class Programs:
    """The installed groups that a tier needs."""

    postgres: Installed
    pgbouncer: Installed


class Tier:
    """Servers and pooler machines, not started. `machines` are numbered from 0, each with an address of its own."""

    def __init__(
        self,
        workspace: Workspace,
        programs: Programs,
        plan: PostgresPlan,
        configuration: Mapping[str, str] | None = None,
        machines: int = 1,
    ) -> None:
        if plan.pooler is None:
            raise ValueError("the plan has no PgBouncer")
        self.workspace = workspace
        self.plan = plan
        self.pooler: PoolerPlan = plan.pooler
        self.folder = workspace.make_folder("tier")
        self._server_certificate = certificate_for("postgres.example")
        self.certificate = certificate_for(*self.plan.hosts.values())
        self.cluster = Cluster(
            workspace,
            programs.postgres,
            len(self.pooler_replicas),
            {**self._tls(self._server_certificate), **(configuration or {})},
        )
        claimed = {port: workspace.claim_port() for port in (ports.WRITES, ports.READS, ports.STATUS)}
        self.machines = [PoolerMachine(self, programs.pgbouncer, number, claimed) for number in range(machines)]

    @cached_property
    def pooler_replicas(self) -> tuple[str, ...]:
        """The replicas that the read pool uses, by key; the standbys of the cluster are these, in this order."""
        router = json.loads(self.pooler.files[f"{FOLDER}/read-router.json"])
        return tuple(router["replicas"])

    def server(self, key: str) -> PostgresServer:
        """The primary, or the standby that stands for a replica."""
        if key == "primary":
            return self.cluster.primary
        return self.cluster.standbys[self.pooler_replicas.index(key)]

    @property
    def addresses(self) -> Mapping[str, str]:
        """The address of each server's name."""
        return {host: self.server(keys[0]).address for host, keys in self.plan.names.items() if len(keys) == 1}

    @property
    def users(self) -> tuple[str, ...]:
        """The pooled users."""
        return self.pooler.users

    @property
    def pooler_clients(self) -> int:
        """Clients that a process of a machine accepts."""
        return self._number("max_client_conn")

    @property
    def pool_size(self) -> int:
        """Server connections that clients of one user share at most."""
        return self._number("max_user_connections")

    def _number(self, name: str) -> int:
        """A number of PgBouncer's own configuration."""
        found = re.search(rf"^{name} = (\d+)$", self.pooler.files[f"{FOLDER}/pgbouncer-write.ini"], re.MULTILINE)
        if found is None:
            raise ValueError(f"pgbouncer-write.ini says no {name}")
        return int(found[1])

    @property
    def secrets(self) -> Mapping[str, str]:
        """What Secret Manager would hold for the machines, by form."""
        return {
            "certificate": self.certificate.chain + self.certificate.key,
            "authorities": self._server_certificate.authority,
            "password": self.workspace.password,
        }

    def start(self) -> None:
        """Start everything and wait until every replica is used; raises ServerError with a log otherwise."""
        self.cluster.start()
        self._make_users()
        self.cluster.catch_up()
        for machine in self.machines:
            machine.start()
        for machine in self.machines:
            machine.wait_for_reads(*self.pooler_replicas)
            machine.wait_until_healthy()

    def dsn(
        self, endpoint: str = "write", user: str | None = None, machine: int = 0, database: str | None = None
    ) -> str:
        """Libpq's keywords for a way in, through one machine; the pooler's own name and certificate are verified."""
        return self.dsn_at(self.machines[machine].endpoint(endpoint), endpoint, user, database)

    def dsn_at(self, place: Endpoint, endpoint: str, user: str | None = None, database: str | None = None) -> str:
        """The same for another address and port, such as a load balancer's."""
        return make_conninfo(
            host=self.plan.hosts[endpoint],
            hostaddr=place.address,
            port=place.port,
            dbname=database or self.plan.database,
            user=user or self.users[0],
            password=self.workspace.password,
            sslmode="verify-full",
            sslrootcert=str(self.authority_file),
            connect_timeout=10,
        )

    @cached_property
    def authority_file(self) -> Path:
        """The authority that clients trust."""
        file = self.workspace.folder / "pooler-ca.pem"
        file.write_text(self.certificate.authority, encoding="ascii")
        file.chmod(0o644)
        return file

    def direct(self, key: str = "primary", user: str | None = None) -> str:
        """Libpq's keywords for a server itself, with TLS as Cloud SQL demands it."""
        server = self.server(key)
        return make_conninfo(
            host=server.address,
            port=server.port,
            dbname=self.plan.database,
            user=user or self.users[0],
            password=self.workspace.password,
            sslmode="require",
            connect_timeout=10,
        )

    def connect(self, endpoint: str = "write", **more: Any) -> psycopg.Connection:
        """A connection through a machine that commits every statement by itself."""
        return psycopg.connect(self.dsn(endpoint, **more), autocommit=True)

    def _tls(self, certificate: Certificate) -> dict[str, str]:
        files = {"ssl_cert_file": certificate.chain, "ssl_key_file": certificate.key}
        for name, text in files.items():
            self.workspace.write(self.folder / name, text)
        return {"ssl": "on", **{name: str(self.folder / name) for name in files}}

    def _make_users(self) -> None:
        """The database, the pooled users as owners of a schema, and the pooler with its right to look up secrets."""
        with self.cluster.primary.connect() as connection:
            for user in (POOLER, *self.users):
                words = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
                connection.execute(words.format(sql.Identifier(user), sql.Literal(self.workspace.password)))
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(self.plan.database), sql.Identifier(self.users[0])
                )
            )
        with self.cluster.primary.connect(self.plan.database) as connection:
            connection.execute(sql.SQL("GRANT SELECT ON pg_authid TO {}").format(sql.Identifier(POOLER)))


class PoolerMachine:
    """One machine: two PgBouncers and the read router, from the plan's files."""

    def __init__(self, tier: Tier, programs: Installed, number: int, claimed: Mapping[int, int]) -> None:
        self._tier = tier
        self.number = number
        self.folder = tier.workspace.make_folder(f"pooler-{number}")
        for each in ("write", "read"):
            folder = self.folder / each
            folder.mkdir(mode=0o700)
            tier.workspace.account.own(folder)
        self._claimed = claimed
        address = f"127.0.1.{number + 1}"
        self.write = Bouncer(tier, programs, self, "write", Endpoint(address, claimed[ports.WRITES]))
        self.read = Bouncer(tier, programs, self, "read", Endpoint(address, claimed[ports.READS]))
        self.router = ReadRouter(tier, programs, self, Endpoint(address, claimed[ports.STATUS]))

    @property
    def programs(self) -> tuple[Server, ...]:
        """What runs on the machine."""
        return (self.router, self.write, self.read)

    def endpoint(self, name: str) -> Endpoint:
        """Where the write or read pool listens."""
        return (self.write if name == "write" else self.read).endpoint

    def file(self, path: str) -> Path:
        """Where a file of the plan lies here."""
        return self.folder / Path(path).relative_to(pgbouncer.SECRETS if path.startswith(pgbouncer.SECRETS) else FOLDER)

    def write_files(self) -> None:
        """Write every file of the plan with this machine's addresses, and its secrets as the machine itself does."""
        tier = self._tier
        for path, text in tier.pooler.files.items():
            if not path.startswith(exporters.FOLDER):
                tier.workspace.write(self.file(path), placed(text, self.places))
        wanted = Wanted.model_validate_json(placed(tier.pooler.files[f"{FOLDER}/secrets.json"], self.places))
        contents = {one.secret: tier.secrets[one.form] for one in wanted.secrets}
        for file, text in secrets.files(wanted, contents).items():
            tier.workspace.write(file, text)

    def start(self) -> None:
        """Start the programs in the order of the machine's own services."""
        self.write_files()
        self.router.start()
        # Its databases are the router's to write; a machine starts it again and again until they are there.
        databases = self.file(pgbouncer.DATABASES)
        self._tier.workspace.wait_for("the router chooses", databases.exists, _START_SECONDS, self.router.log)
        self.write.start()
        self.read.start()

    def kill(self) -> None:
        """Kill all of it at once, as the loss of its zone does."""
        for program in self.programs:
            program.kill()

    def wait_for_reads(self, *keys: str, service: str | None = None, timeout: float = 30) -> None:
        """Wait until reads go to these servers and no other; raises ServerError with the router's log."""
        wanted = {self._tier.server(key).address for key in keys}

        def chosen() -> bool:
            return self.read.hosts(service or self._tier.plan.database) == wanted

        self._tier.workspace.wait_for(f"reads go to {', '.join(keys)}", chosen, timeout, self.router.log)

    def wait_until_healthy(self, timeout: float = 30) -> None:
        """Wait until the load balancer would send clients to the read pool."""

        def is_healthy() -> bool:
            return self.router.get("/healthz")[0] == HTTPStatus.OK

        self._tier.workspace.wait_for("the machine is healthy", is_healthy, timeout, self.router.log)

    @property
    def places(self) -> Mapping[str, str]:
        """The addresses, ports and folders of this machine, by those of the plan."""
        cluster = self._tier.cluster.primary
        return {
            **self._tier.addresses,
            **{str(port): str(here) for port, here in {ports.SERVER: cluster.port, **self._claimed}.items()},
            pgbouncer.EVERY_ADDRESS: self.write.address,
            f"{LOOPBACK}:{ports.STATUS}": str(self.router.endpoint),
            pgbouncer.SECRETS: str(self.folder),
        }


class Bouncer(Server):
    """One PgBouncer of a machine."""

    def __init__(self, tier: Tier, programs: Installed, machine: PoolerMachine, pool: str, endpoint: Endpoint) -> None:
        super().__init__(tier.workspace, programs, f"pgbouncer-{pool}-{machine.number}", endpoint)
        self._pool = pool
        self._machine = machine
        found = re.search(rf"nofile=(\d+).* pgbouncer {FOLDER}/pgbouncer-{pool}", tier.pooler.user_data)
        self.open_files = int(found[1]) if found else 0

    @property
    def resident_bytes(self) -> int:
        """Memory of the process that is in RAM."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        if found is None:
            raise ServerError(f"{self.name} is not running")
        return int(found[1]) * 1024

    def show(self, what: str) -> list[dict[str, Any]]:
        """The rows of one of PgBouncer's own tables, such as POOLS or DATABASES."""
        with self._console() as cursor:
            return cursor.execute(f"SHOW {what}".encode()).fetchall()

    def reconnect(self, database: str) -> None:
        """Let go of every connection to the servers of a database as soon as it is free, for new ones to be opened."""
        with self._console() as cursor:
            cursor.execute(f"RECONNECT {database}".encode())

    @contextmanager
    def _console(self) -> Iterator[psycopg.ClientCursor[dict[str, Any]]]:
        console = make_conninfo(
            host=str(self._machine.folder / self._pool), port=self.port, dbname="pgbouncer", user="pgbouncer"
        )
        # The console speaks the simple protocol only, as psycopg's client-side cursor does.
        with (
            self.workspace.account.acting(),
            psycopg.connect(console, autocommit=True) as connection,
            psycopg.ClientCursor(connection, row_factory=dict_row) as cursor,
        ):
            yield cursor

    def hosts(self, database: str) -> set[str]:
        """The servers that a database stands for now."""
        try:
            rows = self.show("DATABASES")
        except psycopg.OperationalError:
            return set()
        return {host for row in rows if row["name"] == database for host in (row["host"] or "").split(",")}

    def start(self) -> None:
        """Start and wait until clients are accepted; raises ServerError with the log when it does not come up."""
        folder = self._machine.folder
        configuration = self._machine.file(f"{FOLDER}/pgbouncer-{self._pool}.ini")
        words = (*self.programs.command("pgbouncer"), str(configuration))
        self._process = self.workspace.start(
            Command(self.name, words, folder, self.log, stop_signal=signal.SIGQUIT, open_files=self.open_files)
        )
        self.workspace.wait_for(f"{self.name} accepts clients", self._is_ready, _START_SECONDS, self.log)

    def _is_ready(self) -> bool:
        self._still_starting()
        return self.is_listening


class ReadRouter(Server):
    """The read router of a machine, as its own process."""

    def __init__(self, tier: Tier, programs: Installed, machine: PoolerMachine, endpoint: Endpoint) -> None:
        super().__init__(tier.workspace, programs, f"read-router-{machine.number}", endpoint)
        self._configuration = machine.file(f"{FOLDER}/read-router.json")

    def start(self) -> None:
        """Start and wait until it shows its status."""
        words = as_account.words(self.workspace.account, "services.pooler.__main__", str(self._configuration))
        self._process = self.workspace.start(Command(self.name, words, ROOT, self.log, changes_user=True))
        self.workspace.wait_for(f"{self.name} answers", self._is_ready, _START_SECONDS, self.log)

    def get(self, path: str) -> tuple[int, str]:
        """Status code and body of one of its pages."""
        try:
            with urllib.request.urlopen(f"http://{self.endpoint}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def _is_ready(self) -> bool:
        self._still_starting()
        return self.is_listening
