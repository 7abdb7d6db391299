"""MongoDB Atlas: clusters that survive a node, are not deleted by mistake, and grow within bounds."""

from collections.abc import Iterator, Sequence

from policies.kit import Case, Node, Parameter, Resource, Severity, Stack, must_be, must_be_set, must_reach, rule
from policies.kit.types import ATLAS_CLUSTER, ATLAS_MAINTENANCE, ATLAS_PROJECT
from policies.kit.waiting import about_each_resource, all_of, some_of
from policies.resilience.reading import NIGHT, at_night, same, version

_GROWING = {
    "computeEnabled": True,
    "computeMaxInstanceSize": "M50",
    "computeMinInstanceSize": "M30",
    "computeScaleDownEnabled": True,
    "diskGbEnabled": True,
}
_NODES = {"instanceSize": "M30", "nodeCount": 3}


def _cluster(
    nodes: dict[str, object] | None = None, growing: dict[str, object] | None = None, **inputs: object
) -> dict[str, object]:
    region = {
        "priority": 7,
        "providerName": "GCP",
        "regionName": "NORTHEASTERN_ASIA_PACIFIC",
        "electableSpecs": {**_NODES, **(nodes or {})},
        "autoScaling": {**_GROWING, **(growing or {})},
    }
    spec = {"regionConfigs": [region]}
    return {"clusterType": "REPLICASET", "replicationSpecs": [spec], "useEffectiveFields": True, **inputs}


def _regions(cluster: Resource) -> list[Node]:
    return [region for shard in cluster.nodes("replicationSpecs") for region in shard.nodes("regionConfigs")]


@rule(
    "atl-guard",
    title="Atlas clusters refuse to be deleted, and their backups outlive them",
    severity=Severity.HIGH,
    types=[ATLAS_CLUSTER],
    sources=["NIST 800-53: CP-9", "MDB-CLUSTER"],
    reason="Atlas deletes a cluster at one click, and its backups with it",
    fix="set project.deletionGuards: true in the stack file; keep retainBackupsEnabled true",
    good=[Case({"terminationProtectionEnabled": True, "retainBackupsEnabled": True})],
    bad=[
        Case({"terminationProtectionEnabled": False, "retainBackupsEnabled": True}),
        Case({"terminationProtectionEnabled": True, "retainBackupsEnabled": False}),
        Case({}),
    ],
)
def guard(cluster: Resource) -> Iterator[str]:
    yield from must_be(cluster, "terminationProtectionEnabled", True)
    yield from must_be(cluster, "retainBackupsEnabled", True)
    yield from must_be(cluster, "paused", None, False)


@rule(
    "atl-ha",
    title="Atlas clusters have three voting nodes or more",
    severity=Severity.HIGH,
    types=[ATLAS_CLUSTER],
    sources=["NIST 800-53: CP-10", "MDB-CLUSTER"],
    reason="with fewer than three nodes, or an even number, the loss of one leaves no majority and no writes",
    fix="set electableSpecs.nodeCount to 3, 5 or 7 in all, and a priority of 7 in the first region",
    parameters={"nodes": Parameter(3, "Voting nodes that a shard needs")},
    good=[Case(_cluster())],
    bad=[
        Case(_cluster({"nodeCount": 1})),
        Case(_cluster({"nodeCount": 4})),
        Case(_cluster({"nodeCount": None})),
        Case(_cluster(clusterType="")),
        Case({"clusterType": "REPLICASET", "replicationSpecs": []}),
        Case({"clusterType": "REPLICASET", "replicationSpecs": [{"regionConfigs": [{"electableSpecs": _NODES}]}]}),
    ],
)
def ha(cluster: Resource, nodes: int) -> Iterator[str]:
    yield from must_be(cluster, "clusterType", "REPLICASET", "SHARDED", "GEOSHARDED")
    shards = cluster.nodes("replicationSpecs")
    if not shards:
        yield "replicationSpecs is not set"
    for shard in shards:
        regions = shard.nodes("regionConfigs")
        voting = sum(region.number("electableSpecs.nodeCount") or 0 for region in regions)
        if voting < nodes or not voting % 2:
            yield f"{shard.where} has {voting:g} voting nodes; an odd number of at least {nodes:g} is needed"
        if not any(region.number("priority") == _HIGHEST_PRIORITY for region in regions):
            yield f"{shard.where} has no region of priority {_HIGHEST_PRIORITY}, where the primary is elected"


