"""`restore redis` from start to end: Google simulated, the caches real; nothing live is ever overwritten or deleted."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.derive.copies import CACHE_EXPORTS
from ops.recovery import stores
from ops.recovery.cloud.dns import Names
from ops.recovery.cloud.google import service
from ops.recovery.errors import RecoveryError, RefusedError
from ops.recovery.redis.memorystore import Memorystore, name_of
from ops.recovery.redis.procedure import RESTORE_REDIS, CacheRecovery
from ops.recovery.steps import Run, Watcher
from sandbox.api import ApiServer, Fault, Kind
from sandbox.api.buckets import collect
from sandbox.api.dns import Dns
from sandbox.api.storage import Storage
from sandbox.servers.caches import RealCaches
from sandbox.servers.redis import RedisServer
from sandbox.servers.workspace import Workspace
from tests.integration.conftest import group
from tests.integration.recovery.commands import QUICK, Listener
from tests.integration.recovery.kills import killed_everywhere
from tests.integration.recovery.test_redis import content, fill
from tests.integration.schema.elasticsearch.conftest import Vault

EXPORT = "20261126T160000Z"


class Payloads(Vault):
    """Secret Manager in memory."""

    def newest(self, name: str) -> str:
        return self.versions[name][-1]


class CacheEstate:
    """dev's cache with its names and an export, and the run's way to all of it."""

    def __init__(self, workspace: Workspace) -> None:
        self.place = stores.place_of("dev")
        plan = self.place.schema.plan.cache
        assert plan
        self.plan, self.storage, self.dns, self.secrets = plan, Storage(), Dns(polls=1), Payloads()
        self.bucket = self.place.bucket(CACHE_EXPORTS)
        self.storage.add_bucket(self.bucket)
        self.caches = RealCaches(workspace, group("redis"), self.storage)
        self.server = ApiServer([self.caches, self.dns, self.storage])
        self.parent = f"projects/{self.place.project}/locations/{self.place.region}/instances"
        self.live = self.caches.stand(f"{self.parent}/{plan.name}")
        addresses = {host: [self.live.address] for host in plan.hosts.values()}
        self.dns.add_zone(self.place.project, self.place.zone, "dev.triptrip.internal", addresses)

    def export(self, run: str = EXPORT, cut: int = 0) -> None:
        """What the hourly workflow writes."""
        place = f"redis/{self.plan.name}/{run}"
        self.live.save()
        dump = self.live.snapshot.read_bytes()
        self.storage.put(self.bucket, f"{place}.rdb", dump[: len(dump) - cut])
        self.storage.put(self.bucket, f"{place}.json", json.dumps({"bytes": len(dump)}).encode())

    def behind(self, endpoint: str) -> list[str]:
        return self.dns.addresses(self.place.project, self.place.zone, self.plan.hosts[endpoint])

    def made(self, run: Run) -> RedisServer:
        return self.caches.servers[f"{self.parent}/{name_of(self.plan.name, run.journal.run)}"]

    def perform(
        self,
        options: dict[str, str] | None = None,
        listener: Listener | None = None,
        watcher: Watcher | None = None,
        *,
        is_new: bool = False,
    ) -> Run:
        clients = {api: service(api, self.server.endpoint(f"{api}.v1"), QUICK) for api in ("redis", "dns")}
        anything: Any = self.place
        bucket = stores.copies(self.place, CACHE_EXPORTS)
        recovery = CacheRecovery(
            self.place,
            bucket,
            Memorystore(clients["redis"][0], self.place, QUICK),
            Names(clients["dns"][0], anything, QUICK),
            self.secrets,
        )
        try:
            return stores.run_procedure(
                RESTORE_REDIS,
                self.place,
                recovery,
                options or {},
                listener or Listener(),
                watcher=watcher,
                is_new=is_new,
            )
        finally:
            bucket.close()
            for _, connection in clients.values():
                connection.close()


@pytest.fixture
def caches(
    workspace: Workspace, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CacheEstate]:
    made = CacheEstate(workspace)
    with made.server:
        monkeypatch.setenv("TRIPTRIP_ENDPOINT_STORAGE", made.server.endpoint("storage.v1"))
        monkeypatch.setenv("TRIPTRIP_RECOVERY_FOLDER", str(tmp_path_factory.mktemp("recovery")))
        yield made
        collect()


def filled(caches: CacheEstate) -> dict[str, tuple[str, object]]:
    with caches.live.client() as client:
        fill(client, count=60)
        before = content(client)
    caches.export()
    with caches.live.client() as client:
        fill(client, first=500, count=5)
    return before


def live(caches: CacheEstate) -> dict[str, tuple[str, object]]:
    with caches.live.client() as client:
        return content(client)


def test_the_newest_export_comes_back_in_a_new_instance_and_clients_are_handed_it(caches: CacheEstate) -> None:
    before = filled(caches)
    after = live(caches)
    listener = Listener()
    run = caches.perform(listener=listener)
    new = caches.made(run)
    with new.client() as client:
        assert content(client) == before
    assert caches.behind("write") == caches.behind("read") == [new.address] != [caches.live.address]
    connection = json.loads(caches.secrets.newest("triptrip-dev-cache-connection"))
    assert f":{new.port}/0" in connection["urls"]["write"]
    assert "BEGIN CERTIFICATE" in caches.secrets.newest("triptrip-dev-cache-server-ca")
    assert listener.asked
    # The old one is as it was.
    assert live(caches) == after
    assert not caches.server.api.asked("redis.projects.locations.instances.delete")
    assert run.value("rpo_seconds") >= 0
    made = caches.caches.instances[f"{caches.parent}/{name_of(caches.plan.name, run.journal.run)}"]
    live_request = made["redisVersion"], made["memorySizeGb"], made["transitEncryptionMode"], made["authEnabled"]
    assert live_request == ("REDIS_7_2", 5, "SERVER_AUTHENTICATION", True)


def test_without_consent_the_clients_stay_where_they_are(caches: CacheEstate) -> None:
    filled(caches)
    with pytest.raises(RefusedError, match="was not agreed to"):
        caches.perform(listener=Listener(agrees=False))
    assert caches.behind("write") == [caches.live.address]
    assert caches.secrets.versions == {}
    # Asked again and agreed to, it goes on at the switch.
    caches.perform()
    assert caches.behind("write") != [caches.live.address]
    assert len(caches.caches.imports) == 1


def test_a_live_instance_is_never_imported_over_unless_it_is_empty(caches: CacheEstate) -> None:
    before = filled(caches)
    with pytest.raises(RefusedError, match=r"holds \d+ keys, which an import would take away"):
        caches.perform({"into_declared": "yes"})
    assert caches.caches.imports == []
    with caches.live.client() as client:
        client.flushall()
    caches.perform({"into_declared": "yes"})
    assert live(caches) == before
    assert caches.behind("write") == [caches.live.address]


def test_a_broken_newest_export_is_passed_over_and_one_that_is_asked_for_refused(caches: CacheEstate) -> None:
    filled(caches)
    caches.export("20261126T170000Z", cut=40)
    with pytest.raises(RecoveryError, match=f"is not whole(.|\n)*take --export {EXPORT}"):
        caches.perform({"export": "20261126T170000Z"})
    assert len(caches.caches.instances) == 1
    run = caches.perform({"export": EXPORT}, is_new=True)
    assert run.value("object").endswith(f"{EXPORT}.rdb")


def test_a_kill_around_each_step_is_gone_on_with(caches: CacheEstate) -> None:
    before = filled(caches)
    run = killed_everywhere(RESTORE_REDIS, lambda watcher: caches.perform(watcher=watcher))
    with caches.made(run).client() as client:
        assert content(client) == before
    assert len(caches.caches.imports) == 1
    assert len(caches.caches.instances) == 2
    assert caches.behind("write") == [caches.made(run).address]


CALLS = [
    "redis.projects.locations.instances.create",
    "redis.projects.locations.instances.get",
    "redis.projects.locations.instances.import",
    "redis.projects.locations.instances.getAuthString",
    "redis.projects.locations.operations.get",
    "dns.resourceRecordSets.list",
    "dns.changes.create",
    "storage.objects.list",
    "storage.objects.get",
]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # sandbox.api.buckets.collect says why
@pytest.mark.parametrize("kind", [Kind.THROTTLED, Kind.CUT, Kind.LOST])
@pytest.mark.parametrize("call", CALLS)
def test_each_call_in_trouble_once_is_survived(caches: CacheEstate, call: str, kind: Kind) -> None:
    before = filled(caches)
    caches.server.api.faults.add(Fault(call, kind))
    run = caches.perform()
    assert caches.server.api.asked(call)
    with caches.made(run).client() as client:
        assert content(client) == before
    assert len(caches.caches.instances) == 2
    assert not caches.server.api.asked("redis.projects.locations.instances.delete")
