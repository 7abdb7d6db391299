"""What a difference means: each class, every row of the rules, every bound at its edges."""

import functools
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from infra import catalog
from ops.drift import Difference, Drift, Finding, judge, read_refresh
from ops.drift.judge import KINDS, finding
from ops.drift.rules import Expected, Rule, Security, rules
from ops.drift.values import parse
from ops.gate.protections import Protection, protections
from sandbox.cloud.catalogue import resource_type
from tests.ops.drift.events import BUCKET, SQL, nested, read, summary, urn, written

ELASTIC = "ec:index/deployment:Deployment"
ATLAS = "mongodbatlas:index/advancedCluster:AdvancedCluster"
SNAPSHOTS = Path(__file__).resolve().parents[2] / "snapshots"


@functools.cache
def resources() -> list[dict[str, Any]]:
    """Every resource of the reviewed plans, but the engine's own."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    plans = [yaml.load(file.read_text(encoding="utf-8"), loader) for file in sorted(SNAPSHOTS.glob("*.yaml"))]  # noqa: S506 # a safe loader
    found = [each for plan in plans for each in plan["resources"].values()]
    return [each for each in found if not each["type"].startswith(("pulumi:", "triptrip:"))]


def types() -> list[str]:
    """Types of the plans, and those that catalogue and gate know of other settings."""
    others = {*catalog.guardian_types(), *catalog.stateful_types(), *protections().types}
    return sorted(others | {each["type"] for each in resources()})


def difference(path: str, declared: Any, found: Any, type_: str = SQL, **more: Any) -> Difference:
    inputs = more.pop("inputs", None) or (nested(path, declared) if declared is not None else {})
    return Difference(urn(type_, "it"), parse(path), declared, found, inputs, **more)


def judged(*arguments: Any, **more: Any) -> Finding:
    return finding(difference(*arguments, **more), rules())


@pytest.mark.parametrize(
    ("type_", "path", "declared", "found", "concern"),
    [
        (SQL, "settings.ipConfiguration.authorizedNetworks", None, [{"value": "0.0.0.0/0"}], "exposure"),
        (SQL, "settings.ipConfiguration.ipv4Enabled", False, True, "exposure"),
        (SQL, "settings.deletionProtectionEnabled", True, False, "guard"),
        (SQL, "settings.availabilityType", "REGIONAL", "ZONAL", "guard"),
        (SQL, "settings.backupConfiguration.enabled", True, False, "retention"),
        (SQL, "settings.backupConfiguration", {"enabled": True, "startTime": "17:00"}, None, "retention"),
        (SQL, "settings.databaseFlags[1].value", "ddl", "none", "audit"),
        (SQL, "encryptionKeyName", "key", None, "encryption"),
        (BUCKET, "retentionPolicy.retentionPeriod", 100, 99, "retention"),
        (BUCKET, "lifecycleRules", None, [{"action": {"type": "Delete"}}], "retention"),
        (BUCKET, "publicAccessPrevention", "enforced", "inherited", "exposure"),
        ("gcp:compute/firewall:Firewall", "sourceRanges[0]", "10.0.0.0/8", "0.0.0.0/0", "exposure"),
        ("gcp:projects/iAMMember:IAMMember", "condition.expression", "false", "true", "access"),
        ("gcp:storage/bucketIAMMember:BucketIAMMember", "role", "a", "b", "access"),
        ("gcp:secretmanager/secretIamMember:SecretIamMember", "member", "a", "b", "access"),
        ("gcp:secretmanager/secret:Secret", "tags", None, {"a/b": "c"}, "access"),
        ("gcp:compute/regionInstanceTemplate:RegionInstanceTemplate", "tags[0]", "a", "b", "access"),
        ("gcp:projects/iAMAuditConfig:IAMAuditConfig", "auditLogConfigs", [1], [], "audit"),
        ("gcp:monitoring/alertPolicy:AlertPolicy", "enabled", True, False, "alert"),
        ("gcp:monitoring/notificationChannel:NotificationChannel", "labels.channel_name", "#a", "#b", "alert"),
        ("gcp:kms/cryptoKey:CryptoKey", "rotationPeriod", "1s", "2s", "encryption"),
        ("gcp:cloudscheduler/job:Job", "paused", None, True, "retention"),
        ("gcp:cloudrunv2/job:Job", "template.template.containers[0].image", "a", "b", "integrity"),
        ("gcp:memorystore/instance:Instance", "replicaCount", 2, 1, "guard"),
        ("gcp:pubsub/topic:Topic", "nobodyKnowsThis.atAll", 1, 2, "unnamed"),
        ("other:new/thing:Thing", "size", 1, 2, "unnamed"),
    ],
)
def test_what_is_security_relevant(type_: str, path: str, declared: Any, found: Any, concern: str) -> None:
    one = judged(path, declared, found, type_)
    assert (one.kind, one.concern) == ("security", concern)


@pytest.mark.parametrize(
    ("type_", "path", "declared", "found"),
    [
        (SQL, "settings.userLabels.owner", "a", "b"),
        (BUCKET, "labels", None, {"a": "b"}),
        (BUCKET, "retentionPolicy.retentionPeriod", 100, 101),  # longer than declared
        ("gcp:monitoring/alertPolicy:AlertPolicy", "displayName", "a", "b"),
        ("gcp:monitoring/dashboard:Dashboard", "dashboardJson", "{}", "[]"),
        ("gcp:compute/firewall:Firewall", "description", "a", "b"),
        ("gcp:cloudrunv2/job:Job", "client", None, "gcloud"),
        (ATLAS, "tags.owner", "a", "b"),
    ],
)
def test_what_is_benign(type_: str, path: str, declared: Any, found: Any) -> None:
    assert judged(path, declared, found, type_).kind == "benign"


def disk(found: Any, *, limit: Any = 500, grows: bool = True, told: bool = False) -> Finding:
    settings = {"diskSize": 100, "diskAutoresize": grows, "diskAutoresizeLimit": limit}
    return judged("settings.diskSize", 100, found, inputs={"settings": settings}, told=told)


def hot(found: Any, *, scales: bool = True) -> Finding:
    tier = {"size": "4g", "autoscaling": {"maxSize": "16g"}}
    inputs = {"elasticsearch": {"autoscale": scales, "hot": tier}}
    return judged("elasticsearch.hot.size", "4g", found, ELASTIC, inputs=inputs)


def cluster(found: Any, *, scales: bool = True, place: int = 0) -> Finding:
    bounds = [("M10", "M20"), ("M30", "M50")]
    regions = [
        {
            "electableSpecs": {"instanceSize": "M30"},
            "autoScaling": {
                "computeEnabled": scales,
                "computeMinInstanceSize": least,
                "computeMaxInstanceSize": most,
            },
        }
        for least, most in bounds
    ]
    path = f"replicationSpecs[0].regionConfigs[{place}].electableSpecs.instanceSize"
    return judged(path, "M30", found, ATLAS, inputs={"replicationSpecs": [{"regionConfigs": regions}]})


@pytest.mark.parametrize("one", [disk(101), disk(500), disk(9000, limit=0), disk(9000, limit=None)])
def test_a_disk_grows_by_itself_up_to_its_limit(one: Finding) -> None:
    assert one.kind == "expected"
    assert one.action.startswith("nothing")


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (disk(501), "more than settings.diskAutoresizeLimit, 500"),
        (disk(99), "less than what is declared, 100"),
        (disk(101, grows=False), "settings.diskAutoresize is not declared as true"),
        (disk(None), "cannot be compared"),
        (disk("many"), "cannot be compared"),
    ],
)
def test_beyond_its_bounds_nothing_is_expected(one: Finding, why: str) -> None:
    assert (one.kind, one.concern) == ("security", "size")
    assert why in one.why
    assert "by hand" in one.action  # the program ignores it: no deployment mends it


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (hot("8g"), "expected"),
        (hot("16g"), "expected"),
        (hot("16384m"), "expected"),
        (hot("17g"), "security"),
        (hot("2g"), "security"),
        (hot("8g", scales=False), "security"),
        (cluster("M30", place=1), "expected"),
        (cluster("M50", place=1), "expected"),
        (cluster("M60", place=1), "security"),
        (cluster("M20", place=1), "security"),
        (cluster("M10"), "expected"),
        (cluster("M40"), "security"),  # each region has bounds of its own
        (cluster("R40", place=1), "security"),
        (cluster("M40", place=1, scales=False), "security"),
        (judged("maintenanceVersion", "POSTGRES_16_9.R20260101.00_01", "POSTGRES_16_11.R20260901.00_01"), "expected"),
        (judged("maintenanceVersion", "POSTGRES_16_11.R20260901.00_01", "POSTGRES_16_9.R20260101.00_01"), "security"),
        (judged("mongoDbVersion", "8.0.9", "8.0.12", ATLAS), "expected"),
    ],
)
def test_sizes_and_versions_move_between_their_bounds(one: Finding, kind: str) -> None:
    assert one.kind == kind


@pytest.mark.parametrize(
    ("type_", "why", "action"),
    [
        (BUCKET, "it is: snapshots and exports", "no `pulumi up`"),
        ("gcp:projects/iAMAuditConfig:IAMAuditConfig", "the record of who read data", "makes it anew"),
        ("gcp:monitoring/dashboard:Dashboard", "somebody deleted it", "makes it anew"),
    ],
)
def test_a_resource_that_is_gone_is_security_relevant(type_: str, why: str, action: str) -> None:
    one = judged("", None, None, type_)
    assert (one.kind, one.concern) == ("security", "gone")
    assert why in one.why
    assert action in one.action
    assert one.what == "is gone from the cloud"


def test_what_would_be_replaced_is_not_put_back_blindly() -> None:
    assert judged("region", "a", "b", replaces=True).action.startswith("no `pulumi up`")
    assert (
        "by replacing"
        in judged("secretData", "a", "b", "gcp:secretmanager/secretVersion:SecretVersion", replaces=True).action
    )
    assert judged("settings.tier", "a", "b").action.startswith("`pulumi up --refresh` puts it back")


ROWS = [pytest.param(rule, id=f"{rule.type}-{rule.path}") for rule in rules().all]
GUARDS = [
    pytest.param(type_, guard, id=f"{type_}-{guard.path}")
    for type_, its in protections().types.items()
    for guard in its
]


@pytest.mark.parametrize("rule", ROWS)
def test_every_row_names_types_and_properties_that_there_are(rule: Rule) -> None:
    covered = [type_ for type_ in types() if fnmatchcase(type_, rule.type)]
    assert covered, "no type of a plan is like this"
    properties = [path for path in (rule.path, getattr(rule, "at_most", None), getattr(rule, "at_least", None)) if path]
    for path in [*properties, *getattr(rule, "when", {})]:
        assert path == "*" or any(_has(type_, path.split(".")) for type_ in covered), path


def _has(type_: str, names: list[str]) -> bool:
    shape = resource_type(type_).shape
    kind: Any = {"object": shape.root}
    properties = {**shape.outputs, **shape.inputs}
    for name in names:
        if isinstance(kind, dict) and "list" in kind:
            kind = kind["list"]
        if isinstance(kind, dict) and "map" in kind:
            return True
        if name not in properties:
            return False
        kind = properties[name]["type"]
        inner = kind["list"] if isinstance(kind, dict) and "list" in kind else kind
        properties = shape.classes[inner["object"]] if isinstance(inner, dict) and "object" in inner else {}
    return True


@pytest.mark.parametrize("rule", ROWS)
def test_every_row_decides_something(rule: Rule) -> None:
    assert any(rules().deciding(type_, rule.names) is rule for type_ in types() if fnmatchcase(type_, rule.type))


@pytest.mark.parametrize(("type_", "guard"), GUARDS)
def test_whatever_the_gate_guards_has_a_class(type_: str, guard: Protection) -> None:
    one = judged(guard.path, {"a": 1}, None, type_)
    assert one.kind in KINDS
    assert judged(guard.path.split(".", maxsplit=1)[0], {"a": 1}, {"a": 2}, type_).kind in KINDS


def test_every_property_of_every_type_has_a_class_and_only_a_row_makes_it_harmless() -> None:
    for type_ in types():
        shape = resource_type(type_).shape
        for name in {*shape.inputs, *shape.outputs}:
            one = judged(name, {"a": 1}, {"a": 2}, type_)
            assert one.kind in KINDS
            assert one.why
            assert one.action
            guarded = any(guard.path.partition(".")[0] == name for guard in protections().types.get(type_, ()))
            if one.kind != "security" and not guarded:
                assert rules().deciding(type_, (name,)) is not None


@given(
    st.sampled_from([SQL, BUCKET, ELASTIC, ATLAS, "gcp:kms/keyRing:KeyRing", "new:index/thing:Thing"]),
    st.lists(st.text("abcdef", min_size=1, max_size=6), min_size=1, max_size=4).map(".".join),
    st.one_of(st.none(), st.integers(), st.text(max_size=3)),
    st.one_of(st.none(), st.integers(), st.text(max_size=3)),
)
def test_no_path_is_left_without_a_class(type_: str, path: str, declared: Any, found: Any) -> None:
    one = judged(path, declared, found, type_)
    assert one.kind in KINDS
    assert one.kind == "security" or rules().deciding(type_, tuple(path.split("."))) is not None


def test_bounds_of_the_plans_allow_growth() -> None:
    """Or a row would stand there that never says `expected`."""
    inputs = [each["inputs"] for each in resources() if each["type"] == SQL]
    [row] = [each for each in rules().expected if (each.type, each.path) == (SQL, "settings.diskSize")]
    assert inputs
    for each in inputs:
        size, limit = each["settings"]["diskSize"], each["settings"]["diskAutoresizeLimit"]
        assert not row.broken(("settings", "diskSize"), size, size + 1, each)
        assert row.broken(("settings", "diskSize"), size, limit + 1, each)


def test_the_closest_row_decides_and_of_equals_the_strictest() -> None:
    def row(kind: type[Rule], type_: str, path: str, **more: Any) -> Rule:
        return kind(type=type_, path=path, reason="because", **more)

    all_ = rules().model_copy(
        update={
            "security": (row(Security, "a:*", "x", concern="access"), row(Security, "*", "*", concern="audit")),
            "expected": (row(Expected, "a:*", "x", scale="number"),),
            "benign": (row(Rule, "a:b:c", "*"), row(Rule, "a:b:c", "x.y"), row(Rule, "*", "x")),
        }
    )
    deciding = {names: all_.deciding("a:b:c", names) for names in [("x",), ("x", "y", "z"), ("w",)]}
    assert deciding == {("x",): all_.security[0], ("x", "y", "z"): all_.benign[1], ("w",): all_.benign[0]}
    assert all_.deciding("b:b:c", ("w",)) is all_.security[1]


def test_what_matters_comes_first(tmp_path: Path) -> None:
    old = {"settings": {"diskSize": 100, "diskAutoresize": True, "userLabels": {"a": "b"}, "tier": "a"}}
    new = {"settings": {"diskSize": 150, "diskAutoresize": True, "userLabels": {"a": "c"}, "tier": "b"}}
    events = [
        read(old, new, {"settings.userLabels.a": "update", "settings.tier": "update"}),
        read({}, None, op="delete", type_=BUCKET, name="copies"),
    ]
    refresh = read_refresh(written(tmp_path, *events, summary()), rules().watched)
    drift: Drift = judge("prod", refresh)
    assert [(each.kind, each.difference.name) for each in drift.findings] == [
        ("security", "postgres-primary"),
        ("security", "copies"),
        ("expected", "postgres-primary"),
        ("benign", "postgres-primary"),
    ]