_HIGHEST_PRIORITY = 7


@rule(
    "atl-region",
    title="Atlas clusters stand on Google Cloud, in a region that is stated",
    severity=Severity.MEDIUM,
    types=[ATLAS_CLUSTER],
    sources=["NIST 800-53: CM-2", "CON-GCP", "MDB-CLUSTER"],
    reason="the private endpoint and the encryption key are Google's; a node elsewhere reaches neither",
    fix="set providerName to GCP and regionName in every region of the cluster",
    good=[Case(_cluster())],
    bad=[
        Case({"replicationSpecs": [{"regionConfigs": [{"providerName": "AWS", "regionName": "AP_NORTHEAST_1"}]}]}),
        Case({"replicationSpecs": [{"regionConfigs": [{"providerName": "GCP"}]}]}),
    ],
)
def region(cluster: Resource) -> Iterator[str]:
    for place in _regions(cluster):
        yield from must_be(place, "providerName", "GCP")
        yield from must_be_set(place, "regionName")


@rule(
    "atl-size-cap",
    title="Atlas clusters grow and shrink by themselves, within the sizes agreed on",
    severity=Severity.MEDIUM,
    types=[ATLAS_CLUSTER],
    sources=["NIST 800-53: SC-5", "MDB-CLUSTER", "COST-OPT"],
    reason="a cluster that cannot grow falls over under load, and one without a largest size costs without end",
    fix="set mongodb.size and mongodb.autoscaling in the stack file",
    parameters={"sizes": Parameter(("M30", "M40", "M50"), "Instance sizes that a cluster may have or grow to")},
    good=[Case(_cluster())],
    bad=[
        Case(_cluster(growing={"computeMaxInstanceSize": "M300"})),
        Case(_cluster(growing={"computeMaxInstanceSize": None})),
        Case(_cluster(growing={"computeMinInstanceSize": "M10"})),
        Case(_cluster(growing={"computeScaleDownEnabled": False})),
        Case(_cluster(growing={"computeEnabled": False})),
        Case(_cluster(growing={"diskGbEnabled": False})),
        Case(_cluster({"instanceSize": "M10"})),
        Case(_cluster(useEffectiveFields=False)),
    ],
)
def size_cap(cluster: Resource, sizes: Sequence[str]) -> Iterator[str]:
    # Without it Pulumi sets the size back that autoscaling has chosen.
    yield from must_be(cluster, "useEffectiveFields", True)
    for region in _regions(cluster):
        for switch in ("computeEnabled", "computeScaleDownEnabled", "diskGbEnabled"):
            yield from must_be(region, f"autoScaling.{switch}", True)
        for size in ("autoScaling.computeMinInstanceSize", "autoScaling.computeMaxInstanceSize"):
            yield from must_be(region, size, *sizes)
        for kind in ("electableSpecs", "readOnlySpecs", "analyticsSpecs"):
            if region.has(kind):
                yield from must_be(region, f"{kind}.instanceSize", *sizes)


@rule(
    "atl-version-floor",
    title="Atlas clusters run a supported version of the long-term line",
    severity=Severity.MEDIUM,
    types=[ATLAS_CLUSTER],
    sources=["NIST 800-53: SI-2", "MDB-CLUSTER"],
    reason="an old version gets no fixes, and continuous releases change the database between two tests",
    fix="set mongodb.version in the stack file",
    parameters={"oldest": Parameter("8.0", "Oldest version of MongoDB that is allowed")},
    good=[Case({"mongoDbMajorVersion": "8.0", "versionReleaseSystem": "LTS"})],
    bad=[
        Case({"mongoDbMajorVersion": "6.0", "versionReleaseSystem": "LTS"}),
        Case({"mongoDbMajorVersion": "8.0", "versionReleaseSystem": "CONTINUOUS"}),
        Case({"versionReleaseSystem": "LTS"}),
    ],
)
def version_floor(cluster: Resource, oldest: str) -> Iterator[str]:
    if version(cluster.text("mongoDbMajorVersion")) < version(oldest):
        yield f"mongoDbMajorVersion is {cluster.shown('mongoDbMajorVersion')}; at least {oldest} is needed"
    yield from must_be(cluster, "versionReleaseSystem", "LTS")


