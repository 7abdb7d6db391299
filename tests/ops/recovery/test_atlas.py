"""A new cluster of Atlas' backups: signed in both ways, every call in trouble once, and never over a live cluster."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.recovery import stores
from ops.recovery.check import Check
from ops.recovery.errors import RecoveryError
from ops.recovery.mongodb import cluster as clusters
from ops.recovery.mongodb.atlas import ACCOUNT_VARIABLES, ENDPOINT_VARIABLE, KEY_VARIABLES, Atlas, AtlasPace, atlas
from ops.recovery.mongodb.cluster_procedure import RESTORE_MONGODB_CLUSTER, WAY_VARIABLE, ClusterRecovery
from ops.recovery.steps import Run, Watcher
from sandbox.api.faults import Fault, Kind
from sandbox.atlas import AtlasServer, Project
from schema.kit import SchemaError
from tests.integration.recovery.commands import Listener
from tests.integration.recovery.kills import killed_everywhere

NAME, CLUSTER, RUN = "triptrip-test-mongodb-1", "triptrip-test-mongodb", "20261126T170000Z"
TARGET = clusters.name_of(RUN)
PACE = AtlasPace(attempts=3, first_wait=0.001, poll=0.0, timeout=5)
Opened = Callable[[], Atlas]


@pytest.fixture
def server() -> Iterator[AtlasServer]:
    project = Project(NAME, CLUSTER)
    project.add_snapshot(timedelta(hours=30))
    project.add_snapshot(timedelta(hours=6))
    project.add_snapshot(timedelta(hours=1), "inProgress")
    with AtlasServer(project) as made:
        yield made


@pytest.fixture
def opened(server: AtlasServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    for name in (*ACCOUNT_VARIABLES, ENDPOINT_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    for name, value in zip(KEY_VARIABLES, server.key, strict=True):
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:
        yield lambda: stack.enter_context(atlas(NAME, PACE, server.url))


def run(client: Atlas, now: datetime, moment: datetime | None = None) -> str:
    """The whole way; returns the new cluster's address."""
    what: dict[str, object]
    if moment:
        clusters.check_moment(client, CLUSTER, moment, now)
        what = {"pointInTimeUTCSeconds": int(moment.timestamp())}
    else:
        what = {"snapshotId": clusters.newest_snapshot(client, CLUSTER)[0]}
    clusters.create(client, CLUSTER, TARGET, RUN)
    clusters.await_cluster(client, TARGET)
    clusters.await_restore(client, CLUSTER, clusters.restore(client, CLUSTER, TARGET, what))
    return clusters.host_of(client, TARGET)


def test_the_newest_complete_snapshot_goes_into_a_new_cluster_like_the_old_one(
    server: AtlasServer, opened: Opened
) -> None:
    assert run(opened(), server.project.now) == f"mongodb+srv://{TARGET}.example.mongodb.net"
    project = server.project
    assert project.restored == {TARGET: project.snapshots[1]["id"]}
    old, new = project.clusters[CLUSTER], project.clusters[TARGET]
    same = ("mongoDBMajorVersion", "encryptionAtRestProvider", "clusterType", "terminationProtectionEnabled")
    assert [new[key] for key in same] == [old[key] for key in same]
    hardware = new["replicationSpecs"][0]["regionConfigs"][0]
    assert hardware["electableSpecs"] == old["replicationSpecs"][0]["regionConfigs"][0]["electableSpecs"]
    # What Atlas alone may say of a cluster is not sent back to it.
    assert "effectiveElectableSpecs" not in hardware
    assert "id" not in new["replicationSpecs"][0]


def test_a_point_in_time_is_restored_and_one_outside_the_window_refused_before_anything_is_made(
    server: AtlasServer, opened: Opened
) -> None:
    now = server.project.now
    for moment in (now - timedelta(days=7, minutes=1), now + timedelta(minutes=1)):
        with pytest.raises(SchemaError, match="is not in the restore window"):
            run(opened(), now, moment)
    assert list(server.project.clusters) == [CLUSTER]
    run(opened(), now, datetime(2026, 11, 25, 3, 4, 5, tzinfo=UTC))
    assert server.project.restored == {TARGET: str(int(datetime(2026, 11, 25, 3, 4, 5, tzinfo=UTC).timestamp()))}


