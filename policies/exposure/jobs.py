"""Jobs and services of Cloud Run: which image they run, as whom, and what they reach."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from policies.exposure.members import is_own_address, project_of
from policies.exposure.reading import is_private
from policies.kit import Case, Node, Parameter, Resource, Severity, Stack, Undecided, must_be, rule, stated
from policies.kit.jobs import RUNS, containers, task_of
from policies.kit.references import declared
from policies.kit.types import (
    FIREWALL,
    NETWORK,
    RUN_JOB,
    RUN_SERVICE,
    SERVICE_ACCOUNT,
    SUBNETWORK,
)
from policies.kit.waiting import about_each, about_each_resource, fitting, some_of

_DIGEST = "0123456789abcdef" * 4
_OURS = f"asia-northeast1-docker.pkg.dev/triptrip-images/platform/schema@sha256:{_DIGEST}"
_IMAGE = re.compile(r"[a-z0-9-]+-docker\.pkg\.dev/([a-z0-9-]+)/[a-z0-9-]+/[a-z0-9._/-]+@sha256:[0-9a-f]{64}")


def _task(**inputs: object) -> dict[str, Any]:
    return {"template": {"template": inputs}}


def _runs(*images: object) -> Case:
    return Case(_task(containers=[{"image": image} for image in images]))


def _serving(**inputs: object) -> Case:
    return Case({"template": inputs}, RUN_SERVICE)


@rule(
    "run-image-digest",
    title="Jobs and services run images of the platform's registry by their digests only",
    severity=Severity.HIGH,
    types=RUNS,
    sources=["NIST 800-53: CM-7", "NIST 800-53: SI-7", "NIST 800-53: SR-11"],
    reason="a tag can be moved, and a job of the schema step may change every table: it runs what was reviewed",
    fix="set the image in the stack file to <image>@sha256:<64 hexadecimal digits> in the platform's registry",
    parameters={
        "registries": Parameter(("triptrip-images",), "Projects whose repositories hold images that may be run")
    },
    good=[_runs(_OURS), _serving(containers=[{"image": _OURS}])],
    bad=[
        _serving(containers=[{"image": _OURS}, {"image": _OURS.partition("@")[0]}]),
        _runs(_OURS.partition("@")[0] + ":latest"),
        _runs(_OURS[:-1]),
        _runs(_OURS.replace("triptrip-images", "elsewhere")),
        _runs(f"docker.io/library/alpine@sha256:{_DIGEST}"),
        _runs(_OURS, "alpine"),
        _runs(None),
        _runs(),
        Case({}),
    ],
)
def image_digest(run: Resource, registries: Sequence[str]) -> Iterator[str]:
    found = containers(run)
    if not found:
        yield f"{task_of(run)}.containers is not set"

    def check(container: Node) -> Iterator[str]:
        named = _IMAGE.fullmatch(container.text("image"))
        if not named or named[1] not in registries:
            yield stated(container, "image", f"an image of {' or '.join(registries)} by its digest")

    yield from about_each(found, check)


_ACCOUNT = (SERVICE_ACCOUNT, {"accountId": "triptrip-prod-migration"})
_ADDRESS = "triptrip-prod-migration@triptrip-prod.iam.gserviceaccount.com"


def _acting(email: object) -> Case:
    return Case(stack={"account": _ACCOUNT, "job": (RUN_JOB, _task(serviceAccount=email))})


@rule(
    "run-own-account",
    title="Jobs and services act as a service account of this stack",
    severity=Severity.HIGH,
    types=[*RUNS, SERVICE_ACCOUNT],
    sources=["NIST 800-53: AC-6"],
    reason="the default account may edit the whole project, and what has no account of its own acts as it",
    fix="name the program in schemas.program or invalidation.worker of the stack file",
    good=[
        _acting(_ADDRESS),
        Case(stack={"account": _ACCOUNT, "service": (RUN_SERVICE, {"template": {"serviceAccount": _ADDRESS}})}),
    ],
    bad=[
        Case(stack={"account": _ACCOUNT, "service": (RUN_SERVICE, {"template": {}})}),
        _acting("123456789012-compute@developer.gserviceaccount.com"),
        _acting(None),
        _acting("somebody@triptrip-prod.iam.gserviceaccount.com"),
        _acting("triptrip-prod-migration@elsewhere.example"),
        Case(stack={"job": (RUN_JOB, _task(serviceAccount=_ADDRESS))}),
        Case(stack={"account": _ACCOUNT, "job": (RUN_JOB, {})}),
    ],
)
def own_account(stack: Stack) -> Iterator[tuple[Resource, str]]:
    accounts = stack.of(SERVICE_ACCOUNT)

    def is_ours(run: Resource, path: str) -> bool:
        try:
            email = run.text(path)
        except Undecided:
            # An address is given by the cloud: until then it is that of the account which it depends on.
            if any(account.urn in run.dependencies for account in accounts):
                return True
            raise
        named = email.partition("@")[0]
        known = some_of(accounts, lambda account: account.text("accountId") == named)
        return known and is_own_address(email, project_of(run))

    def check(run: Resource) -> Iterator[tuple[Resource, str]]:
        path = f"{task_of(run)}.serviceAccount"
        if not is_ours(run, path):
            yield run, stated(run, path, "the address of a service account of this stack")

    yield from about_each(stack.of(*RUNS), check)


_TAG = "schema-job"
_SUBNET = "projects/p/regions/asia-northeast1/subnetworks/data"


def _network(**access: object) -> dict[str, Any]:
    interface = {"subnetwork": _SUBNET, "tags": [_TAG]}
    return _task(vpcAccess={"egress": "ALL_TRAFFIC", "networkInterfaces": [interface], **access})


@rule(
    "run-egress",
    title="Everything that a job or a service sends passes the platform's own network",
    severity=Severity.HIGH,
    types=RUNS,
    sources=["NIST 800-53: SC-7", "NIST 800-53: AC-4"],
    reason="what leaves past the network passes no firewall rule and leaves no flow log, and no store answers to it",
    fix="set vpcAccess.egress to ALL_TRAFFIC with a network interface in the platform's subnet",
    good=[Case(_network()), _serving(**_network()["template"]["template"])],
    bad=[
        Case({}),
        _serving(),
        Case(_network(egress="PRIVATE_RANGES_ONLY")),
        Case(_network(egress=None)),
        Case(_network(networkInterfaces=[])),
        Case(_network(networkInterfaces=[{"tags": [_TAG]}])),
        Case(_network(networkInterfaces=[], connector="projects/p/locations/r/connectors/c")),
    ],
)
def egress(run: Resource) -> Iterator[str]:
    access = run.node(f"{task_of(run)}.vpcAccess")
    yield from must_be(access, "egress", "ALL_TRAFFIC")
    interfaces = access.nodes("networkInterfaces")
    if not interfaces or not all(each.has("subnetwork") for each in interfaces):
        yield stated(access, "networkInterfaces", "interfaces in a subnet of this stack")


_DATA = "projects/p/global/networks/data"
_ELSEWHERE = "projects/p/global/networks/elsewhere"


def _denying(**inputs: object) -> tuple[str, dict[str, object]]:
    kept = {
        "network": _DATA,
        "direction": "EGRESS",
        "priority": 65534,
        "denies": [{"protocol": "all"}],
        "destinationRanges": ["0.0.0.0/0"],
        "targetTags": [_TAG],
    }
    return (FIREWALL, {**kept, **inputs})


def _walled(firewall: tuple[str, dict[str, object]], **access: object) -> Case:
    placed = {
        "network": (NETWORK, {"name": "data"}),
        "elsewhere": (NETWORK, {"name": "elsewhere"}),
        "subnet": (SUBNETWORK, {"name": "data", "network": _DATA}),
    }
    return Case(stack={**placed, "job": (RUN_JOB, _network(**access)), "deny": firewall})


def _interface(**inputs: object) -> dict[str, object]:
    return {"networkInterfaces": [{"tags": [_TAG], **inputs}]}


@rule(
    "run-egress-denied",
    title="The firewall refuses what no rule lets a job or a service send",
    severity=Severity.HIGH,
    types=[*RUNS, FIREWALL, NETWORK, SUBNETWORK],
    sources=["NIST 800-53: SC-7", "NIST 800-53: AC-4"],
    reason="Google lets everything out by itself: taken over, it would carry the stores' content anywhere",
    fix="give the interface a tag, and keep the firewall rule of its network that denies that tag all egress",
    good=[
        _walled(_denying()),
        _walled(_denying(), **_interface(network=_DATA)),
        Case(stack={"deny": _denying()}),
    ],
    bad=[
        Case(stack={"job": (RUN_JOB, _network())}),
        Case(stack={"service": (RUN_SERVICE, _network()["template"])}),
        _walled(_denying(direction="INGRESS")),
        _walled(_denying(direction=None)),
        _walled(_denying(denies=[{"protocol": "tcp"}])),
        _walled(_denying(denies=[{"protocol": "all", "ports": ["22"]}])),
        _walled(_denying(destinationRanges=["10.0.0.0/8"])),
        _walled(_denying(targetTags=["other"])),
        _walled(_denying(disabled=True)),
        _walled(_denying(network=_ELSEWHERE)),
        _walled(_denying(network=_ELSEWHERE), **_interface(network=_DATA, subnetwork=_SUBNET)),
        _walled(_denying(), **_interface(network=_ELSEWHERE)),
        _walled(_denying(network=None)),
        _walled(_denying(), networkInterfaces=[{"subnetwork": _SUBNET}]),
    ],
)
def egress_denied(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def check(run: Resource) -> Iterator[str]:
        for interface in run.nodes(f"{task_of(run)}.vpcAccess.networkInterfaces"):
            tags = interface.texts("tags")
            walls = fitting(stack.of(FIREWALL), lambda wall: _denies_all(wall, tags))  # noqa: B023 # asked at once
            around = _networks(stack, run, interface) if walls else set()
            if not some_of(walls, lambda wall: bool(_networks(stack, wall, wall) & around)):  # noqa: B023 # as above
                yield f"{interface.where}.tags: no firewall rule of its network refuses what they send elsewhere"

    yield from about_each_resource(stack.of(*RUNS), check)


def _networks(stack: Stack, user: Resource, place: Node) -> set[str]:
    """The stack's networks that a place of the user's is in, by their URNs: the one it names, else its subnet's."""
    if place.has("network"):
        return {each.urn for each in declared(stack, user, "network", NETWORK, inside=place)}
    subnets = declared(stack, user, "subnetwork", SUBNETWORK, inside=place)
    return {urn for subnet in subnets for urn in _networks(stack, subnet, subnet)}