def _durable(concern: str = "majority", hours: int = 24) -> dict[str, object]:
    return {"advancedConfiguration": {"defaultWriteConcern": concern, "oplogMinRetentionHours": hours}}


@rule(
    "atl-durability",
    title="Writes to Atlas are confirmed by a majority, and the oplog is long enough",
    severity=Severity.HIGH,
    types=[ATLAS_CLUSTER],
    sources=["NIST 800-53: CP-10", "MDB-CLUSTER"],
    reason="a write that one node alone has confirmed is rolled back by a failover; a node that was away for longer "
    "than the oplog must be copied anew",
    fix="set advancedConfiguration.defaultWriteConcern to majority, and mongodb.oplogWindow in the stack file",
    parameters={"oplog_hours": Parameter(24, "Least retention of the oplog in hours")},
    good=[Case(_durable())],
    bad=[Case(_durable(concern="1")), Case(_durable(hours=1)), Case({})],
)
def durability(cluster: Resource, oplog_hours: int) -> Iterator[str]:
    yield from must_be(cluster, "advancedConfiguration.defaultWriteConcern", "majority")
    yield from must_reach(cluster, "advancedConfiguration.oplogMinRetentionHours", oplog_hours, "hours")


_WINDOW = (ATLAS_MAINTENANCE, {"projectId": "p", "dayOfWeek": 7, "hourOfDay": 19})
_PROJECT_OF_CLUSTER = (ATLAS_CLUSTER, {"projectId": "p"})


@rule(
    "atl-maintenance",
    title="Atlas projects are maintained at night",
    severity=Severity.MEDIUM,
    types=[ATLAS_PROJECT, ATLAS_CLUSTER, ATLAS_MAINTENANCE],
    sources=["NIST 800-53: SI-2", "PG-MAINT"],
    reason="without a window Atlas restarts the nodes, and elects a new primary, at any hour",
    fix="set mongodb.maintenance in the stack file; times there are local",
    parameters=NIGHT,
    good=[Case(stack={"cluster": _PROJECT_OF_CLUSTER, "window": _WINDOW}), Case()],
    bad=[
        Case(stack={"cluster": _PROJECT_OF_CLUSTER}),
        Case(stack={"project": (ATLAS_PROJECT, {})}),
        Case(stack={"cluster": _PROJECT_OF_CLUSTER, "window": (ATLAS_MAINTENANCE, {**_WINDOW[1], "projectId": "q"})}),
        Case(stack={"cluster": _PROJECT_OF_CLUSTER, "window": (ATLAS_MAINTENANCE, {**_WINDOW[1], "hourOfDay": 3})}),
        Case(stack={"cluster": _PROJECT_OF_CLUSTER, "window": (ATLAS_MAINTENANCE, {**_WINDOW[1], "dayOfWeek": 0})}),
    ],
)
def maintenance(stack: Stack, from_hour: int, until_hour: int) -> Iterator[tuple[Resource, str]]:
    windows = stack.of(ATLAS_MAINTENANCE)

    def in_project(cluster: Resource) -> Iterator[str]:
        if not some_of(windows, lambda window: same(window, "projectId", cluster, "projectId")):
            yield "no maintenance window is declared for its project"

    def at_a_good_time(window: Resource) -> Iterator[str]:
        day = must_be(window, "dayOfWeek", *range(1, 8))
        yield from all_of(day, at_night(window, "hourOfDay", from_hour, until_hour))

    projects, clusters = stack.of(ATLAS_PROJECT), stack.of(ATLAS_CLUSTER)
    if len(windows) < len(projects):
        yield projects[0], f"{len(projects)} projects have {len(windows)} maintenance windows; each needs its own"
    yield from all_of(about_each_resource(clusters, in_project), about_each_resource(windows, at_a_good_time))
