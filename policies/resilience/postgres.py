"""Cloud SQL for PostgreSQL: instances that stay up, keep their disk, and are not deleted by mistake."""

from collections.abc import Iterator, Sequence

from policies.kit import (
    Case,
    Level,
    Parameter,
    Resource,
    Severity,
    Stack,
    leaves,
    must_be,
    must_be_set,
    must_reach,
    rule,
)
from policies.kit.postgres import is_primary
from policies.kit.types import ALERT_POLICY, LOG_METRIC, SQL_DATABASE, SQL_INSTANCE, SQL_USER
from policies.resilience.machines import machine
from policies.resilience.reading import NIGHT, at_night, known_text, version

_REPLICA = {"masterInstanceName": "primary", "instanceType": "READ_REPLICA_INSTANCE"}
_SSD = ("PD_SSD", "HYPERDISK_BALANCED")


def _settings(**settings: object) -> dict[str, object]:
    return {"settings": settings}


@rule(
    "sql-ha",
    title="Cloud SQL primaries have a standby in a second zone",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE],
    sources=[
        "NIST 800-53: CP-10",
        "PG-HA",
        "PG-PHASE-3",
        "TGT-PG-SLA",
        "TGT-PG-RTO",
        "prowler cloudsql_instance_high_availability_enabled",
    ],
    reason="without a standby a lost zone stops every write, and Google promises no availability at all",
    fix="set postgres.primary.availability: REGIONAL in the stack file",
    parameters={"availability": Parameter(("REGIONAL",), "Availability types that a primary may have")},
    good=[Case(_settings(availabilityType="REGIONAL")), Case({**_REPLICA, **_settings(availabilityType="ZONAL")})],
    bad=[Case(_settings(availabilityType="ZONAL")), Case(_settings())],
)
def ha(instance: Resource, availability: Sequence[str]) -> Iterator[str]:
    if is_primary(instance):
        yield from must_be(instance, "settings.availabilityType", *availability)


@rule(
    "sql-always-on",
    title="Cloud SQL instances are switched on",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CP-10"],
    reason="activation policy NEVER stops the instance, and with it everything that uses it",
    fix="set settings.activationPolicy to ALWAYS",
    good=[Case(_settings(activationPolicy="ALWAYS"))],
    bad=[Case(_settings(activationPolicy="NEVER")), Case(_settings())],
)
def always_on(instance: Resource) -> Iterator[str]:
    yield from must_be(instance, "settings.activationPolicy", "ALWAYS")


@rule(
    "sql-delete-guard",
    title="Cloud SQL instances refuse to be deleted, to Pulumi and to everybody else",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE],
    sources=["CIS GCP 5.0: 6.9", "NIST 800-53: CP-9"],
    reason="deletionProtection stops Pulumi alone; only deletionProtectionEnabled stops the console and gcloud as well",
    fix="set project.deletionGuards: true in the stack file",
    good=[Case({"deletionProtection": True, **_settings(deletionProtectionEnabled=True)})],
    bad=[
        Case({"deletionProtection": False, **_settings(deletionProtectionEnabled=True)}),
        Case({**_REPLICA, "deletionProtection": True, **_settings(deletionProtectionEnabled=False)}),
        Case({"deletionProtection": True, **_settings()}),
        Case(_settings(deletionProtectionEnabled=True)),
    ],
)
def delete_guard(instance: Resource) -> Iterator[str]:
    yield from must_be(instance, "deletionProtection", True)
    yield from must_be(instance, "settings.deletionProtectionEnabled", True)


@rule(
    "sql-engine-allowed",
    title="Cloud SQL runs PostgreSQL",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CM-2", "PG-INST"],
    reason="the rules, the flags and the runbooks of this platform are PostgreSQL's; another engine would go unchecked",
    fix="set databaseVersion to a version of PostgreSQL",
    parameters={"engines": Parameter(("POSTGRES",), "Engines that are allowed")},
    good=[Case({"databaseVersion": "POSTGRES_16"})],
    bad=[Case({"databaseVersion": "MYSQL_8_4"}), Case({})],
)
def engine_allowed(instance: Resource, engines: Sequence[str]) -> Iterator[str]:
    if instance.text("databaseVersion").partition("_")[0] not in engines:
        yield f"databaseVersion is {instance.shown('databaseVersion')}; allowed engines: {', '.join(engines)}"


