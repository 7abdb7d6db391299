"""Groups of machines: a zone, a machine or an update that fails cuts nobody off."""

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
from policies.kit.machines import MACHINES
from policies.kit.references import declared
from policies.kit.types import (
    HEALTH_CHECK,
    INSTANCE_TEMPLATE,
    MACHINE,
    REGION_GROUP,
    REGION_HEALTH_CHECK,
    REGION_INSTANCE_TEMPLATE,
    ZONE_GROUP,
)
from policies.kit.waiting import about_each, all_of

_GROUPS = (REGION_GROUP, ZONE_GROUP)
_ZONES = ("asia-northeast1-a", "asia-northeast1-b", "asia-northeast1-c")


def _spread(size: object = 2, zones: object = _ZONES, shape: object = "EVEN") -> Case:
    listed = list(zones) if isinstance(zones, tuple) else zones
    return Case({"targetSize": size, "distributionPolicyZones": listed, "distributionPolicyTargetShape": shape})


@rule(
    "mig-spread",
    title="A group has several machines, in several zones",
    severity=Severity.HIGH,
    types=_GROUPS,
    sources=["NIST 800-53: CP-10", "NIST 800-53: SC-36", "PG-POOL"],
    reason="the only machine, or the only zone, that stands before the database takes it away when it fails",
    fix="set postgres.pooler.instances in the stack file; name the zones of the region in distributionPolicyZones",
    parameters={
        "machines": Parameter(2, "Machines that a group has at least"),
        "zones": Parameter(2, "Zones that a group is spread over at least"),
    },
    good=[_spread(), _spread(3, _ZONES[:2], "BALANCED"), _spread(shape=None)],
    bad=[
        _spread(1),
        _spread(0),
        _spread(None),
        _spread(zones=_ZONES[:1]),
        _spread(zones=(_ZONES[0], _ZONES[0])),
        _spread(zones=None),
        _spread(shape="ANY"),
        _spread(shape="ANY_SINGLE_ZONE"),
        Case({"targetSize": 3, "zone": _ZONES[0]}, ZONE_GROUP),
    ],
)
def spread(group: Resource, machines: int, zones: int) -> Iterator[str]:
    def over_zones() -> Iterator[str]:
        found = set(group.texts("distributionPolicyZones"))
        if len(found) < zones:
            yield stated(group, "distributionPolicyZones", f"{zones} zones or more")

    if group.type == ZONE_GROUP:
        yield "it stands in one zone; a regional group is needed"
        return
    yield from all_of(
        must_reach(group, "targetSize", machines, "machines"),
        over_zones(),
        must_be(group, "distributionPolicyTargetShape", "EVEN", "BALANCED", None),
    )


def _healing(**policies: object) -> Case:
    return Case({"autoHealingPolicies": policies}, REGION_GROUP)


@rule(
    "mig-healing",
    title="A machine that does not answer is replaced",
    severity=Severity.HIGH,
    types=_GROUPS,
    sources=["NIST 800-53: CP-10", "NIST 800-53: SI-13", "PG-POOL"],
    reason="without a health check Google replaces a machine only when it stops, not when its programs hang",
    fix="set autoHealingPolicies with the health check and an initialDelaySec that is enough for a start",
    parameters={
        "least_seconds": Parameter(60, "Time for a start at least, in seconds: with less a machine is never done"),
        "most_seconds": Parameter(600, "Time for a start at most, in seconds"),
    },
    good=[_healing(healthCheck="h", initialDelaySec=300), _healing(healthCheck="h", initialDelaySec=60)],
    bad=[
        Case({}, REGION_GROUP),
        _healing(),
        _healing(initialDelaySec=300),
        _healing(healthCheck="h"),
        _healing(healthCheck="h", initialDelaySec=5),
        _healing(healthCheck="h", initialDelaySec=3600),
        Case({}, ZONE_GROUP),
    ],
)
def healing(group: Resource, least_seconds: int, most_seconds: int) -> Iterator[str]:
    path = "autoHealingPolicies.initialDelaySec"
    yield from must_be_set(group, "autoHealingPolicies.healthCheck")
    delay = group.number(path)
    if delay is None or not least_seconds <= delay <= most_seconds:
        yield stated(group, path, f"{least_seconds} to {most_seconds} seconds")


_UPDATE = {
    "type": "PROACTIVE",
    "minimalAction": "REPLACE",
    "replacementMethod": "SUBSTITUTE",
    "maxSurgeFixed": 3,
    "maxUnavailableFixed": 0,
}


def _updating(**changed: object) -> Case:
    return Case({"updatePolicy": {**_UPDATE, **changed}}, REGION_GROUP)


