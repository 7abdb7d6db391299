"""Failing over to the second region: confirmed, asked, done once, gone on with, no instance lost."""

import re
import subprocess
from collections.abc import Callable

import pytest

from ops.failover.signs import Heard
from ops.pulumi import PulumiError
from ops.recovery.errors import RecoveryError, RefusedError
from ops.recovery.steps import Watcher
from sandbox.api.faults import Fault, Kind
from tests.ops.adoption.engines import OLD, OSAKA, Died
from tests.ops.failover.world import FOLLOWS, NAME, PLUS, World

PROMOTE = "sql.instances.promoteReplica"
STEPS = ("signs", "loss", "promote", "adopt", "names", "check", "guard", "tell")


def assert_taken_over(world: World) -> None:
    """What must be true after a failover, however it went."""
    assert world.promoted
    assert world.sql.instances.keys() >= {("triptrip-prod", OLD), ("triptrip-prod", OSAKA)}
    assert world.asked("sql.instances.delete") == 0
    assert world.dns.addresses("triptrip-prod", "triptrip-prod-internal", NAME) == [world.address(OSAKA)]
    assert world.engine.postgres["primary"]["instance"] == OSAKA
    assert world.engine.resources["postgres-primary"]["inputs"]["name"] == OSAKA


def test_the_replica_takes_over(outage: World) -> None:
    run = outage.region()
    assert_taken_over(outage)
    assert outage.asked(PROMOTE) == 1
    assert [row["step"] for row in run.journal.steps] == list(STEPS)
    assert run.journal.values["lost_seconds"] == 4.0
    assert run.journal.values["let_go"] == [OLD, "triptrip-prod-postgres-replica-b-1"]
    said = "\n".join(outage.person.said)
    assert "lost are the writes of about 4 s before the outage" in said
    assert "the way back: postgres.replicas.tokyo in asia-northeast1" in said
    assert re.search(r"^failover region: ended \d+ s after it began$", said, re.MULTILINE)


def test_names_come_before_what_restarts_the_instance(outage: World) -> None:
    outage.region()
    assert [[name.partition("-name")[0] for name in names] for names in outage.engine.held["ups"]] == [
        ["postgres"],
        ["postgres-primary"],
    ]


def test_on_enterprise_plus_the_recovery_replica_fails_over(tmp_path_factory: pytest.TempPathFactory) -> None:
    with World(tmp_path_factory.mktemp("plus"), PLUS, state="FAILED") as world:
        world.region()
        assert [call.parameters.get("failover") for call in world.server.api.asked(PROMOTE)] == ["true"]


def test_on_enterprise_it_is_promoted_plainly(outage: World) -> None:
    outage.region()
    assert [call.parameters.get("failover") for call in outage.server.api.asked(PROMOTE)] == ["false"]


def test_one_sign_is_not_enough(well: World) -> None:
    # The primary does not answer from here, and everything else says that it is well.
    well.heard = FOLLOWS
    with pytest.raises(RefusedError, match="1 of 4 say that asia-northeast1 is lost"):
        well.region()
    assert not well.promoted
    assert not well.person.asked


def test_a_reason_goes_on_without_signs(well: World) -> None:
    well.heard = FOLLOWS
    run = well.region(despite_signs="planned move")
    assert run.journal.values["reason"] == "planned move"
    assert_taken_over(well)


def test_nothing_is_promoted_without_consent(outage: World) -> None:
    outage.person.agrees = False
    with pytest.raises(RefusedError, match="was not agreed to"):
        outage.region()
    assert outage.asked(PROMOTE) == 0
    assert f"Promote {OSAKA}?" in outage.person.asked[0]


def test_a_replica_that_cannot_tell_what_it_has_is_said_so(outage: World) -> None:
    outage.heard = Heard(is_streaming=False, silence=None, behind=None, position="0/1")
    outage.region()
    assert "lost are the writes of an unknown time" in "\n".join(outage.person.said)


def test_a_user_who_may_not_sign_in_stops_it_after_the_names(outage: World) -> None:
    outage.users.remove("reporting")
    with pytest.raises(RefusedError, match=r"reporting.* may not sign in"):
        outage.region()
    outage.users.append("reporting")
    outage.region()
    assert_taken_over(outage)
    assert outage.asked(PROMOTE) == 1


def test_without_a_replica_abroad_there_is_nothing_to_promote(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        World(tmp_path_factory.mktemp("three"), {"postgres": {"replicas": {"osaka": None}}}) as world,
        pytest.raises(RefusedError, match="none is in another region"),
    ):
        world.region()


def test_a_replica_that_was_promoted_by_hand_is_only_to_be_adopted(outage: World) -> None:
    del outage.sql.instances["triptrip-prod", OSAKA]["masterInstanceName"]
    with pytest.raises(RefusedError, match=f"python -m ops adopt --instance {OSAKA}"):
        outage.region()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_death_at_every_step_is_survived(outage: World, step: str, when: str) -> None:
    def die(at: str) -> None:
        if at == step:
            raise Died

    with pytest.raises(Died):
        outage.watched(Watcher(**{when: die}))
    outage.region()
    assert_taken_over(outage)
    assert outage.asked(PROMOTE) == 1


@pytest.mark.parametrize("kind", [Kind.INTERNAL, Kind.UNAVAILABLE, Kind.THROTTLED, Kind.CUT, Kind.LOST])
@pytest.mark.parametrize(
    "method", ["sql.instances.get", PROMOTE, "sql.operations.get", "sql.operations.list", "dns.resourceRecordSets.list"]
)
def test_a_call_that_fails_once_is_asked_again(outage: World, method: str, kind: Kind) -> None:
    outage.server.api.faults.add(Fault(method, kind))
    outage.region()
    # One that nobody calls would meet no trouble.
    assert outage.asked(method)
    assert_taken_over(outage)


def test_every_look_that_fails_for_long_stops_it_and_the_next_run_goes_on(outage: World) -> None:
    outage.server.api.faults.add(Fault("sql.operations.list", Kind.UNAVAILABLE, lasts=True))
    with pytest.raises(RecoveryError):
        outage.region()
    outage.server.api.faults.clear()
    outage.region()
    assert_taken_over(outage)


def test_a_promotion_that_fails_is_told_and_tried_again(outage: World) -> None:
    outage.server.api.faults.add(Fault(PROMOTE, Kind.OPERATION))
    with pytest.raises(RecoveryError, match="PROMOTE_REPLICA failed"):
        outage.region()
    assert not outage.promoted
    assert outage.engine.postgres["primary"].get("instance") is None
    outage.region()
    assert_taken_over(outage)


def refuses(arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str] | None:
    if arguments[0] == "up":
        return subprocess.CompletedProcess(arguments, 255, "", "error: the names are locked")
    return None


def cannot_be_run(arguments: tuple[str, ...]) -> None:
    if arguments[0] == "up":
        raise PulumiError("pulumi: cannot be run (No such file or directory)")


@pytest.mark.parametrize(("trouble", "said"), [(refuses, "the names are locked"), (cannot_be_run, "cannot be run")])
def test_what_the_engine_refuses_is_told_in_its_words_and_the_next_run_goes_on(
    outage: World, trouble: Callable[[tuple[str, ...]], object], said: str
) -> None:
    quiet, outage.engine.held["trouble"] = outage.engine.held["trouble"], trouble
    with pytest.raises(RecoveryError, match=said):
        outage.region()
    assert outage.engine.held["ups"] == []
    outage.engine.held["trouble"] = quiet
    outage.region()
    assert_taken_over(outage)