def _denies_all(firewall: Resource, tags: Sequence[str]) -> bool:
    return (
        firewall.get("direction") == "EGRESS"
        and firewall.get("disabled") in (False, None)
        and "0.0.0.0/0" in firewall.texts("destinationRanges")
        and any(tag in tags for tag in firewall.texts("targetTags"))
        and any(deny.get("protocol") == "all" and not deny.has("ports") for deny in firewall.nodes("denies"))
    )


_MANY = "1024-65535"


def _letting(*ports: str, **inputs: object) -> Case:
    allows = [{"protocol": "tcp", "ports": list(ports)}]
    kept = {"direction": "EGRESS", "targetTags": [_TAG], "destinationRanges": ["10.20.0.0/20"], "allows": allows}
    return Case({**kept, **inputs}, FIREWALL)


def _letting_without(name: str) -> Case:
    return Case({path: value for path, value in _letting("443").inputs.items() if path != name}, FIREWALL)


@rule(
    "fw-egress",
    title="The firewall lets named programs out, by named ports",
    severity=Severity.MEDIUM,
    types=[FIREWALL],
    sources=["NIST 800-53: SC-7", "NIST 800-53: CM-7"],
    reason="a way out that is wider than the store behind it is a way for everything else as well",
    fix="name the tag, the range and the port of the store",
    parameters={"private": Parameter(("5432",), "Ports of stores that are never let out to the internet")},
    good=[
        _letting("5432"),
        _letting("1024-65535"),
        _letting("443", destinationRanges=["0.0.0.0/0"]),
        _letting("32741", destinationRanges=["0.0.0.0/0"]),
        Case({"direction": "INGRESS", "allows": [{"protocol": "all"}]}, FIREWALL),
        Case({"direction": "EGRESS", "denies": [{"protocol": "all"}]}, FIREWALL),
    ],
    bad=[
        *(_letting_without(name) for name in ("targetTags", "destinationRanges")),
        _letting(),
        _letting("443", allows=[{"protocol": "all"}]),
        _letting("443", allows=[{"protocol": "tcp"}]),
        _letting("0-65535"),
        _letting("1024-65535", destinationRanges=["0.0.0.0/0"]),
        _letting("5432", destinationRanges=["0.0.0.0/0"]),
        _letting("5432", destinationRanges=["0.0.0.0/0", "10.0.0.0/8"], allows=[{"ports": ["5432"]}]),
        _letting("5432", destinationRanges=["0.0.0.0/1", "128.0.0.0/1"]),
        _letting("5432", destinationRanges=["::/0"]),
        _letting("5432", destinationRanges=["10.0.0.0/7"]),
        _letting("5432", destinationRanges=["everybody"]),
        _letting("1024-65535", destinationRanges=["34.0.0.0/8"]),
        _letting("1024-65535", destinationRanges=["10.20.0.0/20", "34.84.0.1/32"]),
    ],
)
def let_out(firewall: Resource, private: Sequence[str]) -> Iterator[str]:
    if firewall.get("direction") != "EGRESS" or not firewall.has("allows"):
        return
    yield from (f"{path} is not set" for path in ("targetTags", "destinationRanges") if not firewall.has(path))
    public = not all(is_private(each) for each in firewall.texts("destinationRanges"))

    def check(allow: Node) -> Iterator[str]:
        yield from must_be(allow, "protocol", "tcp", "udp")
        ports = allow.texts("ports")
        wide = [port for port in ports if "-" in port and (public or port != _MANY)]
        if not ports or wide:
            yield stated(allow, "ports", "single ports" if public else f"single ports, or {_MANY}")
        if public and any(port in private for port in ports):
            yield f"{allow.where}.ports is {allow.shown('ports')}, which is let out to the internet"

    yield from about_each(firewall.nodes("allows"), check)
