"""Services of Cloud Run: some instance always runs, never too many, and a sick one is found out."""

from collections.abc import Iterator, Mapping

from policies.kit import Case, Node, Parameter, Resource, Severity, Stack, rule, stated
from policies.kit.jobs import containers
from policies.kit.types import RUN_SERVICE, SUBSCRIPTION
from policies.kit.waiting import about_each, about_each_resource, some_of


def _scaled(least: object, most: object) -> Case:
    return Case({"template": {"scaling": {"minInstanceCount": least, "maxInstanceCount": most}}})


@rule(
    "run-instances",
    title="A service always has an instance that runs, and a bound on how many",
    severity=Severity.MEDIUM,
    types=[RUN_SERVICE],
    sources=["NIST 800-53: SC-5", "NIST 800-53: CP-10", "CACHE-INV"],
    reason="without an instance the first event waits for one to start; without a bound a flood of events is paid for",
    fix="set invalidation.service.instances in the stack file",
    parameters={
        "least": Parameter(1, "Instances that must always run"),
        "most": Parameter(20, "Instances that may run at most"),
    },
    good=[_scaled(1, 20), _scaled(2, 10)],
    bad=[_scaled(0, 10), _scaled(None, 10), _scaled(1, None), _scaled(1, 21), Case({})],
)
def instances(service: Resource, least: int, most: int) -> Iterator[str]:
    scaling = service.node("template.scaling")
    if (scaling.number("minInstanceCount") or 0) < least:
        yield stated(scaling, "minInstanceCount", f"at least {least}")
    bound = scaling.number("maxInstanceCount")
    if bound is None or bound > most:
        yield stated(scaling, "maxInstanceCount", f"at most {most}")


_PORT = {"containerPort": 8080}
_ASKED = {"startupProbe": {"httpGet": {"path": "/readyz"}}, "livenessProbe": {"httpGet": {"path": "/healthz"}}}
_ALWAYS = {"resources": {"cpuIdle": False}}


def _holding(*found: Mapping[str, object]) -> Case:
    return Case({"template": {"containers": [dict(each) for each in found]}})


@rule(
    "run-probes",
    title="A service is asked whether it is ready, and whether it still answers",
    severity=Severity.MEDIUM,
    types=[RUN_SERVICE],
    sources=["NIST 800-53: SI-13", "CACHE-INV"],
    reason="Cloud Run's own question is whether a port is open: a revision without the cache would take every event",
    fix="give the container with the port a startupProbe and a livenessProbe by httpGet",
    good=[_holding({"ports": _PORT, **_ASKED}), _holding({"ports": _PORT, **_ASKED}, {"name": "collector"})],
    bad=[
        _holding({"ports": _PORT}),
        _holding({"ports": _PORT, "startupProbe": _ASKED["startupProbe"]}),
        _holding({"ports": _PORT, **_ASKED, "livenessProbe": {"tcpSocket": _PORT}}),
        _holding({"name": "collector"}),
        Case({}),
    ],
)
def probes(service: Resource) -> Iterator[str]:
    asked = [each for each in containers(service) if each.has("ports")]
    if not asked:
        yield "template.containers has none with a port"

    def check(container: Node) -> Iterator[str]:
        for name in ("startupProbe", "livenessProbe"):
            if not container.has(f"{name}.httpGet.path"):
                yield stated(container, name, "a request by HTTP")

    yield from about_each(asked, check)


@rule(
    "run-processor-stays",
    title="Containers of a service keep their processor between requests",
    severity=Severity.LOW,
    types=[RUN_SERVICE],
    sources=["CACHE-INV"],
    reason="the CDN is purged a second time after the answer, and figures are taken between requests: asleep, neither",
    fix="set resources.cpuIdle to false",
    good=[_holding(_ALWAYS, _ALWAYS)],
    bad=[_holding(_ALWAYS, {"resources": {"cpuIdle": True}}), _holding({})],
)
def processor_stays(service: Resource) -> Iterator[str]:
    def check(container: Node) -> Iterator[str]:
        if container.get("resources.cpuIdle") is not False:
            yield stated(container, "resources.cpuIdle", "false")

    yield from about_each(containers(service), check)


_AUDIENCE = "https://invalidator.prod.triptrip.internal"


def _posted(audience: object, *expected: object) -> Case:
    token = {"oidcToken": {"audience": audience}} if audience else {}
    return Case(
        stack={
            "service": (RUN_SERVICE, {"customAudiences": list(expected)}),
            "subscription": (SUBSCRIPTION, {"pushConfig": {"pushEndpoint": "https://w.a.run.app", **token}}),
        }
    )


@rule(
    "run-posted-to",
    title="Events are posted to a service for an audience that it expects",
    severity=Severity.HIGH,
    types=[RUN_SERVICE, SUBSCRIPTION],
    sources=["NIST 800-53: IA-2", "CACHE-INV"],
    reason="a service that nobody posts to, or that refuses every token, empties no cache: its events are put aside",
    fix="keep delivery: push, and the audience of the subscription among customAudiences of the service",
    good=[_posted(_AUDIENCE, _AUDIENCE), Case(stack={"subscription": (SUBSCRIPTION, {"topic": "t"})})],
    bad=[
        _posted(_AUDIENCE),
        _posted(_AUDIENCE, "https://elsewhere.example"),
        _posted(None, _AUDIENCE),
        Case(stack={"service": (RUN_SERVICE, {"customAudiences": [_AUDIENCE]})}),
        Case(stack={"service": (RUN_SERVICE, {})}),
    ],
)
def posted_to(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def check(service: Resource) -> Iterator[str]:
        expected = service.texts("customAudiences")
        posting = stack.of(SUBSCRIPTION)
        if not some_of(posting, lambda each: each.text("pushConfig.oidcToken.audience") in expected):
            yield stated(service, "customAudiences", "the audience of a subscription that posts to it")

    yield from about_each_resource(stack.of(RUN_SERVICE), check)
