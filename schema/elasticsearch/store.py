"""The search store's schema: connect, plan against the files, lock, ledger (ES-SVC, CONN)."""

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import SplitResult, unquote, urlsplit

from elasticsearch import Elasticsearch

from infra.derive.elasticsearch import PLUGINS
from infra.derive.schemas import variable
from schema.elasticsearch import api_keys, indices, objects, synonyms
from schema.elasticsearch.change import Change
from schema.elasticsearch.cluster import Cluster
from schema.elasticsearch.copying import ByReindex, ByScroll
from schema.elasticsearch.desired import Desired, desired
from schema.elasticsearch.history import recorded, records
from schema.elasticsearch.lease import Lease
from schema.elasticsearch.objects import EVERYTHING, KINDS, Capability
from schema.kit import Environment, Record, SchemaError, Step, Store
from schema.kit.secret_manager import SecretManager, Secrets

KEY_VARIABLE = variable("elasticsearch", "API_KEY")
EXAMPLE = "https://user:password@host:443"
_ADDRESS = f"environment variable {variable('elasticsearch')}"
_TIMEOUT_SECONDS = 90
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ElasticsearchStore(Store):
    """A cluster beside the files of one environment.

    `capabilities` is everything on Elastic Cloud. A test on the core of Elasticsearch says what it has to do without;
    nothing is ever found out by trying and left out.
    """

    def __init__(
        self,
        cluster: Cluster,
        wanted: Desired,
        secrets: Secrets,
        capabilities: Collection[Capability] = EVERYTHING,
        lease_seconds: float = 45,
    ) -> None:
        self._cluster = cluster
        self._wanted = wanted
        self._secrets = secrets
        self._capabilities = capabilities
        self._lease_seconds = lease_seconds

    def lock(self, wait_seconds: float) -> AbstractContextManager[None]:
        """Hold the cluster's lease."""
        return Lease(self._cluster, self._lease_seconds).held(wait_seconds)

    def steps(self) -> Sequence[Step]:
        """The difference between cluster and files; raises SchemaError for a cluster that could never hold them."""
        self._check_plugins()
        keys = [change for key in self._wanted.keys for change in api_keys.changes(self._cluster, self._secrets, key)]
        if keys:
            self._check_user()
        return [self._step(change) for change in (*self._objects(), *self._indices(), *keys)]

    def records(self) -> Sequence[Record]:
        """The newest entries of the ledger."""
        return records(self._cluster)

    def findings(self) -> Sequence[str]:
        """Strange and broken indices, failed snapshots, and what former files have made and these do not name."""
        return list(self._findings())

    def _objects(self) -> Iterator[Change]:
        for wanted in self._wanted.objects:
            if wanted.kind.needs is None or wanted.kind.needs in self._capabilities:
                for change in objects.changes(self._cluster, wanted):
                    if wanted.kind.folder == "synonym_sets":
                        synonyms.check(self._cluster, wanted, self._wanted.analysis)
                    yield change

    def _indices(self) -> Iterator[Change]:
        has_reindex = Capability.REINDEX in self._capabilities
        copying = ByReindex(self._cluster) if has_reindex else ByScroll(self._cluster)
        for wanted in self._wanted.indices:
            yield from indices.changes(self._cluster, copying, wanted)

    def _step(self, change: Change) -> Step:
        def run() -> None:
            recorded(self._cluster, change.what, change.checksum, change.run)

        return Step(change.action, change.what, change.detail, run)

    def _check_plugins(self) -> None:
        if Capability.ANALYSIS_PLUGINS not in self._capabilities:
            return
        told = self._cluster.get("/_nodes/plugins?filter_path=nodes.*.plugins.name") or {}
        for node in told.get("nodes", {}).values() or [{}]:
            missing = {*PLUGINS} - {plugin["name"] for plugin in node.get("plugins", ())}
            if missing:
                raise SchemaError(
                    "the cluster",
                    f"has a node without {' and '.join(sorted(missing))}",
                    fix="`pulumi up` installs the plugins; wait until every node has restarted",
                )

    def _check_user(self) -> None:
        """An API key can make no key with rights of its own (Elastic, "Create API key", read 2026-11-25)."""
        me = self._cluster.get("/_security/_authenticate") or {}
        if me.get("authentication_type") == "api_key":
            raise SchemaError(
                f"environment variable {KEY_VARIABLE}",
                "signs in by an API key, which cannot make or change the clients' API keys",
                allowed=f"a user in {EXAMPLE}",
                fix="take the user from the secret elasticsearch-operator for this run",
            )

    def _findings(self) -> Iterator[str]:
        for wanted in self._wanted.indices:
            known = set(indices.numbered(self._cluster, wanted.name))
            for name in self._cluster.get(f"/{wanted.name}-*?features=aliases") or {}:
                if name not in known:
                    yield f"index {name} is not one of ours; templates of {wanted.name} apply to it"
            for name in known:
                status = (self._cluster.get(f"/_cluster/health/{name}") or {}).get("status")
                if status == "red":
                    yield f"index {name} lacks a primary shard"
        if Capability.SNAPSHOT_POLICIES in self._capabilities:
            yield from self._failed_snapshots()
        yield from self._unclaimed()

    def _unclaimed(self) -> Iterator[str]:
        """Nothing is deleted that the files do not name (ADR 0023): it is told."""
        for kind in KINDS:
            if kind.needs is None or kind.needs in self._capabilities:
                names = {wanted.name for wanted in self._wanted.objects if wanted.kind is kind}
                for name in objects.unclaimed(self._cluster, kind, names):
                    yield f"{kind.title} {name} is in no file any more; delete it when nobody needs it"
        for name in api_keys.unclaimed(self._cluster, self._wanted.keys):
            yield f"API key {name} is in force, and its client is not in the stack file; invalidate it"

    def _failed_snapshots(self) -> Iterator[str]:
        for wanted in self._wanted.objects:
            if wanted.kind.folder == "snapshot_policies":
                told = (self._cluster.get(f"/_slm/policy/{wanted.name}") or {}).get(wanted.name, {})
                failed, done = (told.get(key, {}).get("time", 0) for key in ("last_failure", "last_success"))
                if failed > done:
                    yield f"the last snapshot of policy {wanted.name} failed"


