"""`restore redis`: the newest export into a new instance, looked at, then names and secrets of the clients (COR-07)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from infra.derive.copies import CACHE_EXPORTS
from ops.recovery import moments, stores
from ops.recovery.cloud import Pace
from ops.recovery.cloud.dns import Move, Names
from ops.recovery.cloud.google import known_endpoints, service
from ops.recovery.errors import RecoveryError, RefusedError
from ops.recovery.redis.exports import newest_whole
from ops.recovery.redis.memorystore import CacheInstance, ImportFailedError, Memorystore, body_of, name_of
from ops.recovery.redis.rdb import RdbHeader
from ops.recovery.redis.validate import validate
from ops.recovery.steps import Procedure, Run, Values
from schema.kit.bucket import Bucket
from schema.kit.secret_manager import SecretManager, Secrets

NAME = "restore redis"
OTHER_EXPORT = "take an older export with --export, in another run: --new"
_REACH_SECONDS = 10


@dataclass(frozen=True)
class CacheRecovery:
    """What a run works with: the environment and the ways to Google."""

    place: stores.Place
    bucket: Bucket
    memorystore: Memorystore
    names: Names
    secrets: Secrets

    @property
    def instance(self) -> str:
        """The declared instance's name."""
        return str(self._plan.name)

    @property
    def _plan(self) -> Any:
        return self.place.declared(self.place.schema.plan.cache, "cache")

    def choose(self, run: Run) -> Values:
        """Find an export that is whole, and say what is not in it."""
        export, header = newest_whole(self.bucket, self.instance, run.option("export"))
        taken = moments.rfc3339(header.taken_at)
        lost = stores.seconds_lost(run.journal, taken)
        run.reporter.say(
            f"  export {export.run}: {header.keys or 0} keys as of {moments.both(header.taken_at)}; "
            f"what was written in the {lost:.0f} s until this run's start is not in it"
        )
        return {
            "object": export.object,
            "header": {**header.__dict__, "taken_at": taken},
            "rpo_seconds": lost,
        }

    def make(self, run: Run) -> Values:
        """Have an instance that an import takes nothing from."""
        if run.option("into_declared"):
            found = self.memorystore.find(self.instance)
            if found is None:
                fix = "`pulumi up` makes it, empty; or leave --into-declared out"
                raise RecoveryError(f"instance {self.instance}", "is not there", fix=fix)
            self._check_empty(found)
            return {"target": self.instance}
        target = name_of(self.instance, run.journal.run)
        self.memorystore.create(target, body_of(self.place), run.journal.run)
        self.memorystore.await_ready(target)
        return {"target": target}

    def fill(self, run: Run) -> Values | None:
        """An import that this run has begun is waited for; another one begins only where it overwrites nothing."""
        target = self.memorystore.await_ready(run.value("target"))
        begun = run.journal.values.get("import")
        if begun is None:
            if target.run != run.journal.run.lower():
                self._check_empty(target)
            elif used := [*self.names.users_of(target.host)]:
                raise RefusedError(f"instance {target.name}", f"{', '.join(used)} stands for it: clients use it")
            uri = f"{self.bucket.address}/{run.value('object')}"
            begun = self.memorystore.begin_import(target.name, uri)
            run.journal.keep(**{"import": begun})
        try:
            self.memorystore.await_import(target.name, begun)
        except ImportFailedError:
            # What it lacked may be granted by now: the next run begins another one.
            run.journal.keep(**{"import": None})
            raise
        return None

    def validate(self, run: Run) -> Values:
        """Compare it with what the export says of itself."""
        header = run.value("header")
        wanted = RdbHeader(**{**header, "taken_at": moments.from_rfc3339(header["taken_at"])})
        target = self._target(run)
        with self._client(target) as client:
            checks = validate(client, wanted)
        return stores.passed(run, f"instance {target.name}", checks, OTHER_EXPORT)

    def question(self, run: Run) -> str:
        """What is asked before clients are handed another instance."""
        target = self._target(run)
        what = f"{target.name} ({target.host}) instead of {self.instance}"
        return f"Hand {what} to every client of the cache? What it got since the export is not in it."

    def switch(self, run: Run) -> Values:
        """Give the clients its password, certificates and addresses; told again, nothing moves twice."""
        target, plan = self._target(run), self._plan
        if target.name == self.instance:
            run.reporter.say("  the declared instance has its names and secrets already")
            return {"moves": []}
        password = self.memorystore.password(target.name)
        ports = {"write": target.port, "read": target.read_port}
        contents = {
            "cache-auth": password,
            "cache-server-ca": target.certificates,
            "cache-connection": plan.connection(ports, password),
        }
        of = self.place.schema.plan.names.of
        versions = {key: self.secrets.add_version(of(key), content) for key, content in contents.items()}
        moves = run.journal.values.get("moves")
        if moves is None:
            moves = [move.as_json() for move in self._moves(target)]
            run.journal.keep(moves=moves)
        self.names.make([Move.from_json(row) for row in moves])
        run.reporter.say(
            f"  {self.instance} is kept; no `pulumi up` before docs/runbooks/recovery-redis.md, step 4: it would move "
            "the names back"
        )
        return {"versions": versions}

    def _moves(self, target: CacheInstance) -> list[Move]:
        records = self.names.records()
        wanted = {"write": target.host, "read": target.read_host}
        made = []
        for endpoint, host in self._plan.hosts.items():
            if host not in records:
                raise RecoveryError(f"name {host}", "is not in the zone", fix="`pulumi up` declares it")
            ttl, addresses = records[host]
            made.append(Move(host, ttl, addresses, (wanted[endpoint],)))
        return made

    def _target(self, run: Run) -> CacheInstance:
        return self.memorystore.await_ready(run.value("target"))

    def _check_empty(self, target: CacheInstance) -> None:
        with self._client(target) as client:
            keys: Any = client.dbsize()
        if keys:
            raise RefusedError(
                f"instance {target.name}",
                f"holds {keys} keys, which an import would take away",
                allowed="an instance that is empty, or a new one",
                fix="leave --into-declared out",
            )

    @contextmanager
    def _client(self, target: CacheInstance) -> Iterator[Redis]:
        tls: dict[str, Any] = {}
        if target.certificates:
            # The certificate names the instance and no address (COR-18): the authority is what is checked.
            tls = {"ssl": True, "ssl_ca_data": target.certificates, "ssl_check_hostname": False}
        client = Redis(
            host=target.host,
            port=target.port,
            password=self.memorystore.password(target.name),
            socket_connect_timeout=_REACH_SECONDS,
            decode_responses=True,
            protocol=2,
            **tls,
        )
        try:
            yield client
        except RedisError as error:
            raise RecoveryError(
                f"instance {target.name}",
                f"cannot be asked at {target.host}:{target.port}: {type(error).__name__}",
                fix="run it inside the VPC, where the instance can be reached",
            ) from None
        finally:
            client.close()


