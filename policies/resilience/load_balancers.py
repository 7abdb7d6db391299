"""Load balancers inside the network: they send to machines that answer, and let connections end."""

from collections.abc import Iterator

from policies.kit import (
    Case,
    Node,
    Parameter,
    Resource,
    Severity,
    Stack,
    must_be,
    must_be_set,
    must_reach,
    rule,
    stated,
)
from policies.kit.references import declared
from policies.kit.types import HEALTH_CHECK, REGION_BACKEND_SERVICE, REGION_HEALTH_CHECK
from policies.kit.waiting import about_each, all_of

_CHECK = "projects/p/regions/asia-northeast1/healthChecks/pooler"
_BACKEND = {"backends": [{"group": "pooler", "balancingMode": "CONNECTION"}], "healthChecks": _CHECK}


def _backend(**changed: object) -> Case:
    return Case(
        stack={
            "check": (REGION_HEALTH_CHECK, {"name": "pooler"}),
            "backend": (REGION_BACKEND_SERVICE, {**_BACKEND, **changed}),
        }
    )


@rule(
    "lb-checked",
    title="A load balancer has machines behind it, and asks them by a health check of this stack",
    severity=Severity.HIGH,
    types=[REGION_BACKEND_SERVICE, REGION_HEALTH_CHECK, HEALTH_CHECK],
    sources=["NIST 800-53: CP-10", "NIST 800-53: SI-13", "PG-POOL"],
    reason="without a check connections are sent to machines that are gone, and half of the clients wait in vain",
    fix="name the group in backends, and a health check that is declared here in healthChecks",
    good=[_backend(), _backend(healthChecks=[_CHECK])],
    bad=[
        _backend(healthChecks=None),
        _backend(healthChecks=f"{_CHECK}-other"),
        _backend(backends=[]),
        _backend(backends=[{"balancingMode": "CONNECTION"}]),
        Case(stack={"backend": (REGION_BACKEND_SERVICE, _BACKEND)}),
    ],
)
def checked(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def asked(backend: Resource) -> Iterator[str]:
        if not declared(stack, backend, "healthChecks", REGION_HEALTH_CHECK, HEALTH_CHECK):
            yield stated(backend, "healthChecks", "a health check of this stack")

    def sent_to(backend: Resource) -> Iterator[str]:
        groups = backend.nodes("backends")
        if not groups:
            yield "backends is not set"

        def named(group: Node) -> Iterator[str]:
            yield from must_be_set(group, "group")

        yield from about_each(groups, named)

    def check(backend: Resource) -> Iterator[tuple[Resource, str]]:
        yield from ((backend, message) for message in all_of(asked(backend), sent_to(backend)))

    yield from about_each(stack.of(REGION_BACKEND_SERVICE), check)


_PROBES = ("tcpHealthCheck", "sslHealthCheck", "httpHealthCheck", "httpsHealthCheck", "http2HealthCheck")
_ASKING = {
    "checkIntervalSec": 5,
    "timeoutSec": 3,
    "healthyThreshold": 2,
    "unhealthyThreshold": 2,
    "tcpHealthCheck": {"port": 6432},
    "logConfig": {"enable": True},
}


def _asking(**changed: object) -> Case:
    return Case({**_ASKING, **changed}, REGION_HEALTH_CHECK)


@rule(
    "hc-soon",
    title="A health check finds out soon, by asking the service itself, and its findings are recorded",
    severity=Severity.MEDIUM,
    types=[REGION_HEALTH_CHECK],
    sources=["NIST 800-53: SI-13", "NIST 800-53: AU-12", "PG-POOL"],
    reason="until a machine is known to be gone every other client is sent to it; unrecorded, nobody knows why it went",
    fix="state checkIntervalSec, timeoutSec, both thresholds, the port that is asked, and logConfig.enable: true",
    parameters={
        "out_seconds": Parameter(60, "Time in which a machine that does not answer is found out, in seconds, at most"),
        "in_seconds": Parameter(60, "Time in which one that answers again is used, in seconds, at most"),
    },
    good=[
        _asking(),
        _asking(unhealthyThreshold=10),
        _asking(tcpHealthCheck=None, httpHealthCheck={"port": 8080, "requestPath": "/healthz"}),
    ],
    bad=[
        *(Case({name: _ASKING[name] for name in _ASKING if name != each}) for each in _ASKING),
        _asking(unhealthyThreshold=20),
        _asking(healthyThreshold=20),
        _asking(checkIntervalSec=60),
        _asking(timeoutSec=10),
        _asking(tcpHealthCheck={}),
        _asking(tcpHealthCheck=None, httpHealthCheck={"requestPath": "/"}),
        _asking(logConfig={"enable": False}),
    ],
)
def soon(health: Resource, out_seconds: int, in_seconds: int) -> Iterator[str]:
    def within(threshold: str, most: int) -> Iterator[str]:
        interval, times = health.number("checkIntervalSec"), health.number(threshold)
        if not interval or not times or interval * times > most:
            shown = f"{health.shown('checkIntervalSec')} seconds × {threshold} {health.shown(threshold)}"
            yield f"{shown} must be stated, {most} seconds at most"

    def answered() -> Iterator[str]:
        interval, timeout = health.number("checkIntervalSec"), health.number("timeoutSec")
        if timeout is None or timeout > (interval or 0):
            yield stated(health, "timeoutSec", "stated, and no more than checkIntervalSec")

    def of_the_service() -> Iterator[str]:
        if not any(health.number(f"{probe}.port") for probe in _PROBES):
            yield f"none of {', '.join(_PROBES)} names a port"

    yield from all_of(
        within("unhealthyThreshold", out_seconds),
        within("healthyThreshold", in_seconds),
        answered(),
        of_the_service(),
        must_be(health, "logConfig.enable", True),
    )


@rule(
    "lb-draining",
    title="A load balancer lets connections end before it lets a machine go",
    severity=Severity.MEDIUM,
    types=[REGION_BACKEND_SERVICE],
    sources=["NIST 800-53: CP-10", "PG-POOL"],
    reason="without that time every update of the machines cuts transactions off in the middle",
    fix="set connectionDrainingTimeoutSec",
    parameters={"drain_seconds": Parameter(30, "Time that connections have to end, in seconds, at least")},
    good=[Case({"connectionDrainingTimeoutSec": 300}), Case({"connectionDrainingTimeoutSec": 30})],
    bad=[Case({"connectionDrainingTimeoutSec": 10}), Case({"connectionDrainingTimeoutSec": 0}), Case({})],
)
def draining(backend: Resource, drain_seconds: int) -> Iterator[str]:
    yield from must_reach(backend, "connectionDrainingTimeoutSec", drain_seconds, "seconds")
