"""What Cloud SQL refuses, one row of rules/sqladmin.yaml after the other, each by the call that meets it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from sandbox.api import times
from sandbox.api.sqladmin.refusals import table
from tests.unit.sandbox.api.world import PRIMARY, PROJECT, World

_REPLICA = "triptrip-test-replica"
_WANTED = {"name": "copy", "settings": {"tier": "db-custom-2-7680", "edition": "ENTERPRISE"}}


def _replicated(world: World) -> None:
    replica = world.sql.add(PROJECT, _REPLICA, deletionProtectionEnabled=False)
    replica["masterInstanceName"] = f"{PROJECT}:{PRIMARY}"
    world.sql.instances[PROJECT, PRIMARY]["replicaNames"] = [_REPLICA]


def _clone(sql: Any, source: str = PRIMARY, name: str = "copy", moment: datetime | None = None) -> Any:
    context = {"destinationInstanceName": name}
    if moment:
        context["pointInTime"] = times.text(moment)
    return sql.instances().clone(project=PROJECT, instance=source, body={"cloneContext": context})


def _restore(sql: Any, target: str, backup: str = "1", settings: dict[str, Any] | None = None) -> Any:
    body: dict[str, Any] = {"restoreBackupContext": {"instanceId": PRIMARY, "project": PROJECT, "backupRunId": backup}}
    if settings is not None:
        body["restoreInstanceSettings"] = settings
    return sql.instances().restoreBackup(project=PROJECT, instance=target, body=body)


def _done(world: World, sql: Any, request: Any) -> None:
    operation = request.execute()["name"]
    for _ in range(world.sql.operations.polls):
        told = sql.operations().get(project=PROJECT, operation=operation).execute()
    assert told["status"] == "DONE"
    assert "error" not in told


def _missing(_: World, sql: Any) -> Any:
    return sql.instances().get(project=PROJECT, instance="nothing")


def _no_backup(_: World, sql: Any) -> Any:
    return _restore(sql, PRIMARY, "99")


def _taken_name(_: World, sql: Any) -> Any:
    return _clone(sql, name=PRIMARY)


def _blocked_name(world: World, sql: Any) -> Any:
    world.sql.deleted[PROJECT, "copy"] = datetime.now(UTC) - timedelta(days=6)
    return _clone(sql)


def _busy(_: World, sql: Any) -> Any:
    sql.instances().patch(project=PROJECT, instance=PRIMARY, body={"settings": {"userLabels": {"a": "b"}}}).execute()
    return sql.backupRuns().insert(project=PROJECT, instance=PRIMARY, body={})


def _known_user(_: World, sql: Any) -> Any:
    insert = sql.users().insert
    body = {"name": "recovery@p.iam", "type": "CLOUD_IAM_SERVICE_ACCOUNT"}
    operation = insert(project=PROJECT, instance=PRIMARY, body=body).execute()["name"]
    while sql.operations().get(project=PROJECT, operation=operation).execute()["status"] != "DONE":
        pass
    return insert(project=PROJECT, instance=PRIMARY, body=body)


def _guarded(_: World, sql: Any) -> Any:
    return sql.instances().delete(project=PROJECT, instance=PRIMARY)


def _with_replicas(world: World, sql: Any) -> Any:
    _replicated(world)
    world.sql.instances[PROJECT, PRIMARY]["settings"]["deletionProtectionEnabled"] = False
    return sql.instances().delete(project=PROJECT, instance=PRIMARY)


def _restore_with_replicas(world: World, sql: Any) -> Any:
    _replicated(world)
    world.sql.add_backup(PROJECT, PRIMARY)
    return _restore(sql, PRIMARY)


def _restore_over(world: World, sql: Any) -> Any:
    world.sql.add_backup(PROJECT, PRIMARY)
    return _restore(sql, PRIMARY, settings=_WANTED)


def _restore_other_version(world: World, sql: Any) -> Any:
    world.sql.add_backup(PROJECT, PRIMARY)
    return _restore(sql, "copy", settings={**_WANTED, "databaseVersion": "POSTGRES_15"})


def _restore_failed(world: World, sql: Any) -> Any:
    world.sql.add_backup(PROJECT, PRIMARY, status="FAILED")
    return _restore(sql, "copy", settings=_WANTED)


def _clone_replica(world: World, sql: Any) -> Any:
    _replicated(world)
    return _clone(sql, source=_REPLICA)


def _no_logs(world: World, sql: Any) -> Any:
    world.sql.instances[PROJECT, PRIMARY]["settings"]["backupConfiguration"]["pointInTimeRecoveryEnabled"] = False
    return _clone(sql, moment=datetime.now(UTC))


def _too_early(_: World, sql: Any) -> Any:
    return _clone(sql, moment=datetime.now(UTC) - timedelta(days=8))


def _future(_: World, sql: Any) -> Any:
    return _clone(sql, moment=datetime.now(UTC) + timedelta(hours=1))


def _too_many_days(_: World, sql: Any) -> Any:
    body = {"settings": {"backupConfiguration": {"transactionLogRetentionDays": 8}}}
    return sql.instances().patch(project=PROJECT, instance=PRIMARY, body=body)


def _plus_by_default(_: World, sql: Any) -> Any:
    return sql.instances().insert(project=PROJECT, body={"name": "new", "settings": {"tier": "db-custom-2-7680"}})


def _no_replica(_: World, sql: Any) -> Any:
    return sql.instances().promoteReplica(project=PROJECT, instance=PRIMARY)


def _no_recovery_replica(_: World, sql: Any) -> Any:
    return sql.instances().switchover(project=PROJECT, instance=PRIMARY)


def _stopped(world: World, sql: Any) -> Any:
    world.sql.instances[PROJECT, PRIMARY]["state"] = "SUSPENDED"
    return _clone(sql)


CASES: dict[str, tuple[Callable[[World, Any], Any], ...]] = {
    "instance-missing": (_missing,),
    "not-authorized-or-missing": (_no_backup,),
    "name-in-use": (_taken_name, _blocked_name),
    "user-exists": (_known_user,),
    "operation-in-progress": (_busy,),
    "deletion-protection": (_guarded,),
    "replicas-before-delete": (_with_replicas,),
    "replicas-before-restore": (_restore_with_replicas,),
    "restore-overwrites-protected": (_restore_over,),
    "clone-of-replica": (_clone_replica,),
    "pitr-off": (_no_logs,),
    "pitr-window": (_too_early, _future),
    "log-days-enterprise": (_too_many_days,),
    "tier-of-edition": (_plus_by_default,),
    "backup-unusable": (_restore_failed,),
    "promote-no-replica": (_no_replica,),
    "switchover-no-recovery-replica": (_no_recovery_replica,),
    "not-runnable": (_stopped,),
    "version-of-restore": (_restore_other_version,),
}


def test_every_refusal_has_a_case_and_a_source() -> None:
    assert set(CASES) == set(table())
    assert all(row["source"] for row in table().values())


@pytest.mark.parametrize(
    ("rule", "case"), [pytest.param(rule, case, id=rule) for rule, cases in CASES.items() for case in cases]
)
def test_a_refusal_changes_nothing(world: World, rule: str, case: Callable[[World, Any], Any]) -> None:
    row = table()[rule]
    request = case(world, world.client("sqladmin", "v1"))
    before = {name: dict(found) for name, found in world.sql.instances.items()}
    with pytest.raises(HttpError) as caught:
        request.execute()
    assert caught.value.status_code == row["status"]
    assert row["message"].partition("{")[0] in str(caught.value)
    assert world.sql.instances == before


def test_a_name_is_free_again_after_a_week(world: World) -> None:
    world.sql.deleted[PROJECT, "copy"] = datetime.now(UTC) - timedelta(days=8)
    sql = world.client("sqladmin", "v1")
    _done(world, sql, _clone(sql))
    assert world.databases.lineage["copy"] == ("clone", PRIMARY, None)


def test_a_clone_inherits_the_guard_and_no_address(world: World) -> None:
    sql = world.client("sqladmin", "v1")
    _done(world, sql, _clone(sql))
    copy = world.sql.instances[PROJECT, "copy"]
    assert copy["settings"]["deletionProtectionEnabled"] is True
    assert copy["ipAddresses"] != world.sql.instances[PROJECT, PRIMARY]["ipAddresses"]


def test_a_promoted_replica_stands_alone(world: World) -> None:
    _replicated(world)
    sql = world.client("sqladmin", "v1")
    _done(world, sql, sql.instances().promoteReplica(project=PROJECT, instance=_REPLICA))
    assert "masterInstanceName" not in world.sql.instances[PROJECT, _REPLICA]
    assert world.sql.instances[PROJECT, PRIMARY]["replicaNames"] == []
