"""The picture of the platform: what is declared and nothing else, each box traceable, nothing upon anything else."""

from collections.abc import Mapping
from itertools import combinations, pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from ops.report.page.diagram import Diagram, diagram
from ops.report.page.diagram_rows import table
from ops.report.page.layout import Placed, Rectangle, fitted
from ops.report.page.scene import Resource, scene, value
from ops.report.targets.facts import Facts
from sandbox.plan import Plan, plan_stack
from tests.plans import plan_of

SQL = "gcp:sql/databaseInstance:DatabaseInstance"


@pytest.fixture(scope="module")
def prod(production: Facts) -> Plan:
    return production.plan


@pytest.fixture(scope="module")
def dev() -> Plan:
    return plan_stack("dev")


def resource(type_: str, name: str, inputs: Mapping[str, Any]) -> Resource:
    return SimpleNamespace(type=type_, name=name, inputs=inputs)


def instance(name: str, zone: str, kind: str = "CLOUD_SQL_INSTANCE") -> Resource:
    settings = {"tier": "t", "edition": "e", "locationPreference": {"zone": zone}}
    return resource(SQL, name, {"name": f"cloud-{name}", "instanceType": kind, "settings": settings})


SUBNET = resource(
    "gcp:compute/subnetwork:Subnetwork",
    "subnet-primary",
    {"name": "net-primary", "region": "asia-northeast1", "ipCidrRange": "10.0.0.0/20"},
)


def keys(drawn: Diagram) -> set[str]:
    return {each.box.key for each in drawn.boxes}


def inside(inner: Rectangle, outer: Rectangle) -> bool:
    return outer.x <= inner.x and outer.y <= inner.y and inner.right <= outer.right and inner.bottom <= outer.bottom


def apart(one: Rectangle, other: Rectangle) -> bool:
    return one.right <= other.x or other.right <= one.x or one.bottom <= other.y or other.bottom <= one.y


def test_production_has_every_store_and_dev_no_more_than_it_declares(prod: Plan, dev: Plan) -> None:
    everything, less = keys(diagram(prod.resources)), keys(diagram(dev.resources))
    assert {"postgres-primary", "postgres-replica", "postgres-standby", "redis", "pooler", "bigquery"} <= everything
    assert {"mongodb", "elasticsearch", "timescale", "grafana", "bucket-copies", "pubsub", "api"} <= everything
    assert everything - less == {"pooler", "grafana", "nat-other"}
    assert not less - everything


def test_every_box_names_resources_of_the_plan(prod: Plan) -> None:
    declared = {each.name for each in prod.resources}
    for placed in diagram(prod.resources).boxes:
        assert placed.box.resources
        assert set(placed.box.resources) <= declared
        assert placed.lines[-1].words.en.startswith(placed.box.resources[0][:12])


def test_every_kind_of_store_that_is_declared_is_drawn(prod: Plan) -> None:
    named = {name for placed in diagram(prod.resources).boxes for name in placed.box.resources}
    stores = (SQL, "gcp:redis/instance:Instance", "gcp:bigquery/dataset:Dataset", "gcp:storage/bucket:Bucket")
    partners = ("AdvancedCluster", "deployment:Deployment", "timescale:index/service:Service")
    for each in prod.resources:
        if each.type in stores or each.type.endswith(partners):
            assert each.name in named


def test_each_instance_stands_in_its_zone_and_copies_in_the_other_region(prod: Plan) -> None:
    drawn = diagram(prod.resources)
    frames = {each.label.en: each.at for each in drawn.frames}
    for placed in drawn.boxes:
        if placed.box.zone:
            assert inside(placed.at, frames[placed.box.zone])
    (copies,) = [each for each in drawn.boxes if each.box.key == "bucket-copies"]
    assert inside(copies.at, frames["asia-northeast2 (Osaka)"])
    assert all(each.box.region != "asia-northeast2" for each in drawn.boxes if each.box.key.startswith("postgres"))


def test_a_recovery_replica_is_drawn_in_the_second_region_and_fed_by_the_primary() -> None:
    osaka = {"region": "asia-northeast2", "zone": "asia-northeast2-a", "tier": "db-custom-16-61440"}
    drawn = diagram(plan_of("prod", {"postgres": {"replicas": {"osaka": osaka}}}).resources)
    (replica,) = [each for each in drawn.boxes if each.box.key == "postgres-recovery"]
    assert replica.box.zone == "asia-northeast2-a"
    flows = {(each.flow.source.key, each.flow.target.key) for each in drawn.arrows}
    assert ("postgres-primary", "postgres-recovery") in flows
    assert_tidy(drawn)


