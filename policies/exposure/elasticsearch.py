"""The way to Elastic Cloud: through a filter that lets in our own endpoint."""

import re
from collections.abc import Iterator, Sequence

from policies.exposure.reading import is_narrow
from policies.kit import Case, Node, Parameter, Resource, Severity, Stack, must_be, must_be_set, rule, stated
from policies.kit.types import ELASTIC_DEPLOYMENT, ELASTIC_FILTER, ELASTIC_FILTER_ASSOCIATION
from policies.kit.waiting import about_each, some_of

_ENDPOINT = "gcp_private_service_connect_endpoint"
_CONNECTION = re.compile(r"\d+")
_FILTER = (ELASTIC_FILTER, {"region": "gcp-asia-northeast1", "type": _ENDPOINT, "rules": [{"source": "1"}]})


def _deployment(**inputs: object) -> tuple[str, dict[str, object]]:
    return ELASTIC_DEPLOYMENT, {"region": "gcp-asia-northeast1", **inputs}


@rule(
    "els-traffic-filter",
    title="Every deployment of Elastic has a filter",
    severity=Severity.CRITICAL,
    types=[ELASTIC_DEPLOYMENT, ELASTIC_FILTER, ELASTIC_FILTER_ASSOCIATION],
    sources=["NIST 800-53: SC-7", "ES-SVC"],
    reason="a deployment without a traffic filter is open to the whole internet",
    fix="list the filter in the deployment's trafficFilters",
    good=[
        Case(stack={"filter": _FILTER, "deployment": _deployment(trafficFilters=["1"])}),
        Case(stack={"deployment": _deployment(), "filter": _FILTER, "both": (ELASTIC_FILTER_ASSOCIATION, {})}),
        Case(),
    ],
    bad=[
        Case(stack={"filter": _FILTER, "deployment": _deployment()}),
        Case(stack={"deployment": _deployment(trafficFilters=["made-elsewhere"])}),
        Case(stack={"filter": _FILTER, "deployment": _deployment(region="gcp-us-central1", trafficFilters=["1"])}),
    ],
)
def traffic_filter(stack: Stack) -> Iterator[tuple[Resource, str]]:
    filters = stack.of(ELASTIC_FILTER)
    associated = bool(stack.of(ELASTIC_FILTER_ASSOCIATION))

    def check(deployment: Resource) -> Iterator[tuple[Resource, str]]:
        if not deployment.has("trafficFilters") and not associated:
            yield deployment, "trafficFilters is not set"
        if not some_of(filters, lambda each: each.text("region") == deployment.text("region")):
            yield deployment, "no filter is declared in its region"

    yield from about_each(stack.of(ELASTIC_DEPLOYMENT), check)


@rule(
    "els-filter-rules",
    title="A filter of Elastic lets in our own endpoint only",
    severity=Severity.CRITICAL,
    types=[ELASTIC_FILTER],
    sources=["NIST 800-53: SC-7", "CONN"],
    reason="whoever a filter lets in reaches the sign-in of Elasticsearch and Kibana",
    fix="let programs come by the endpoint; for elasticsearch.kibanaRanges allow the type ip in this rule's parameter",
    parameters={
        "types": Parameter((_ENDPOINT,), "Types that a filter may have; ip lets in ranges of operators"),
        "prefix": Parameter(29, "Shortest prefix length in bits of a range that may be let in"),
    },
    good=[Case({"type": _ENDPOINT, "includeByDefault": False, "rules": [{"source": "12242527494068078"}]})],
    bad=[
        Case({"type": _ENDPOINT}),
        Case({"type": _ENDPOINT, "rules": [{}]}),
        Case({"type": _ENDPOINT, "rules": [{"source": "0.0.0.0/0"}]}),
        Case({"type": _ENDPOINT, "includeByDefault": True, "rules": [{"source": "1"}]}),
        Case({"type": "ip", "rules": [{"source": "0.0.0.0/0"}]}),
        Case({"type": "ip", "rules": [{"source": "203.0.113.8/32"}]}),
        Case({"rules": [{"source": "1"}]}),
    ],
)
def filter_rules(found: Resource, types: Sequence[str], prefix: int) -> Iterator[str]:
    yield from must_be(found, "type", *types)
    # A filter that is included by default is put on every deployment of the organisation.
    yield from must_be(found, "includeByDefault", False, None)
    yield from must_be_set(found, "rules")
    of_endpoint = found.get("type") == _ENDPOINT

    def check(entry: Node) -> Iterator[str]:
        if not entry.has("source"):
            yield f"{entry.where}.source is not set"
        elif of_endpoint and not _CONNECTION.fullmatch(entry.text("source")):
            yield stated(entry, "source", "the number of a connection")
        elif not of_endpoint and not is_narrow(entry.text("source"), prefix):
            yield stated(entry, "source", f"an address or a range of /{prefix} or narrower")

    yield from about_each(found.nodes("rules"), check)


_FOREIGN = ("trustAccounts", "trustExternals", "remoteClusters")
_ANONYMOUS = ("userSettingsJson", "userSettingsYaml", "userSettingsOverrideJson", "userSettingsOverrideYaml")


@rule(
    "els-no-trust",
    title="Elasticsearch trusts no other cluster and nobody without a sign-in",
    severity=Severity.HIGH,
    types=[ELASTIC_DEPLOYMENT],
    sources=["NIST 800-53: AC-3", "NIST 800-53: SC-7"],
    reason="a trusted cluster searches ours past the filter, and anonymous access needs no sign-in at all",
    fix="take the trust, the remote clusters or the anonymous user out of the deployment",
    good=[Case({"elasticsearch": {"config": {"plugins": ["analysis-icu"]}}})],
    bad=[
        Case({"elasticsearch": {"trustAccounts": [{"accountId": "1", "trustAll": True}]}}),
        Case({"elasticsearch": {"trustExternals": [{"relationshipId": "1", "trustAll": True}]}}),
        Case({"elasticsearch": {"remoteClusters": [{"deploymentId": "1"}]}}),
        Case({"elasticsearch": {"config": {"userSettingsYaml": "xpack.security.authc.anonymous.roles: viewer"}}}),
    ],
)
def no_trust(deployment: Resource) -> Iterator[str]:
    search = deployment.node("elasticsearch")
    yield from (f"{search.where}.{path} is set" for path in _FOREIGN if search.has(path))
    for path in _ANONYMOUS:
        if "anonymous" in search.text(f"config.{path}"):
            yield f"{search.where}.config.{path} lets in an anonymous user"
