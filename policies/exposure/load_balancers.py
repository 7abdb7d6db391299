"""Load balancers inside the network: nobody outside reaches them, and what they pass on is named and recorded."""

from collections.abc import Iterator, Sequence

from policies.kit import Case, Parameter, Resource, Severity, Stack, must_be, rule, stated
from policies.kit.references import declared
from policies.kit.types import FORWARDING_RULE, REGION_BACKEND_SERVICE
from policies.kit.waiting import about_each, all_of

_INSIDE = ("INTERNAL", "INTERNAL_MANAGED")


@rule(
    "lb-internal",
    title="Regional load balancers are internal",
    severity=Severity.HIGH,
    types=[REGION_BACKEND_SERVICE],
    sources=["NIST 800-53: SC-7", "CON-GCP"],
    reason="an external one hands the internet straight to the machines that hold the stores' passwords",
    fix="set loadBalancingScheme to INTERNAL",
    good=[Case({"loadBalancingScheme": "INTERNAL"}), Case({"loadBalancingScheme": "INTERNAL_MANAGED"})],
    bad=[
        Case({"loadBalancingScheme": "EXTERNAL"}),
        Case({"loadBalancingScheme": "EXTERNAL_MANAGED"}),
        Case({}),
    ],
)
def internal(backend: Resource) -> Iterator[str]:
    yield from must_be(backend, "loadBalancingScheme", *_INSIDE)


_BACKEND = "projects/p/regions/asia-northeast1/backendServices/pooler"
_RULE = {"loadBalancingScheme": "INTERNAL", "ipProtocol": "TCP", "ports": ["6432"], "backendService": _BACKEND}


def _front(**inputs: object) -> Case:
    backend = (REGION_BACKEND_SERVICE, {"name": "pooler", "loadBalancingScheme": "INTERNAL"})
    return Case(stack={"backend": backend, "front": (FORWARDING_RULE, {**_RULE, **inputs})})


@rule(
    "lb-ports",
    title="Internal load balancers pass on named ports, to backends of this stack",
    severity=Severity.MEDIUM,
    types=[FORWARDING_RULE, REGION_BACKEND_SERVICE],
    sources=["NIST 800-53: SC-7", "NIST 800-53: CM-7"],
    reason="a rule for every port opens whatever a machine listens on by accident to the whole network",
    fix="set ports to those of the service, and backendService to a backend service of this stack",
    parameters={"passed": Parameter(("6432", "6433"), "Ports that may be passed on: the pooler's writes and reads")},
    good=[
        _front(),
        _front(ports=["6433"]),
        Case(stack={"front": (FORWARDING_RULE, {"loadBalancingScheme": "", "target": "a"})}),
    ],
    bad=[
        _front(ports=["5432"]),
        _front(ports=["6432", "22"]),
        _front(ports=[]),
        _front(ports=None, allPorts=True),
        _front(allPorts=True),
        _front(ports=None, portRange="1-65535"),
        _front(ipProtocol="UDP"),
        _front(ipProtocol="L3_DEFAULT"),
        _front(backendService=None),
        _front(backendService=f"{_BACKEND}-other"),
    ],
)
def ports(stack: Stack, passed: Sequence[str]) -> Iterator[tuple[Resource, str]]:
    def named(front: Resource) -> Iterator[str]:
        found = front.texts("ports")
        if not found or not all(each in passed for each in found):
            yield stated(front, "ports", f"among {', '.join(passed)}")

    def known(front: Resource) -> Iterator[str]:
        if not declared(stack, front, "backendService", REGION_BACKEND_SERVICE):
            yield stated(front, "backendService", "a backend service of this stack")

    def check(front: Resource) -> Iterator[tuple[Resource, str]]:
        if front.get("loadBalancingScheme") in _INSIDE:
            parts = (named(front), known(front), *(must_be(front, path, *ok) for path, ok in _STATED.items()))
            yield from ((front, message) for message in all_of(*parts))

    yield from about_each(stack.of(FORWARDING_RULE), check)


_STATED = {"ipProtocol": ("TCP", None), "allPorts": (False, None), "portRange": ("", None)}


@rule(
    "lb-logs",
    title="Regional load balancers record connections",
    severity=Severity.MEDIUM,
    types=[REGION_BACKEND_SERVICE],
    sources=["NIST 800-53: AU-12", "NIST 800-53: SI-4"],
    reason="without a record nobody can tell who reached the database at night, and from where",
    fix="set logConfig.enable to true; sampleRate left out is every connection",
    parameters={"sampled": Parameter(10, "Per cent of the connections that are recorded at least")},
    good=[Case({"logConfig": {"enable": True}}), Case({"logConfig": {"enable": True, "sampleRate": 0.5}})],
    bad=[
        Case({}),
        Case({"logConfig": {"enable": False}}),
        Case({"logConfig": {}}),
        Case({"logConfig": {"enable": True, "sampleRate": 0}}),
        Case({"logConfig": {"enable": True, "sampleRate": 0.05}}),
        Case({"logConfig": {"enable": True, "sampleRate": "often"}}),
    ],
)
def logs(backend: Resource, sampled: int) -> Iterator[str]:
    yield from must_be(backend, "logConfig.enable", True)
    rate = backend.number("logConfig.sampleRate")
    if backend.has("logConfig.sampleRate") and (rate is None or not sampled / 100 <= rate <= 1):
        yield stated(backend, "logConfig.sampleRate", f"{sampled / 100:g} to 1, or not set")
