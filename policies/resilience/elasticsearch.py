"""Elastic Cloud: deployments over enough zones, in a supported version, with a size that is stated."""

from collections.abc import Iterator

from policies.kit import Case, Node, Parameter, Resource, Severity, must_be, must_be_set, must_reach, rule
from policies.kit.types import ELASTIC_DEPLOYMENT
from policies.resilience.reading import version


def _hot(autoscale: object = False, **hot: object) -> dict[str, object]:
    return {"elasticsearch": {"autoscale": autoscale, "hot": {"size": "8g", "zoneCount": 3, "autoscaling": {}, **hot}}}


@rule(
    "els-zones",
    title="Elasticsearch holds its data in enough zones",
    severity=Severity.HIGH,
    types=[ELASTIC_DEPLOYMENT],
    sources=["NIST 800-53: CP-10", "TGT-SEARCH-SLA", "ES-SVC"],
    reason="in fewer than three zones the loss of one leaves no majority of masters, and no search",
    fix="set elasticsearch.hot.zones in the stack file",
    parameters={"zones": Parameter(3, "Zones that the hot tier needs")},
    good=[Case(_hot())],
    bad=[Case(_hot(zoneCount=1)), Case(_hot(zoneCount=None)), Case({"elasticsearch": {}})],
)
def zones(deployment: Resource, zones: int) -> Iterator[str]:
    yield from must_reach(deployment, "elasticsearch.hot.zoneCount", zones, "zones")


@rule(
    "els-version",
    title="Elasticsearch runs a supported version",
    severity=Severity.MEDIUM,
    types=[ELASTIC_DEPLOYMENT],
    sources=["NIST 800-53: SI-2", "ES-SVC"],
    reason="an old version gets no fixes, and cannot be upgraded past the next major version in one step",
    fix="raise elasticsearch.version in the stack file",
    parameters={"oldest": Parameter("8.19.0", "Oldest version of Elasticsearch that is allowed")},
    good=[Case({"version": "8.19.21"}), Case({"version": "9.2.0"})],
    bad=[Case({"version": "8.11.4"}), Case({"version": "latest"}), Case({})],
)
def version_floor(deployment: Resource, oldest: str) -> Iterator[str]:
    if version(deployment.text("version")) < version(oldest):
        yield f"version is {deployment.shown('version')}; at least {oldest} is needed"


@rule(
    "els-autoscale",
    title="Elasticsearch states whether it grows by itself, and how far or how large it is",
    severity=Severity.MEDIUM,
    types=[ELASTIC_DEPLOYMENT],
    sources=["NIST 800-53: SC-5", "COST-Y3", "WL-SEARCH"],
    reason="a deployment that grows without a largest size costs without end; one without a size gets the template's",
    fix="set elasticsearch.hot.size in the stack file, or autoscaling.maxSize of every tier where autoscale is true",
    parameters={"least_gb": Parameter(8, "Least memory of the hot tier in a zone, in GB")},
    good=[Case(_hot()), Case(_hot(autoscale=True, autoscaling={"maxSize": "16g"}))],
    bad=[
        Case(_hot(autoscale=True)),
        Case(_hot(autoscale=None)),
        Case(_hot(size="1g")),
        Case(_hot(size=None)),
        Case(_hot(size="8192m")),
    ],
)
def autoscale(deployment: Resource, least_gb: int) -> Iterator[str]:
    elasticsearch = deployment.node("elasticsearch")
    yield from must_be(elasticsearch, "autoscale", True, False)
    if elasticsearch.get("autoscale"):
        yield from _bounded(elasticsearch)
    size = elasticsearch.text("hot.size")
    if not size.endswith("g") or (version(size) or (0,))[0] < least_gb:
        yield f"elasticsearch.hot.size is {elasticsearch.shown('hot.size')}; at least {least_gb:g}g is needed"


def _bounded(elasticsearch: Node) -> Iterator[str]:
    for tier in ("hot", "warm", "cold", "frozen", "ml"):
        if elasticsearch.has(tier):
            yield from must_be_set(elasticsearch, f"{tier}.autoscaling.maxSize")
