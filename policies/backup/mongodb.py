"""Backups of MongoDB Atlas: snapshots, any moment of the last days, and a copy in a second region (COR-14)."""

from collections.abc import Iterator, Sequence

from policies.backup.reading import days_kept, days_must_reach
from policies.kit import Case, Node, Parameter, Resource, Severity, Stack, must_be, must_be_set, must_reach, rule
from policies.kit.types import ATLAS_CLUSTER, ATLAS_SCHEDULE
from policies.kit.waiting import about_each_resource, fitting

RESTORE_DAYS = Parameter(7, "Least days to any moment of which a cluster can be restored")
SNAPSHOT_HOURS = Parameter(6, "Most hours between two snapshots")
DAILY_DAYS = Parameter(30, "Least days for which daily snapshots are kept")


def kept(days: int, every: int = 1, unit: str = "days") -> dict[str, object]:
    """A policy item for a case of a rule."""
    return {"frequencyInterval": every, "retentionUnit": unit, "retentionValue": days}


@rule(
    "atl-backup",
    title="Atlas backs clusters up, continuously",
    severity=Severity.CRITICAL,
    types=[ATLAS_CLUSTER],
    sources=["NIST 800-53: CP-9", "prowler clusters_backup_enabled", "MDB-BACKUP"],
    reason="both are off when nobody asks: without a backup a dropped collection is gone, without continuous backup "
    "everything since the last snapshot",
    fix="set backupEnabled and pitEnabled to true",
    good=[Case({"backupEnabled": True, "pitEnabled": True})],
    bad=[
        Case({"backupEnabled": False, "pitEnabled": True}),
        Case({"backupEnabled": True, "pitEnabled": False}),
        Case({"backupEnabled": True}),
        Case({}),
    ],
)
def backup(cluster: Resource) -> Iterator[str]:
    yield from must_be(cluster, "backupEnabled", True)
    yield from must_be(cluster, "pitEnabled", True)


_CLUSTER = (ATLAS_CLUSTER, {"name": "c"})
_SCHEDULE = (ATLAS_SCHEDULE, {"clusterName": "c"})


@rule(
    "atl-backup-schedule",
    title="Every Atlas cluster has a backup schedule of ours",
    severity=Severity.HIGH,
    types=[ATLAS_CLUSTER, ATLAS_SCHEDULE],
    sources=["NIST 800-53: CP-9", "MDB-BACKUP"],
    reason="without one Atlas' own schedule holds, which anybody may shorten in the console and which copies nothing",
    fix="declare a CloudBackupSchedule for the cluster; mongodb.backup in the stack file makes it",
    good=[Case(stack={"cluster": _CLUSTER, "schedule": _SCHEDULE}), Case()],
    bad=[
        Case(stack={"cluster": _CLUSTER}),
        Case(stack={"cluster": _CLUSTER, "schedule": (ATLAS_SCHEDULE, {"clusterName": "other"})}),
        Case(stack={"cluster": _CLUSTER, "again": _CLUSTER, "schedule": _SCHEDULE}),
    ],
)
def schedule(stack: Stack) -> Iterator[tuple[Resource, str]]:
    clusters, schedules = stack.of(ATLAS_CLUSTER), stack.of(ATLAS_SCHEDULE)

    def check(cluster: Resource) -> Iterator[str]:
        # Clusters of two projects may share a name; the projects' ids are not known at the first preview.
        name = cluster.text("name")
        if _count(schedules, "clusterName", name) < _count(clusters, "name", name):
            yield "it has no backup schedule"

    yield from about_each_resource(clusters, check)


def _count(resources: list[Resource], path: str, name: str) -> int:
    return len(fitting(resources, lambda each: each.text(path) == name))


def _window(days: object = 7, **hourly: object) -> Case:
    item = {"frequencyInterval": 6, "retentionUnit": "days", "retentionValue": 7, **hourly}
    return Case({"restoreWindowDays": days, "policyItemHourly": item})


@rule(
    "atl-backup-window",
    title="An Atlas cluster can be restored to any moment of a week",
    severity=Severity.HIGH,
    types=[ATLAS_SCHEDULE],
    sources=["NIST 800-53: CP-9", "NIST 800-53: CP-10", "MDB-BACKUP"],
    reason="Atlas restores a moment on top of a frequent snapshot: it refuses a window that outlives them (COR-14)",
    fix="set mongodb.backup.restoreWindow, snapshotEvery and snapshotsRetained in the stack file",
    parameters={"restore_days": RESTORE_DAYS, "snapshot_hours": SNAPSHOT_HOURS},
    good=[_window(), _window(retentionUnit="weeks", retentionValue=1), _window(14, retentionValue=14)],
    bad=[
        _window(3),
        _window(None),
        _window(14),
        _window(retentionValue=2),
        _window(retentionUnit="hours"),
        _window(frequencyInterval=12),
        _window(frequencyInterval=None),
        Case({"restoreWindowDays": 7}),
    ],
)
def window(found: Resource, restore_days: int, snapshot_hours: int) -> Iterator[str]:
    yield from must_reach(found, "restoreWindowDays", restore_days, "days")
    yield from days_must_reach(found, "policyItemHourly", max(restore_days, found.number("restoreWindowDays") or 0))
    yield from at_most(found, "policyItemHourly.frequencyInterval", snapshot_hours, "hours")


