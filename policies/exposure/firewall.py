"""The firewall of the private network: it lets in what is named, logs it, and refuses the rest."""

from collections.abc import Iterator, Sequence

from policies.exposure.reading import is_within
from policies.kit import Case, Node, Parameter, Resource, Severity, Stack, last_part, must_be, rule, stated
from policies.kit.types import FIREWALL, NETWORK, SUBNETWORK
from policies.kit.waiting import about_each, about_each_resource, all_of, some_of

_HEALTH_CHECKS = ("35.191.0.0/16", "130.211.0.0/22")
_PROXY = ("35.235.240.0/20",)
_LAST_PRIORITY = 65534
_PORT_OF_SIGN_IN = "22"
_PORTS_OF_THE_POOLER = ("6432", "6433")


_ALLOW = {
    "direction": "INGRESS",
    "allows": [{"protocol": "tcp", "ports": ["22"]}],
    "sourceRanges": list(_PROXY),
    "targetTags": ["iap-ssh"],
}


def _allow(**inputs: object) -> Case:
    return Case({**_ALLOW, **inputs}, FIREWALL)


_OWN = "10.20.0.0/20"


def _clients(*sources: str) -> Case:
    inputs = {**_ALLOW, "allows": [{"protocol": "tcp", "ports": ["6432"]}], "sourceRanges": list(sources)}
    subnets = {each: (SUBNETWORK, {"ipCidrRange": each}) for each in (_OWN, "10.21.0.0/20")}
    return Case(stack={**subnets, "clients": (FIREWALL, {**inputs, "targetTags": ["pooler"]})})


def _allow_without(name: str) -> Case:
    return Case({path: value for path, value in _ALLOW.items() if path != name}, FIREWALL)


@rule(
    "fw-no-open",
    title="The firewall lets in named ranges and the stack's own subnets only, to named machines",
    severity=Severity.CRITICAL,
    types=[FIREWALL, SUBNETWORK],
    sources=[
        "CIS GCP 5.0: 3.6",
        "CIS GCP 5.0: 3.7",
        "NIST 800-53: SC-7",
        "CKV_GCP_2",
        "CKV_GCP_3",
        "trivy GCP-0027",
        "trivy GCP-0071",
    ],
    reason="a rule for everybody, or for every machine, opens whatever is put into the network later",
    fix="set the rule's source_ranges and target_tags in infra/catalog/firewall.yaml",
    parameters={
        "sources": Parameter((*_HEALTH_CHECKS, *_PROXY), "Ranges that may be let in: Google's checks and its SSH proxy")
    },
    good=[
        _allow(),
        _allow(sourceRanges=list(_HEALTH_CHECKS), allows=[{"protocol": "tcp"}]),
        _allow(sourceRanges=None, sourceServiceAccounts=["a@p.iam.gserviceaccount.com"]),
        Case({"direction": "INGRESS", "denies": [{"protocol": "all"}], "sourceRanges": ["0.0.0.0/0"]}, FIREWALL),
        _clients("10.20.0.0/20"),
        _clients("10.20.4.0/24", _OWN, "10.21.0.0/20"),
    ],
    bad=[
        _clients("10.20.0.0/20", "10.22.0.0/20"),
        _clients("10.0.0.0/8"),
        _clients("0.0.0.0/0"),
        _clients("fd20::/20"),
        _clients("everybody"),
        _allow(sourceRanges=["0.0.0.0/0"]),
        _allow(sourceRanges=["::/0"]),
        _allow(sourceRanges=["10.0.0.0/8"]),
        _allow(sourceRanges=[*_PROXY, "203.0.113.0/24"]),
        _allow_without("sourceRanges"),
        _allow_without("targetTags"),
        _allow(direction="SIDEWAYS"),
        _allow(direction=None, sourceRanges=["0.0.0.0/0"]),
    ],
)
def no_open(stack: Stack, sources: Sequence[str]) -> Iterator[tuple[Resource, str]]:
    subnets = stack.of(SUBNETWORK)

    def is_known(source: str) -> bool:
        return source in sources or some_of(subnets, lambda subnet: is_within(source, subnet.text("ipCidrRange")))

    def named(firewall: Resource) -> Iterator[str]:
        ranges = firewall.texts("sourceRanges")
        if not ranges and not any(firewall.has(path) for path in ("sourceTags", "sourceServiceAccounts")):
            yield "no source is set, so that everybody is let in"
        if not all(map(is_known, ranges)):
            yield stated(firewall, "sourceRanges", f"among {', '.join(sources)} and the subnets of this stack")

    def targeted(firewall: Resource) -> Iterator[str]:
        if not any(firewall.has(path) for path in ("targetTags", "targetServiceAccounts")):
            yield "no target is set, so that the rule holds for every machine"

    def check(firewall: Resource) -> Iterator[str]:
        yield from must_be(firewall, "direction", "INGRESS", "EGRESS", None)
        if _lets_in(firewall):
            yield from all_of(named(firewall), targeted(firewall))

    yield from about_each_resource(stack.of(FIREWALL), check)


def _lets_in(firewall: Resource) -> bool:
    return firewall.get("direction") != "EGRESS" and firewall.has("allows")


