"""Timescale Cloud: a service with a replica, that runs, behind its pooler."""

from collections.abc import Iterator

from policies.kit import Case, Parameter, Resource, Severity, must_be, must_reach, rule
from policies.kit.types import TIMESCALE_SERVICE

_SERVICE = {"haReplicas": 1, "paused": False, "connectionPoolerEnabled": True}


@rule(
    "tsd-ha",
    title="The Timescale service has a standby and is not paused",
    severity=Severity.HIGH,
    types=[TIMESCALE_SERVICE],
    sources=["NIST 800-53: CP-10", "TS-SVC"],
    reason="without a standby a lost machine stops the ingest until a new one is built; a paused service takes nothing",
    fix="set timescale.haReplicas in the stack file",
    parameters={"replicas": Parameter(1, "Standbys that a service needs")},
    good=[Case(_SERVICE), Case({"haReplicas": 1}), Case({"readReplicaSource": "service"})],
    bad=[Case({**_SERVICE, "haReplicas": 0}), Case({**_SERVICE, "paused": True}), Case({"paused": False})],
)
def ha(service: Resource, replicas: int) -> Iterator[str]:
    yield from must_be(service, "paused", False, None)
    if replicas and not service.has("readReplicaSource"):
        yield from must_reach(service, "haReplicas", replicas, "standbys")


@rule(
    "tsd-pooler",
    title="Clients reach Timescale through its connection pooler",
    severity=Severity.MEDIUM,
    types=[TIMESCALE_SERVICE],
    sources=["NIST 800-53: SC-5", "TS-SVC"],
    reason="writers that scale out use up the connections of a small service, and then nobody can write",
    fix="set timescale.connectionPooler: true in the stack file",
    good=[Case(_SERVICE)],
    bad=[Case({**_SERVICE, "connectionPoolerEnabled": False}), Case({"haReplicas": 1})],
)
def pooler(service: Resource) -> Iterator[str]:
    yield from must_be(service, "connectionPoolerEnabled", True)
