"""When backups start: at night in Japan, whatever form a service gives its hour in UTC."""

import re
from collections.abc import Iterator, Mapping

from policies.kit import Case, Parameter, Resource, Severity, rule
from policies.kit.postgres import is_primary
from policies.kit.types import ATLAS_SCHEDULE, REDIS, REDIS_CLUSTER, SQL_INSTANCE, VALKEY

_HOURS_AHEAD_OF_UTC = 9
_HOUR = r"([01]?\d|2[0-3])"
_CLOCK = re.compile(rf"{_HOUR}:[0-5]\d")
_MOMENT = re.compile(rf"\d{{4}}-\d\d-\d\dT{_HOUR}:[0-5]\d:[0-5]\d(?:\.\d+)?Z")
_FULL = re.compile(_HOUR)
_BACKUP_HOUR = "automatedBackupConfig.fixedFrequencySchedule.startTime.hours"

_STARTS: Mapping[str, tuple[str, re.Pattern[str]]] = {
    SQL_INSTANCE: ("settings.backupConfiguration.startTime", _CLOCK),
    REDIS: ("persistenceConfig.rdbSnapshotStartTime", _MOMENT),
    VALKEY: (_BACKUP_HOUR, _FULL),
    REDIS_CLUSTER: (_BACKUP_HOUR, _FULL),
    ATLAS_SCHEDULE: ("referenceHourOfDay", _FULL),
}
"""Where each service says when its backups start, and how it writes an hour; the pattern's group is the hour in UTC."""


def _sql(time: object) -> Case:
    return Case({"settings": {"backupConfiguration": {"startTime": time}}}, type=SQL_INSTANCE)


def _redis(time: object) -> Case:
    return Case({"persistenceConfig": {"rdbSnapshotStartTime": time}}, type=REDIS)


def _valkey(hours: object, type_: str = VALKEY) -> Case:
    return Case({"automatedBackupConfig": {"fixedFrequencySchedule": {"startTime": {"hours": hours}}}}, type=type_)


@rule(
    "st-backup-time",
    title="Backups start at night in Japan",
    severity=Severity.LOW,
    types=_STARTS,
    sources=["NIST 800-53: CP-9", "PG-BACKUP", "RDS-BACKUP", "MDB-BACKUP"],
    reason="an hour that is not stated is the service's choice, and a backup by day takes disk and CPU from bookings",
    fix="set the time of the store's backups in the stack file; times there are local",
    parameters={
        "from_hour": Parameter(0, "First full hour of the night in Japan, 0 to 23, at which a backup may start"),
        "until_hour": Parameter(6, "Full hour in Japan before which a backup must start, 0 to 24"),
    },
    good=[
        _sql("17:00"),
        Case({"masterInstanceName": "primary"}, type=SQL_INSTANCE),
        _redis("2026-01-01T17:00:00Z"),
        _valkey(17),
        _valkey(17, REDIS_CLUSTER),
        Case({"referenceHourOfDay": 18}, type=ATLAS_SCHEDULE),
    ],
    bad=[
        _sql("02:00"),
        _sql("at night"),
        _sql(None),
        _redis("2026-01-01T02:00:00Z"),
        _redis("17:00"),
        _redis(None),
        _valkey(2),
        _valkey(None, REDIS_CLUSTER),
        Case({"referenceHourOfDay": 3}, type=ATLAS_SCHEDULE),
        Case({"referenceHourOfDay": 42}, type=ATLAS_SCHEDULE),
        Case({}, type=ATLAS_SCHEDULE),
    ],
)
def backup_time(store: Resource, from_hour: int, until_hour: int) -> Iterator[str]:
    if store.type == SQL_INSTANCE and not is_primary(store):
        return
    path, form = _STARTS[store.type]
    found = form.fullmatch(str(store.get(path)))
    if not found:
        yield f"{path} is {store.shown(path)}; the hour in UTC must be stated"
        return
    local = (int(found[1]) + _HOURS_AHEAD_OF_UTC) % 24
    if not from_hour <= local < until_hour:
        wanted = f"backups start from {from_hour:g}:00 on and before {until_hour:g}:00"
        yield f"{path} is {store.shown(path)} UTC, {local}:00 in Japan; {wanted}"