def test_a_service_account_signs_in_by_its_token(
    server: AtlasServer, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in zip(ACCOUNT_VARIABLES, server.account, strict=True):
        monkeypatch.setenv(name, value)
    run(opened(), server.project.now)
    monkeypatch.setenv(ACCOUNT_VARIABLES[1], "wrong")
    with pytest.raises(SchemaError, match=r"are refused by Atlas \(401\)"):
        opened()


def test_a_token_that_ends_while_a_restore_is_waited_for_is_asked_for_anew(
    server: AtlasServer, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in zip(ACCOUNT_VARIABLES, server.account, strict=True):
        monkeypatch.setenv(name, value)
    client = opened()
    server.end_token()
    run(client, server.project.now)
    assert set(server.project.restored) == {TARGET}
    server.account = (server.account[0], "changed")
    server.end_token()
    with pytest.raises(SchemaError, match=r"are refused by Atlas \(401\)"):
        client.cluster(CLUSTER)


def test_wrong_and_missing_credentials_are_told_without_them(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLES[1], "not-the-key")
    with pytest.raises(SchemaError, match=r"does not know these credentials \(401\)") as refused:
        opened()
    assert "not-the-key" not in str(refused.value)
    monkeypatch.delenv(KEY_VARIABLES[1])
    with pytest.raises(SchemaError, match="has no credentials here"):
        opened()


CALLS = ("GET byName", "GET schedule", "GET clusters", "POST clusters", "POST restoreJobs", "GET restoreJobs")


@pytest.mark.parametrize("kind", [Kind.INTERNAL, Kind.UNAVAILABLE, Kind.THROTTLED, Kind.CUT, Kind.LOST])
@pytest.mark.parametrize("call", CALLS)
def test_each_call_in_trouble_once_ends_with_one_cluster_and_one_job(
    server: AtlasServer, opened: Opened, call: str, kind: Kind
) -> None:
    server.faults.add(Fault(call, kind))
    now = server.project.now
    # A change that was not made, or nobody knows, ends a run; the next one looks and goes on.
    for _ in range(2):
        try:
            run(opened(), now, now - timedelta(hours=1))
            break
        except SchemaError as error:
            assert "goes on where it stopped" in str(error)  # noqa: PT017 # a run may or may not raise
    assert set(server.project.clusters) == {CLUSTER, TARGET}
    assert len(server.project.jobs) == 1
    assert set(server.project.restored) == {TARGET}


def test_a_live_cluster_and_one_that_is_not_ours_are_never_restored_over(server: AtlasServer, opened: Opened) -> None:
    client = opened()
    with pytest.raises(SchemaError, match="is live, and a restore into it overwrites it"):
        clusters.restore(client, CLUSTER, CLUSTER, {"snapshotId": server.project.snapshots[0]["id"]})
    server.project.create({"name": TARGET, "replicationSpecs": [{}], "tags": []})
    with pytest.raises(SchemaError, match=f"is none that run {RUN} has made"):
        clusters.create(client, CLUSTER, TARGET, RUN)
    assert server.project.restored == {}


def test_a_failed_job_an_unknown_snapshot_and_a_lost_source_are_told(server: AtlasServer, opened: Opened) -> None:
    client = opened()
    server.project.fails_jobs = True
    with pytest.raises(SchemaError, match=r"restore job b\d+: failed"):
        run(client, server.project.now)
    with pytest.raises(SchemaError, match=r"snapshot x of .*: there is none that is complete"):
        clusters.newest_snapshot(client, CLUSTER, "x")
    with pytest.raises(SchemaError, match="cluster gone: is not there"):
        clusters.create(client, "gone", "recovered-other", RUN)
    with (
        pytest.raises(SchemaError, match="Atlas project another: has no groups/byName/another"),
        atlas("another", PACE, server.url),
    ):
        pass


def test_what_atlas_refuses_of_a_restore_is_refused_here(server: AtlasServer, opened: Opened) -> None:
    client, project = opened(), server.project
    clusters.create(client, CLUSTER, TARGET, RUN)
    what = {"snapshotId": project.snapshots[0]["id"]}
    with pytest.raises(SchemaError, match="CLUSTER_NOT_IDLE"):
        clusters.restore(client, CLUSTER, TARGET, what)
    clusters.await_cluster(client, TARGET)
    new = project.clusters[TARGET]
    new["mongoDBMajorVersion"] = "7.0"
    with pytest.raises(SchemaError, match="RESTORE_TARGET_INCOMPATIBLE"):
        clusters.restore(client, CLUSTER, TARGET, what)
    new["mongoDBMajorVersion"] = "8.0"
    new["replicationSpecs"][0]["regionConfigs"][0]["electableSpecs"]["diskSizeGB"] = 10
    with pytest.raises(SchemaError, match="RESTORE_TARGET_TOO_SMALL"):
        clusters.restore(client, CLUSTER, TARGET, what)


def test_the_command_goes_on_where_it_was_killed_and_needs_a_way_to_look(
    server: AtlasServer, opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIPTRIP_RECOVERY_FOLDER", str(tmp_path / "recovery"))
    monkeypatch.delenv(WAY_VARIABLE, raising=False)
    place = stores.place_of("dev")
    recovery = ClusterRecovery(place, opened(), CLUSTER)

    def perform(watcher: Watcher | None) -> Run:
        return stores.run_procedure(RESTORE_MONGODB_CLUSTER, place, recovery, {}, Listener(), watcher=watcher)

    with pytest.raises(RecoveryError, match=f"variable {WAY_VARIABLE}: is not set"):
        perform(None)
    monkeypatch.setenv(WAY_VARIABLE, "mongodb://unused")
    good = (Check("collections", True, "all"), Check("documents", True, "12"))
    monkeypatch.setattr("ops.recovery.mongodb.cluster_procedure.counted", lambda *_: good)
    run = perform(None)
    made = clusters.name_of(run.journal.run)
    assert run.value("host") == f"mongodb+srv://{made}.example.mongodb.net"
    assert (set(server.project.restored), len(server.project.jobs)) == ({made}, 1)
    killed_everywhere(RESTORE_MONGODB_CLUSTER, perform)
    assert CLUSTER not in server.project.restored
    assert len(server.project.jobs) == 2
