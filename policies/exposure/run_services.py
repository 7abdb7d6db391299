"""Services of Cloud Run: nobody on the internet reaches one, and one account alone may call it."""

from collections.abc import Iterator

from policies.exposure.members import is_own_account, member_path, members, project_of
from policies.kit import Case, Resource, Severity, must_be, rule, stated
from policies.kit.types import RUN_SERVICE, RUN_SERVICE_MEMBER

_INTERNAL = "INGRESS_TRAFFIC_INTERNAL_ONLY"


def _open(**inputs: object) -> Case:
    return Case({"ingress": _INTERNAL, **inputs})


@rule(
    "run-inside",
    title="Nobody outside of Google's network reaches a service, and nobody calls it without signing in",
    severity=Severity.CRITICAL,
    types=[RUN_SERVICE],
    sources=["NIST 800-53: SC-7", "NIST 800-53: AC-3", "CACHE-INV"],
    reason="left alone, a service is open to the internet; whoever calls the worker empties the caches",
    fix=f"set ingress to {_INTERNAL}, and keep invokerIamDisabled at false",
    good=[_open(), _open(invokerIamDisabled=False)],
    bad=[
        _open(ingress=None),
        _open(ingress="INGRESS_TRAFFIC_ALL"),
        _open(ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"),
        _open(invokerIamDisabled=True),
        Case({}),
    ],
)
def inside(service: Resource) -> Iterator[str]:
    yield from must_be(service, "ingress", _INTERNAL)
    yield from must_be(service, "invokerIamDisabled", False, None)


_CALLER = "serviceAccount:triptrip-prod-pusher@triptrip-prod.iam.gserviceaccount.com"


def _caller(**inputs: object) -> Case:
    return Case({"role": "roles/run.invoker", "member": _CALLER, **inputs}, provider={"project": "triptrip-prod"})


@rule(
    "run-callers",
    title="Services are called by this stack's service accounts, which may do nothing else with them",
    severity=Severity.HIGH,
    types=[RUN_SERVICE_MEMBER],
    sources=["NIST 800-53: AC-6", "NIST 800-53: AC-3"],
    reason="allUsers would let anybody empty the caches; who may change a service has its account's rights",
    fix="grant roles/run.invoker on the one service, to the account that signs its requests",
    good=[_caller()],
    bad=[
        _caller(role="roles/run.developer"),
        _caller(role="roles/run.admin"),
        _caller(role=None),
        _caller(member="allUsers"),
        _caller(member="allAuthenticatedUsers"),
        _caller(member="group:analysts@triptrip.jp"),
        _caller(member="serviceAccount:pusher@elsewhere.iam.gserviceaccount.com"),
        _caller(member=None),
    ],
)
def callers(grant: Resource) -> Iterator[str]:
    yield from must_be(grant, "role", "roles/run.invoker")
    named = members(grant)
    if not named or not all(is_own_account(member, project_of(grant)) for member in named):
        yield stated(grant, member_path(grant), "a service account of this project")