@rule(
    "mig-updates",
    title="A new version of the machines comes by itself, and never takes one away first",
    severity=Severity.HIGH,
    types=_GROUPS,
    sources=["NIST 800-53: CP-10", "NIST 800-53: SI-2", "NIST 800-53: CM-3"],
    reason="with fewer machines during an update clients are refused; an update that waits leaves old holes open",
    fix="set updatePolicy: PROACTIVE, REPLACE, SUBSTITUTE, maxUnavailableFixed 0, maxSurgeFixed the number of zones",
    good=[_updating(), _updating(maxSurgeFixed=None, maxSurgePercent=100)],
    bad=[
        Case({}, REGION_GROUP),
        *(Case({"updatePolicy": {key: _UPDATE[key] for key in _UPDATE if key != each}}) for each in _UPDATE),
        _updating(type="OPPORTUNISTIC"),
        _updating(minimalAction="NONE"),
        _updating(replacementMethod="RECREATE"),
        _updating(maxUnavailableFixed=1),
        _updating(maxUnavailablePercent=50),
        _updating(maxSurgeFixed=0),
    ],
)
def updates(group: Resource) -> Iterator[str]:
    def more_first() -> Iterator[str]:
        more = [group.number(f"updatePolicy.maxSurge{kind}") or 0 for kind in ("Fixed", "Percent")]
        if not any(each > 0 for each in more):
            yield "updatePolicy.maxSurgeFixed is 0 or not set; no machine can be added before one goes"

    policy = {"type": "PROACTIVE", "minimalAction": "REPLACE", "replacementMethod": "SUBSTITUTE"}
    yield from all_of(
        *(must_be(group, f"updatePolicy.{name}", wanted) for name, wanted in policy.items()),
        must_be(group, "updatePolicy.maxUnavailableFixed", 0),
        must_be(group, "updatePolicy.maxUnavailablePercent", 0, None),
        more_first(),
    )


_PLACE = "projects/p/regions/asia-northeast1"
_NAMED = {
    "versions": [{"instanceTemplate": f"{_PLACE}/instanceTemplates/pooler-1"}],
    "autoHealingPolicies": {"healthCheck": f"{_PLACE}/healthChecks/pooler"},
}
_TEMPLATES = (REGION_INSTANCE_TEMPLATE, INSTANCE_TEMPLATE)
_CHECKS = (REGION_HEALTH_CHECK, HEALTH_CHECK)


def _naming(**changed: object) -> Case:
    return Case(
        stack={
            "template": (REGION_INSTANCE_TEMPLATE, {"name": "pooler-1"}),
            "check": (REGION_HEALTH_CHECK, {"name": "pooler"}),
            "group": (REGION_GROUP, {**_NAMED, **changed}),
        }
    )


@rule(
    "mig-declared",
    title="A group's machines are made from a template of this stack, and asked by a health check of it",
    severity=Severity.HIGH,
    types=[*_GROUPS, *_TEMPLATES, *_CHECKS],
    sources=["NIST 800-53: CM-2", "NIST 800-53: CM-8"],
    reason="no rule looks at a template that is made elsewhere: its machines may have any address, account and image",
    fix="declare the template and the health check, and name them in versions and autoHealingPolicies",
    good=[_naming()],
    bad=[
        _naming(versions=[{"instanceTemplate": f"{_PLACE}/instanceTemplates/other"}]),
        _naming(versions=[*_NAMED["versions"], {"instanceTemplate": f"{_PLACE}/instanceTemplates/other"}]),
        _naming(versions=[{}]),
        _naming(versions=[]),
        _naming(autoHealingPolicies={"healthCheck": f"{_PLACE}/healthChecks/other"}),
        Case(stack={"group": (ZONE_GROUP, _NAMED)}),
    ],
)
def groups_declared(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def template(group: Resource) -> Iterator[str]:
        versions = group.nodes("versions")
        if not versions:
            yield "versions is not set"

        def of(version: Node) -> Iterator[str]:
            if not declared(stack, group, "instanceTemplate", *_TEMPLATES, inside=version):
                yield stated(version, "instanceTemplate", "a template of this stack")

        yield from about_each(versions, of)

    def health(group: Resource) -> Iterator[str]:
        path = "autoHealingPolicies.healthCheck"
        if group.has(path) and not declared(stack, group, path, *_CHECKS):
            yield stated(group, path, "a health check of this stack")

    def check(group: Resource) -> Iterator[tuple[Resource, str]]:
        yield from ((group, message) for message in all_of(template(group), health(group)))

    yield from about_each(stack.of(*_GROUPS), check)


_LASTING = {
    "preemptible": (False, None),
    "provisioningModel": ("STANDARD", None),
    "automaticRestart": (True, None),
    "onHostMaintenance": ("MIGRATE", None),
}


@rule(
    "vm-lasting",
    title="Machines are of the kind that stays, moves with its host and comes back",
    severity=Severity.MEDIUM,
    types=MACHINES,
    sources=["NIST 800-53: CP-10"],
    reason="Google takes a preemptible machine away within 30 seconds, and all of them at once when it needs the room",
    fix="leave scheduling out, or set preemptible false, automaticRestart true and onHostMaintenance MIGRATE",
    good=[
        Case({}, REGION_INSTANCE_TEMPLATE),
        Case({"scheduling": {"preemptible": False, "automaticRestart": True, "onHostMaintenance": "MIGRATE"}}, MACHINE),
        Case({"scheduling": {"provisioningModel": "STANDARD"}}, INSTANCE_TEMPLATE),
    ],
    bad=[
        Case({"scheduling": {"preemptible": True}}, REGION_INSTANCE_TEMPLATE),
        Case({"scheduling": {"provisioningModel": "SPOT"}}, REGION_INSTANCE_TEMPLATE),
        Case({"scheduling": {"automaticRestart": False}}, MACHINE),
        Case({"scheduling": {"onHostMaintenance": "TERMINATE"}}, INSTANCE_TEMPLATE),
    ],
)
def lasting(machine: Resource) -> Iterator[str]:
    yield from all_of(*(must_be(machine, f"scheduling.{path}", *ok) for path, ok in _LASTING.items()))
