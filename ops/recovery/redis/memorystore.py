"""Memorystore's API as a restore needs it: an instance like the declared one, made, filled by an import, described.

An import replaces all that an instance holds (Google Cloud, "Import data into a Redis instance", read 2026-11-26), so
it goes into an instance of the run's own, or into one that is empty. Nothing here deletes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ops.recovery.cloud.calls import ConflictError, MissingError, Pace, Waiting, asked
from ops.recovery.errors import RecoveryError, RefusedError
from ops.recovery.stores import Place

LABEL = "recovery"
_READY = "READY"
_LONGEST_NAME = 40
_OF_A_RUN = re.compile(r"-r\d{12}$")
_TLS = "SERVER_AUTHENTICATION"


class ImportFailedError(RecoveryError):
    """An import that has ended, and badly."""


@dataclass(frozen=True)
class CacheInstance:
    """An instance that stands: where it is reached, and by what. `certificates` is empty where it speaks no TLS."""

    name: str
    state: str
    run: str
    host: str
    port: int
    read_host: str
    read_port: int
    certificates: str


def name_of(instance: str, run: str) -> str:
    """The name of a run's own instance: an instance's has 40 characters at most."""
    base = _OF_A_RUN.sub("", instance)
    return f"{base[: _LONGEST_NAME - 14]}-r{run[2:8]}{run[9:15]}"


class Memorystore:
    """The instances of an environment's region."""

    def __init__(self, client: Any, place: Place, pace: Pace) -> None:
        self._instances = client.projects().locations().instances()
        self._operations = client.projects().locations().operations()
        self._parent = f"projects/{place.project}/locations/{place.region}"
        self._pace = pace

    def find(self, name: str) -> CacheInstance | None:
        """An instance; None when there is none of this name."""
        try:
            found = self._asked(name, self._instances.get(name=self._of(name)))
        except MissingError:
            return None
        return _instance(name, found)

    def password(self, name: str) -> str:
        """What clients of an instance sign in with."""
        return str(self._asked(name, self._instances.getAuthString(name=self._of(name)))["authString"])

    def create(self, name: str, body: Mapping[str, Any], run: str) -> None:
        """Ask for an instance of this run; raises RefusedError when one of this name is none of the run's."""
        if (found := self.find(name)) is None:
            try:
                wanted = {**body, "labels": {LABEL: run.lower()}}
                self._asked(name, self._instances.create(parent=self._parent, instanceId=name, body=wanted))
            except ConflictError:
                pass  # an answer that was lost, or somebody else: what is there now tells
            found = self.find(name)
        if found is None or found.run != run.lower():
            raise RefusedError(f"instance {name}", f"is none that run {run} has made", fix="begin another run: --new")

    def await_ready(self, name: str) -> CacheInstance:
        """Wait until an instance serves; raises RecoveryError when it is gone, or after hours."""
        waiting = Waiting(f"instance {name}", self._pace)
        while True:
            found = self.find(name)
            if found is None:
                raise RecoveryError(f"instance {name}", "is gone", fix="begin another run: --new")
            if found.state == _READY:
                return found
            waiting.pause(f"is still {found.state}")

    def begin_import(self, name: str, uri: str) -> str:
        """Begin to fill an instance from an object; returns the operation's name, empty where its answer was lost."""
        body = {"inputConfig": {"gcsSource": {"uri": uri}}}
        try:
            return str(self._asked(name, self._instances.import_(name=self._of(name), body=body))["name"])
        except ConflictError:
            return ""

    def await_import(self, name: str, operation: str) -> None:
        """Wait for an import's end; raises ImportFailedError with Google's reason when it failed."""
        waiting = Waiting(f"instance {name}", self._pace)
        while operation:
            told = self._asked(name, self._operations.get(name=operation))
            if told.get("error"):
                said = f"the import failed: {told['error'].get('message')}"
                fix = (
                    "let the instance's account read the bucket (docs/runbooks/recovery-redis.md, step 2) and run the "
                    "command again; or take an older export: --export, --new"
                )
                raise ImportFailedError(f"instance {name}", said, fix=fix)
            if told.get("done"):
                break
            waiting.pause("is still being filled")
        self.await_ready(name)

    def _of(self, name: str) -> str:
        return f"{self._parent}/instances/{name}"

    def _asked(self, name: str, request: Any) -> Any:
        return asked(f"instance {name}", request.execute, self._pace)


def body_of(place: Place) -> Mapping[str, Any]:
    """The request for an instance like the declared one; raises RecoveryError when the stack declares no Redis."""
    plans = place.schema.plan
    plan = place.declared(plans.cache, "cache")
    redis = place.declared(plan.redis, "cache.redis")
    ring = f"projects/{place.project}/locations/{place.region}/keyRings/{plans.names.lasting('data', 'primary')}"
    window = {"day": plan.maintenance.day, "startTime": {"hours": plan.maintenance.hour}}
    return {
        "displayName": "Cache of the data platform, recovered",
        "locationId": redis.zone,
        "alternativeLocationId": redis.alternative_zone,
        "tier": "STANDARD_HA",
        "memorySizeGb": plan.size_gb,
        "redisVersion": redis.version,
        "redisConfigs": dict(redis.configs),
        "readReplicasMode": "READ_REPLICAS_ENABLED" if redis.read_endpoint else "READ_REPLICAS_DISABLED",
        "replicaCount": plan.replicas,
        "authorizedNetwork": f"projects/{place.project}/global/networks/{plans.network.name}",
        "connectMode": "PRIVATE_SERVICE_ACCESS",
        "reservedIpRange": plans.network.cache_range_name,
        "authEnabled": True,
        "transitEncryptionMode": _TLS,
        "customerManagedKey": f"{ring}/cryptoKeys/redis",
        "persistenceConfig": {
            "persistenceMode": "RDB",
            "rdbSnapshotPeriod": redis.snapshot_period,
            "rdbSnapshotStartTime": redis.snapshot_start,
        },
        "maintenancePolicy": {"weeklyMaintenanceWindow": [window]},
    }


def _instance(name: str, found: Mapping[str, Any]) -> CacheInstance:
    host, port = str(found.get("host", "")), int(found.get("port", 0))
    return CacheInstance(
        name=name,
        state=str(found["state"]),
        run=str(found.get("labels", {}).get(LABEL, "")),
        host=host,
        port=port,
        read_host=str(found.get("readEndpoint") or host),
        read_port=int(found.get("readEndpointPort") or port),
        certificates="\n".join(each["cert"] for each in found.get("serverCaCerts", ())),
    )
