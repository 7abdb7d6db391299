"""An import that fails is told with its reason, and begun anew by the next run: what it lacked may be there by then."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ops.recovery import stores
from ops.recovery.cloud import Pace
from ops.recovery.cloud.dns import Names
from ops.recovery.cloud.google import service
from ops.recovery.errors import RecoveryError
from ops.recovery.journal import Journal
from ops.recovery.redis.memorystore import ImportFailedError, Memorystore
from ops.recovery.redis.procedure import NAME, CacheRecovery
from ops.recovery.steps import Run
from sandbox.api import ApiServer
from sandbox.api.dns import Dns
from sandbox.api.operations import OperationError
from sandbox.api.redis import NoCaches, Redis
from schema.kit.bucket import CloudBucket
from tests.integration.recovery.commands import QUICK, Listener
from tests.integration.schema.elasticsearch.conftest import Vault

IMPORT = "redis.projects.locations.instances.import"


class Closed(NoCaches):
    """Exports that the instances' account may not read until somebody lets it."""

    def __init__(self) -> None:
        self.is_open = False
        self.loaded: list[str] = []

    def load(self, name: str, uri: str) -> None:
        if not self.is_open:
            raise OperationError("PERMISSION_DENIED", f"{name}'s account does not have storage.objects.get access")
        self.loaded.append(uri)


@contextmanager
def recovery(place: stores.Place, caches: Closed, pace: Pace = QUICK) -> Iterator[tuple[CacheRecovery, ApiServer]]:
    dns = Dns()
    dns.add_zone(place.project, place.zone, "dev.triptrip.internal", {})
    with ApiServer([Redis(caches), dns]) as server:
        clients = {api: service(api, server.endpoint(f"{api}.v1"), QUICK) for api in ("redis", "dns")}
        anything: Any = place
        memorystore, names = Memorystore(clients["redis"][0], place, pace), Names(clients["dns"][0], anything, pace)
        try:
            yield CacheRecovery(place, CloudBucket("exports"), memorystore, names, Vault()), server
        finally:
            for _, connection in clients.values():
                connection.close()


def test_an_import_that_failed_is_begun_anew_once_its_reason_is_gone(tmp_path: Path) -> None:
    place, caches = stores.place_of("dev"), Closed()
    journal = Journal.begin(tmp_path, NAME, "dev", {}, datetime(2026, 11, 26, 17, tzinfo=UTC))
    journal.keep(object="redis/cache/20261126T160000Z.rdb")
    # A run asks of `declared` only what a place has too.
    anything: Any = place
    run = Run(anything, journal, Listener(), tmp_path)
    with recovery(place, caches) as (made, server):
        journal.keep(**made.make(run))
        with pytest.raises(ImportFailedError, match=r"does not have storage\.objects\.get access"):
            made.fill(run)
        caches.is_open = True
        made.fill(run)
        # One that has ended well is not begun again.
        made.fill(run)
        assert caches.loaded == ["gs://exports/redis/cache/20261126T160000Z.rdb"]
        assert len(server.api.asked(IMPORT)) == 2


def test_a_wait_that_is_too_long_is_told_with_what_is_still_so() -> None:
    place = stores.place_of("dev")
    with recovery(place, Closed(), replace(QUICK, patience=-1)) as (made, server):
        made.memorystore.create("cache", {}, "20261126T170000Z")
        with pytest.raises(RecoveryError, match="instance cache: is still CREATING"):
            made.memorystore.await_ready("cache")
        assert server.api.asked("redis.projects.locations.instances.create")