@rule(
    "sql-version-floor",
    title="Cloud SQL runs a major version that is still supported",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: SI-2", "CKV_GCP_79", "PG-INST"],
    reason="an old major version gets no security fixes, and a version can never be lowered again",
    fix="raise postgres.version in the stack file",
    parameters={
        "oldest": Parameter(16, "Oldest major version of PostgreSQL that is allowed"),
        "newest": Parameter(17, "Newest major version that the flag catalogue and the tests know"),
    },
    good=[Case({"databaseVersion": "POSTGRES_16"})],
    bad=[Case({"databaseVersion": "POSTGRES_13"}), Case({"databaseVersion": "POSTGRES_99"}), Case({})],
)
def version_floor(instance: Resource, oldest: int, newest: int) -> Iterator[str]:
    found = version(instance.text("databaseVersion"))
    if not found or not oldest <= found[0] <= newest:
        yield f"databaseVersion is {instance.shown('databaseVersion')}; allowed are {oldest:g} to {newest:g}"


@rule(
    "sql-tier",
    title="Cloud SQL states its edition, and has a whole machine that the edition offers",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CP-10", "PG-INST"],
    reason="without an edition Google takes ENTERPRISE_PLUS, which refuses custom machines; shared cores have no SLA",
    fix="set postgres.edition, postgres.primary.tier and each replica's tier in the stack file",
    good=[
        Case(_settings(edition="ENTERPRISE", tier="db-custom-16-61440")),
        Case(_settings(edition="ENTERPRISE_PLUS", tier="db-perf-optimized-N-8")),
    ],
    bad=[
        Case(_settings(tier="db-custom-16-61440")),
        Case(_settings(edition="ENTERPRISE", tier="db-f1-micro")),
        Case(_settings(edition="ENTERPRISE_PLUS", tier="db-custom-16-61440")),
        Case(_settings(edition="ENTERPRISE", tier="db-custom-3-61440")),
        Case(_settings(edition="ENTERPRISE")),
    ],
)
def tier(instance: Resource) -> Iterator[str]:
    yield from must_be(instance, "settings.edition", "ENTERPRISE", "ENTERPRISE_PLUS")
    shown = instance.shown("settings.tier")
    found = machine(instance.text("settings.tier"))
    if not found:
        yield f"settings.tier is {shown}; Cloud SQL offers no such machine"
    elif found.shared_core:
        yield f"settings.tier {shown} shares its core with others"
    elif found.edition != instance.text("settings.edition"):
        yield f"settings.tier {shown} belongs to {found.edition}; the edition is {instance.shown('settings.edition')}"


def _disk(size: int = 1024, limit: int = 4096, **more: object) -> dict[str, object]:
    disk = {"diskAutoresize": True, "diskAutoresizeLimit": limit, "diskSize": size, "diskType": "PD_SSD"}
    return _settings(**{**disk, **more})


@rule(
    "sql-disk",
    title="Cloud SQL disks grow by themselves, up to a limit",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CP-10", "PG-INST", "TRIG"],
    reason="a full disk stops the database, a disk without a limit costs without end, and a size that Pulumi sets back "
    "after the disk has grown replaces the instance or fails",
    fix="set postgres.storage.size and limit in the stack file; keep settings.diskSize in ignoreChanges",
    parameters={"most_gb": Parameter(4096, "Largest growth limit in GB whose cost is agreed on")},
    good=[Case(_disk(), ignore_changes=("settings.diskSize",))],
    bad=[
        Case(_disk()),
        Case(_disk(diskAutoresize=False), ignore_changes=("settings.diskSize",)),
        Case(_disk(limit=0), ignore_changes=("settings.diskSize",)),
        Case(_disk(size=4096, limit=1024), ignore_changes=("settings.diskSize",)),
        Case(_disk(limit=65536), ignore_changes=("settings.diskSize",)),
        Case(_disk(diskType="PD_HDD"), ignore_changes=("settings.diskSize",)),
    ],
)
def disk(instance: Resource, most_gb: int) -> Iterator[str]:
    yield from must_be(instance, "settings.diskAutoresize", True)
    yield from must_be(instance, "settings.diskType", *_SSD)
    limit = instance.number("settings.diskAutoresizeLimit")
    size = instance.number("settings.diskSize") or 0
    if not limit or not size < limit <= most_gb:
        shown = instance.shown("settings.diskAutoresizeLimit")
        yield f"settings.diskAutoresizeLimit is {shown}; it must lie above diskSize, at {most_gb:g} GB at most"
    if "settings.diskSize" not in instance.ignore_changes:
        yield "settings.diskSize is not in ignoreChanges"


def _window(day: int = 6, hour: int = 18, track: str = "stable") -> dict[str, object]:
    return _settings(maintenanceWindow={"day": day, "hour": hour, "updateTrack": track})