@rule(
    "fw-ports",
    title="The firewall lets in named ports only",
    severity=Severity.HIGH,
    types=[FIREWALL],
    sources=["CIS GCP 5.0: 3.6", "NIST 800-53: SC-7", "NIST 800-53: CM-7", "trivy GCP-0072"],
    reason="a rule for every port opens what a machine listens on by accident",
    fix="set the rule's ports in infra/catalog/firewall.yaml",
    parameters={
        "every_port": Parameter(_HEALTH_CHECKS, "Ranges that may reach every port: a health check asks the served one"),
        "named": Parameter(
            (_PORT_OF_SIGN_IN, *_PORTS_OF_THE_POOLER),
            "Ports that may be let in elsewhere: sign-in, and the pooler's own",
        ),
        "sign_in_from": Parameter(_PROXY, "Ranges that may reach port 22"),
    },
    good=[
        _allow(),
        _allow(sourceRanges=list(_HEALTH_CHECKS), allows=[{"protocol": "tcp", "ports": []}]),
        _allow(sourceRanges=[_OWN], allows=[{"protocol": "tcp", "ports": ["6432", "6433"]}]),
    ],
    bad=[
        _allow(allows=[{"protocol": "all"}]),
        _allow(allows=[{"protocol": "tcp", "ports": []}]),
        _allow(allows=[{"protocol": "tcp"}]),
        _allow(allows=[{"protocol": "tcp", "ports": ["22", "1-65535"]}]),
        _allow(allows=[{"protocol": "tcp", "ports": ["5432"]}]),
        _allow(allows=[{"ports": ["22"]}]),
        _allow(sourceRanges=list(_HEALTH_CHECKS)),
        _allow(sourceRanges=[_OWN]),
        _allow(sourceRanges=[_OWN], allows=[{"protocol": "tcp", "ports": ["6432", "22"]}]),
        _allow(sourceRanges=[_OWN], allows=[{"protocol": "tcp", "ports": ["6400-6500"]}]),
    ],
)
def ports(
    firewall: Resource, every_port: Sequence[str], named: Sequence[str], sign_in_from: Sequence[str]
) -> Iterator[str]:
    if not _lets_in(firewall):
        return
    ranges = firewall.texts("sourceRanges")
    checks = bool(ranges) and all(each in every_port for each in ranges)
    proxy = bool(ranges) and all(each in sign_in_from for each in ranges)

    def check(allow: Node) -> Iterator[str]:
        yield from must_be(allow, "protocol", "tcp", "udp")
        found = allow.texts("ports")
        if not found and not checks:
            yield f"{allow.where}.ports is not set"
        if not all(each in named for each in found):
            yield stated(allow, "ports", f"among {', '.join(named)}")
        if _PORT_OF_SIGN_IN in found and not proxy:
            yield f"{allow.where} opens port 22 to others than Google's proxy"

    yield from about_each(firewall.nodes("allows"), check)


@rule(
    "fw-logs",
    title="The firewall records what it lets in and refuses",
    severity=Severity.MEDIUM,
    types=[FIREWALL],
    sources=["NIST 800-53: AU-12", "NIST 800-53: SI-4"],
    reason="an attempt that was refused and not recorded warns nobody",
    fix="set logConfig.metadata to INCLUDE_ALL_METADATA",
    good=[Case({"logConfig": {"metadata": "INCLUDE_ALL_METADATA"}})],
    bad=[Case({}), Case({"logConfig": {"metadata": "EXCLUDE_ALL_METADATA"}}), Case({"logConfig": {}})],
)
def logs(firewall: Resource) -> Iterator[str]:
    yield from must_be(firewall, "logConfig.metadata", "INCLUDE_ALL_METADATA")


def _denying(**inputs: object) -> Case:
    kept = {
        "network": "projects/p/global/networks/data",
        "direction": "INGRESS",
        "priority": _LAST_PRIORITY,
        "denies": [{"protocol": "all"}],
        "sourceRanges": ["0.0.0.0/0"],
    }
    return Case(stack={"network": (NETWORK, {"name": "data"}), "deny": (FIREWALL, {**kept, **inputs})})


@rule(
    "fw-default-deny",
    title="The firewall refuses what no rule lets in, and says so",
    severity=Severity.HIGH,
    types=[NETWORK, FIREWALL],
    sources=["NIST 800-53: SC-7", "NIST 800-53: AU-12"],
    reason="Google's own last rule refuses too, but in silence: a rule of our own is what records it",
    fix="keep deny-ingress in infra/catalog/firewall.yaml",
    good=[_denying(), Case()],
    bad=[
        Case(stack={"network": (NETWORK, {"name": "data"})}),
        _denying(network="projects/p/global/networks/other"),
        _denying(disabled=True),
        _denying(direction="EGRESS"),
        _denying(denies=[{"protocol": "udp"}]),
        _denying(denies=[{"protocol": "all", "ports": ["22"]}]),
        _denying(denies=[]),
        _denying(sourceRanges=["10.0.0.0/8"]),
        _denying(priority=1000),
        _denying(priority=131069),
        _denying(targetTags=["some"]),
    ],
)
def default_deny(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def check(network: Resource) -> Iterator[tuple[Resource, str]]:
        def refuses_here(firewall: Resource) -> bool:
            return _denies_all(firewall) and last_part(firewall.text("network")) == network.text("name")

        if not some_of(stack.of(FIREWALL), refuses_here):
            yield network, f"no firewall rule of priority {_LAST_PRIORITY} refuses everything else"

    yield from about_each(stack.of(NETWORK), check)


def _denies_all(firewall: Resource) -> bool:
    return (
        firewall.get("direction") in ("INGRESS", None)
        and firewall.get("priority") == _LAST_PRIORITY
        and firewall.get("disabled") in (False, None)
        and not any(firewall.has(path) for path in ("targetTags", "targetServiceAccounts", "sourceTags"))
        and "0.0.0.0/0" in firewall.texts("sourceRanges")
        and any(deny.get("protocol") == "all" and not deny.has("ports") for deny in firewall.nodes("denies"))
    )