@pytest.mark.parametrize("stack", ["prod", "dev"])
def test_nothing_lies_upon_anything_else(stack: str, request: pytest.FixtureRequest) -> None:
    assert_tidy(diagram(request.getfixturevalue(stack).resources))


def assert_tidy(drawn: Diagram) -> None:
    canvas = Rectangle(0, 0, drawn.width, drawn.height)
    for one, other in combinations(drawn.boxes, 2):
        assert apart(one.at, other.at), (one.box.id, other.box.id)
    for at in (*(each.at for each in drawn.boxes), *(each.at for each in drawn.frames)):
        assert inside(at, canvas)
    for placed in drawn.boxes:
        assert all(placed.at.y < line.y < placed.at.bottom for line in placed.lines)
    for (x, y), (other_x, other_y) in combinations([each.badge for each in drawn.arrows], 2):
        assert max(abs(x - other_x), abs(y - other_y)) >= 16


@pytest.mark.parametrize("stack", ["prod", "dev"])
def test_a_flow_starts_at_its_source_and_ends_at_its_target(stack: str, request: pytest.FixtureRequest) -> None:
    drawn = diagram(request.getfixturevalue(stack).resources)
    at = {each.box.id: each.at for each in drawn.boxes}
    for arrow in drawn.arrows:
        points = [tuple(map(int, point.split())) for point in arrow.path.removeprefix("M").split(" L")]
        for (x, y), box in ((points[0], arrow.flow.source), (points[-1], arrow.flow.target)):
            place = at[box.id]
            assert inside(Rectangle(x, y, 0, 0), place)
            assert x in (place.x, place.right) or y in (place.y, place.bottom)
        for (x, y), (to_x, to_y) in pairwise(points):
            assert x == to_x or y == to_y


def test_without_a_pooler_the_api_speaks_to_the_primary(dev: Plan, prod: Plan) -> None:
    def ends(plan: Plan) -> set[tuple[str, str]]:
        return {(each.source.key, each.target.key) for each in scene(plan.resources).flows}

    assert ("api", "postgres-primary") in ends(dev)
    assert ("api", "postgres-primary") not in ends(prod)
    assert ("pooler", "postgres-replica") in ends(prod)


def test_federated_queries_go_to_the_instance_that_the_connection_names(prod: Plan) -> None:
    (flow,) = [each for each in scene(prod.resources).flows if each.source.key == "bigquery"]
    assert flow.target.resources == ("postgres-replica-b",)


def test_flows_are_numbered_without_a_gap(dev: Plan) -> None:
    numbers = [number for number, _, _ in diagram(dev.resources).flows]
    assert numbers == list(range(1, len(numbers) + 1))


def test_nothing_declared_is_an_empty_picture() -> None:
    drawn = diagram([])
    assert not drawn.boxes
    assert not drawn.arrows


def test_a_line_whose_value_is_missing_is_left_out() -> None:
    (box,) = scene([SUBNET, instance("primary", "asia-northeast1-a")]).boxes
    assert [each.en for each in box.details] == ["t"]


def test_a_place_that_the_catalogue_does_not_know_is_named_as_it_is() -> None:
    bucket = resource("gcp:storage/bucket:Bucket", "backups", {"name": "b", "location": "ASIA1"})
    assert [each.label for each in scene([SUBNET, bucket]).regions] == ["asia-northeast1 (Tokyo)", "asia1"]


def test_a_value_is_found_by_its_path() -> None:
    inputs = {"specs": [{"size": "M30"}], "name": "x"}
    assert value(inputs, "specs.0.size") == "M30"
    assert value(inputs, "specs.1.size") is None
    assert value(inputs, "name.0") is None


def test_a_long_name_is_cut_to_its_box_and_a_japanese_one_sooner() -> None:
    assert fitted("short", 100, 10) == "short"
    assert fitted("n" * 50, 100, 10).endswith("…")
    assert len(fitted("長" * 50, 100, 10)) < len(fitted("n" * 50, 100, 10))


def test_flows_and_boxes_of_the_table_know_each_other() -> None:
    rows = table()
    known = {row.key for row in rows.boxes}
    assert {key for row in rows.flows for key in (row.from_, row.to)} <= known
    assert {row.without for row in rows.flows} - {None} <= known


def placed_of(drawn: Diagram, key: str) -> list[Placed]:
    return [each for each in drawn.boxes if each.box.key == key]


def test_two_instances_in_one_zone_stand_below_each_other() -> None:
    both = [instance("one", "asia-northeast1-a"), instance("two", "asia-northeast1-a")]
    first, second = placed_of(diagram([SUBNET, *both]), "postgres-primary")
    assert first.at.x == second.at.x
    assert first.at.bottom < second.at.y