def at_most(node: Node, path: str, most: int, unit: str) -> Iterator[str]:
    """The number there is above 0 and at most `most`."""
    found = node.number(path)
    if not found or not 0 < found <= most:
        yield f"{path} is {node.shown(path)}; it must be from 1 to {most:g} {unit}"


@rule(
    "atl-backup-daily",
    title="Atlas keeps a snapshot of every day for a month",
    severity=Severity.HIGH,
    types=[ATLAS_SCHEDULE],
    sources=["NIST 800-53: CP-9", "MDB-BACKUP"],
    reason="damage that is found after the restore window can only be undone from a daily snapshot",
    fix="raise mongodb.backup.dailyRetained in the stack file",
    parameters={"daily_days": DAILY_DAYS},
    good=[Case({"policyItemDaily": kept(30)}), Case({"policyItemDaily": kept(1, unit="months")})],
    bad=[
        Case({"policyItemDaily": kept(7)}),
        Case({"policyItemDaily": kept(30, every=2)}),
        Case({"policyItemDaily": {"frequencyInterval": 1, "retentionUnit": "days"}}),
        Case({}),
    ],
)
def daily(found: Resource, daily_days: int) -> Iterator[str]:
    yield from days_must_reach(found, "policyItemDaily", daily_days)
    yield from at_most(found, "policyItemDaily.frequencyInterval", 1, "day")


_HOURLY = {"frequencyType": "hourly", "retentionUnit": "days", "retentionValue": 7}
_DAILY = {"frequencyType": "daily", "retentionUnit": "days", "retentionValue": 30}
_OSAKA = {
    "cloudProvider": "GCP",
    "regionName": "ASIA_NORTHEAST_2",
    "zoneId": "z",
    "shouldCopyOplogs": True,
    "copyPolicyItems": [_HOURLY, _DAILY],
}
_NOWHERE = {name: value for name, value in _OSAKA.items() if name != "zoneId"}


def _copied(enabled: object = True, **setting: object) -> Case:
    return Case({"copyPolicyItemsEnabled": enabled, "copySettings": [{**_OSAKA, **setting}]})


@rule(
    "atl-backup-copy",
    title="Atlas copies snapshots and the log to a second region",
    severity=Severity.HIGH,
    types=[ATLAS_SCHEDULE],
    sources=["NIST 800-53: CP-6", "REC-REGION"],
    reason="backups in the cluster's own region are lost, or out of reach, together with it",
    fix="set mongodb.backup.copyRegion in the stack file",
    parameters={
        "copies": Parameter(1, "Least number of regions with a copy"),
        "regions": Parameter(("ASIA_NORTHEAST_2",), "Regions, as Atlas names them, that may hold a copy"),
        "restore_days": RESTORE_DAYS,
        "daily_days": DAILY_DAYS,
    },
    good=[_copied()],
    bad=[
        Case({}),
        Case({"copyPolicyItemsEnabled": True, "copySettings": []}),
        _copied(enabled=False),
        _copied(cloudProvider="AWS"),
        _copied(regionName="NORTHEASTERN_ASIA_PACIFIC"),
        Case({"copyPolicyItemsEnabled": True, "copySettings": [_NOWHERE]}),
        _copied(shouldCopyOplogs=False),
        _copied(copyPolicyItems=[_HOURLY]),
        _copied(copyPolicyItems=[{"frequencyType": each, "retentionUnit": "days"} for each in ("hourly", "daily")]),
    ],
)
def copy(found: Resource, copies: int, regions: Sequence[str], restore_days: int, daily_days: int) -> Iterator[str]:
    settings = found.nodes("copySettings")
    if len(settings) < copies:
        yield f"copySettings names {len(settings)} regions; at least {copies:g} are needed"
    if settings:
        yield from must_be(found, "copyPolicyItemsEnabled", True)
    for setting in settings:
        yield from must_be(setting, "cloudProvider", "GCP")
        yield from must_be(setting, "regionName", *regions)
        yield from must_be_set(setting, "zoneId")
        yield from must_be(setting, "shouldCopyOplogs", True)
        days = {item.text("frequencyType"): days_kept(item) for item in setting.nodes("copyPolicyItems")}
        for frequency, least in (("hourly", restore_days), ("daily", daily_days)):
            if days.get(frequency, 0) < least:
                yield f"{setting.where} keeps {frequency} copies for {days.get(frequency, 0):g} of {least:g} days"


_SHORTENING = ("updateSnapshots", "updateCopySnapshots", "deleteCopySnapshots")


@rule(
    "atl-snapshots-kept",
    title="A changed schedule deletes no snapshot that exists",
    severity=Severity.MEDIUM,
    types=[ATLAS_SCHEDULE],
    sources=["NIST 800-53: CP-9", "MDB-BACKUP"],
    reason="with these switches a retention that is lowered by mistake deletes older snapshots at once",
    fix="take updateSnapshots, updateCopySnapshots and deleteCopySnapshots out of the schedule",
    good=[Case({}), Case({"updateSnapshots": False})],
    bad=[Case({name: True}) for name in _SHORTENING],
)
def snapshots_kept(found: Resource) -> Iterator[str]:
    for name in _SHORTENING:
        yield from must_be(found, name, False, None)
