"""A planned switchover: ENTERPRISE_PLUS alone, with a recovery replica that follows, and nothing lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.failover.signs import Heard
from ops.recovery.errors import RefusedError
from ops.recovery.steps import Watcher
from sandbox.api.faults import Fault, Kind
from tests.ops.adoption.engines import OLD, OSAKA, Died
from tests.ops.failover.world import CUT_OFF, FOLLOWS, PLUS, World

SWITCH = "sql.instances.switchover"


@pytest.fixture
def plus(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, PLUS) as made:
        made.heard = FOLLOWS
        yield made


def assert_switched(world: World) -> None:
    old = world.sql.instances["triptrip-prod", OLD]
    assert world.promoted
    assert old["masterInstanceName"] == f"triptrip-prod:{OSAKA}"
    assert world.asked("sql.instances.delete") == world.asked("sql.instances.promoteReplica") == 0
    assert world.engine.postgres["primary"]["instance"] == OSAKA


def test_they_change_places(plus: World) -> None:
    plus.switchover()
    assert_switched(plus)
    assert plus.asked(SWITCH) == 1
    assert "Clients cannot write" in plus.person.asked[0]


def test_enterprise_is_refused_with_what_is_possible(well: World) -> None:
    well.heard = FOLLOWS
    with pytest.raises(RefusedError, match=r"ENTERPRISE_PLUS.*(?s:.)*failover region --despite-signs"):
        well.switchover()
    assert not well.promoted


@pytest.mark.parametrize("heard", [CUT_OFF, Heard(is_streaming=True, silence=1.0, behind=900.0, position="0/1")])
def test_a_replica_that_does_not_follow_is_refused(plus: World, heard: Heard) -> None:
    plus.heard = heard
    with pytest.raises(RefusedError, match="wait until it follows"):
        plus.switchover()
    assert plus.asked(SWITCH) == 0


def test_a_primary_that_is_down_is_no_planned_matter(plus: World) -> None:
    plus.sql.instances["triptrip-prod", OLD]["state"] = "FAILED"
    with pytest.raises(RefusedError, match="failover region"):
        plus.switchover()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["ready", "switch", "adopt", "names", "check", "guard", "tell"])
def test_a_death_at_every_step_is_survived(plus: World, step: str, when: str) -> None:
    def die(at: str) -> None:
        if at == step:
            raise Died

    with pytest.raises(Died):
        plus.watched(Watcher(**{when: die}), planned=True)
    plus.switchover()
    assert_switched(plus)
    assert plus.asked(SWITCH) == 1


@pytest.mark.parametrize("kind", [Kind.INTERNAL, Kind.UNAVAILABLE, Kind.THROTTLED, Kind.CUT, Kind.LOST])
def test_a_call_that_fails_once_is_asked_again(plus: World, kind: Kind) -> None:
    plus.server.api.faults.add(Fault(SWITCH, kind))
    plus.switchover()
    assert plus.asked(SWITCH)
    assert_switched(plus)