@contextmanager
def opened(environment: Environment) -> Iterator[Store]:
    """Connect to an environment's cluster; raises SchemaError when it is not to be reached or lets nobody in."""
    wanted = desired(environment)
    with connected(environment.connection("elasticsearch", EXAMPLE), os.environ.get(KEY_VARIABLE)) as cluster:
        cluster.await_way()
        cluster.get("/_security/_authenticate")
        yield ElasticsearchStore(cluster, wanted, SecretManager(environment.plan.gcp_project))


@contextmanager
def connected(address: str, api_key: str | None = None) -> Iterator[Cluster]:
    """A cluster at an address, by the user in it or by an API key; TLS is verified, and left out on loopback alone."""
    parts, hostname, port = _parts(address)
    if parts.scheme == "http" and hostname not in _LOOPBACK:
        raise SchemaError(_ADDRESS, "is not encrypted", allowed="https, or http on loopback", fix="write https://")
    user = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    if (user is None) == (not api_key):
        raise SchemaError(
            _ADDRESS,
            "comes with a user and an API key" if user else "comes without a user or API key",
            allowed=f"{EXAMPLE}, or {KEY_VARIABLE} beside an address without a user",
        )
    host = f"[{hostname}]" if ":" in hostname else hostname
    place = f"{parts.scheme}://{host}:{port}"
    client = Elasticsearch(place, basic_auth=user, api_key=api_key or None, request_timeout=_TIMEOUT_SECONDS)
    try:
        yield Cluster(client, f"Elasticsearch at {host}:{port}")
    finally:
        client.close()


def _parts(address: str) -> tuple[SplitResult, str, int]:
    """An address, its host and its port; what is wrong with one may hold the password, and is not quoted."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise SchemaError(_ADDRESS, "is no address with a port", allowed=EXAMPLE) from None
    # A path is what follows a / in the password too: the host is then a part of the user or password.
    is_more = parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in ("http", "https") or not parts.hostname or port is None or is_more:
        fix = "write / # ? of a user or password as %2F %23 %3F" if is_more else ""
        raise SchemaError(_ADDRESS, "is no address with a port", allowed=EXAMPLE, fix=fix)
    return parts, parts.hostname, port