@rule(
    "sql-maintenance",
    title="Cloud SQL is maintained at night, on a slow track",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: SI-2", "PG-MAINT"],
    reason="without a window Google restarts the primary at any hour; replicas follow it and may have none",
    fix="set postgres.maintenance in the stack file; times there are local",
    parameters={**NIGHT, "tracks": Parameter(("stable", "week5"), "Update tracks that are allowed")},
    good=[Case(_window()), Case({**_REPLICA, **_settings()})],
    bad=[
        Case(_settings()),
        Case(_window(hour=3)),
        Case(_window(track="canary")),
        Case(_window(day=0)),
        Case({**_REPLICA, **_window()}),
    ],
)
def maintenance(instance: Resource, from_hour: int, until_hour: int, tracks: Sequence[str]) -> Iterator[str]:
    window = "settings.maintenanceWindow"
    if is_primary(instance):
        yield from must_be(instance, f"{window}.day", *range(1, 8))
        yield from at_night(instance, f"{window}.hour", from_hour, until_hour)
        yield from must_be(instance, f"{window}.updateTrack", *tracks)
    elif instance.has(window):
        yield f"{window} is set on a replica; Cloud SQL refuses it there"


@rule(
    "sql-insights",
    title="Query Insights is on",
    severity=Severity.LOW,
    level=Level.ADVISORY,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: SI-4", "MON-PG", "DASH"],
    reason="without Query Insights the latency of queries is neither measured nor alerted on",
    fix="set settings.insightsConfig.queryInsightsEnabled to true",
    good=[Case(_settings(insightsConfig={"queryInsightsEnabled": True, "queryStringLength": 1024}))],
    bad=[Case(_settings(insightsConfig={"queryInsightsEnabled": False})), Case(_settings())],
)
def insights(instance: Resource) -> Iterator[str]:
    yield from must_be(instance, "settings.insightsConfig.queryInsightsEnabled", True)
    yield from must_reach(instance, "settings.insightsConfig.queryStringLength", 1024, "characters")


@rule(
    "usr-abandon",
    title="Databases and users of PostgreSQL are never dropped by Pulumi",
    severity=Severity.LOW,
    types=[SQL_DATABASE, SQL_USER],
    sources=["NIST 800-53: CP-9"],
    reason="dropping a database loses its tables, and a user that owns objects cannot be dropped: the destroy hangs",
    fix="set deletionPolicy to ABANDON",
    good=[Case({"deletionPolicy": "ABANDON"}, type=SQL_DATABASE), Case({"deletionPolicy": "ABANDON"}, type=SQL_USER)],
    bad=[Case({"deletionPolicy": "DELETE"}, type=SQL_DATABASE), Case({}, type=SQL_USER)],
)
def abandon(resource: Resource) -> Iterator[str]:
    yield from must_be(resource, "deletionPolicy", "ABANDON")


_CHANGE_METHOD = "cloudsql.instances.update"


@rule(
    "sql-config-alert",
    title="Changes of Cloud SQL instances are counted and alerted on",
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    types=[SQL_INSTANCE],
    sources=["CIS GCP 5.0: 2.12", "NIST 800-53: SI-4"],
    reason="a backup that somebody turned off by hand is found out when it is needed",
    fix=f"declare a log metric of {_CHANGE_METHOD} and an alert policy on it",
    good=[
        Case(),
        Case(
            stack={
                "primary": (SQL_INSTANCE, {}),
                "changes": (LOG_METRIC, {"name": "sql-changes", "filter": f'methodName="{_CHANGE_METHOD}"'}),
                "alert": (ALERT_POLICY, {"conditions": [{"filter": "logging.googleapis.com/user/sql-changes"}]}),
            }
        ),
    ],
    bad=[
        Case(stack={"primary": (SQL_INSTANCE, {})}),
        Case(
            stack={
                "primary": (SQL_INSTANCE, {}),
                "changes": (LOG_METRIC, {"name": "sql-changes", "filter": f'methodName="{_CHANGE_METHOD}"'}),
            }
        ),
    ],
)
def config_alert(stack: Stack) -> Iterator[tuple[None, str]]:
    if not stack.of(SQL_INSTANCE):
        return
    counted = [each for each in stack.of(LOG_METRIC) if _CHANGE_METHOD in known_text(each, "filter")]
    if not counted:
        yield None, f"no log metric counts {_CHANGE_METHOD}"
        return
    names = {known_text(each, "name") for each in counted} - {""}
    watched = {value for each in stack.of(ALERT_POLICY) for _, value in leaves(dict(each.values))}
    if not any(f"user/{name}" in text for name in names for text in watched if isinstance(text, str)):
        yield None, f"no alert policy watches the log metric of {_CHANGE_METHOD}"


@rule(
    "sql-zone-stated",
    title="Cloud SQL instances state their zone",
    severity=Severity.LOW,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CP-10", "PG-INST", "PG-REPL"],
    reason="without a zone Google may put every instance into the same one",
    fix="set postgres.primary.zone and each replica's zone in the stack file",
    good=[Case(_settings(locationPreference={"zone": "asia-northeast1-a"}))],
    bad=[Case(_settings())],
)
def zone_stated(instance: Resource) -> Iterator[str]:
    yield from must_be_set(instance, "settings.locationPreference.zone")