@contextmanager
def recovery(place: stores.Place, pace: Pace | None = None) -> Iterator[CacheRecovery]:
    """The ways to Google for an environment's cache, closed at the end."""
    pace, where = pace or Pace(), known_endpoints()
    caches, first = service("redis", where.get("redis"), pace)
    dns, second = service("dns", where.get("dns"), pace)
    # A place has what the names ask of what is declared.
    anything: Any = place
    bucket = stores.copies(place, CACHE_EXPORTS)
    try:
        yield CacheRecovery(
            place,
            bucket,
            Memorystore(caches, place, pace),
            Names(dns, anything, pace),
            SecretManager(place.project),
        )
    finally:
        for connection in (first, second, bucket):
            connection.close()


RESTORE_REDIS = Procedure(
    NAME,
    "Bring the cache back from its newest export",
    "RDS-BACKUP, COR-07",
    "what was in the export; an export is made every hour",
    (
        stores.step(
            "choose",
            "choose the export",
            "the newest that is whole (marker, size, checksum, head, end), or --export; broken ones are passed over",
            CacheRecovery.choose,
        ),
        stores.step(
            "instance",
            "make a new instance",
            "like the declared one; with --into-declared the declared one, if it holds no key",
            CacheRecovery.make,
        ),
        stores.step("import", "import the export", "into that instance, which nobody else uses", CacheRecovery.fill),
        stores.step(
            "validate",
            "look at what came back",
            "number of keys, a sample's types and times to live, nothing evicted",
            CacheRecovery.validate,
        ),
        stores.step(
            "switch",
            "hand it to the clients",
            "password, certificates and ports as new versions of the secrets, then the names redis-write and "
            "redis-read; the old instance stays as it is",
            CacheRecovery.switch,
            CacheRecovery.question,
        ),
    ),
)
