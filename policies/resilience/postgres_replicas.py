"""Read replicas of Cloud SQL for PostgreSQL: stated in full, in step with their primary, spread over zones."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from policies.kit import Case, Parameter, Resource, Severity, Stack, Undecided, must_be, must_be_set, rule
from policies.kit.postgres import flags, is_primary
from policies.kit.types import SQL_INSTANCE
from policies.kit.waiting import about_each_resource, all_of
from policies.resilience.machines import machine
from policies.resilience.reading import must_be_given

_AT_LEAST_PRIMARY = (
    "max_connections",
    "max_locks_per_transaction",
    "max_prepared_transactions",
    "max_wal_senders",
    "max_worker_processes",
)
"""PostgreSQL refuses to start a standby whose value is below the primary's (postgresql.org, hot standby)."""

_SAME_AS_PRIMARY = ("cloudsql.enable_pgaudit", "cloudsql.iam_authentication", "cloudsql.logical_decoding")
"""Cloud SQL refuses another value on a replica or overwrites it (cloud.google.com/sql, create-replica)."""

_FLAGS = [{"name": "max_connections", "value": "500"}, {"name": "cloudsql.iam_authentication", "value": "on"}]


def _primary(**settings: object) -> tuple[str, dict[str, object]]:
    stated = {
        "availabilityType": "REGIONAL",
        "databaseFlags": _FLAGS,
        "diskAutoresizeLimit": 4096,
        "diskSize": 1024,
        "edition": "ENTERPRISE",
        "locationPreference": {"zone": "asia-northeast1-a"},
        "tier": "db-custom-16-61440",
    }
    inputs = {"name": "pg", "region": "asia-northeast1", "databaseVersion": "POSTGRES_16"}
    return SQL_INSTANCE, {**inputs, "settings": {**stated, **settings}}


def _replica(zone: str = "b", inputs: dict[str, object] | None = None, **settings: object) -> dict[str, object]:
    own = {
        "availabilityType": "ZONAL",
        "deletionProtectionEnabled": True,
        "locationPreference": {"zone": f"asia-northeast1-{zone}"},
        "tier": "db-custom-8-30720",
    }
    return {
        **_primary()[1],
        "name": f"pg-{zone}",
        "instanceType": "READ_REPLICA_INSTANCE",
        "masterInstanceName": "pg",
        "settings": {**dict(_settings_of_primary()), **own, **settings},
        **(inputs or {}),
    }


def _settings_of_primary() -> dict[str, object]:
    settings = _primary()[1]["settings"]
    return settings if isinstance(settings, dict) else {}


def _stack(*replicas: dict[str, object], **primary: object) -> Case:
    named = {f"replica-{index}": (SQL_INSTANCE, replica) for index, replica in enumerate(replicas)}
    return Case(stack={"primary": _primary(**primary), **named})


def _replicas(stack: Stack) -> list[Resource]:
    return [each for each in stack.of(SQL_INSTANCE) if each.has("masterInstanceName")]


def _source(stack: Stack, replica: Resource) -> Resource | None:
    """The instance that a replica follows; raises Undecided when its name is not known yet."""
    name = replica.text("masterInstanceName").rpartition(":")[2]
    # Those with a known name first: only when none of them fits does an unknown one leave the question open.
    instances = sorted(stack.of(SQL_INSTANCE), key=lambda each: not each.known("name"))
    return next((each for each in instances if each.text("name") == name), None)


@rule(
    "rep-explicit",
    title="A replica leaves nothing to the API's defaults",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CM-2", "PG-REPL", "PG-FLAGS"],
    reason="a replica does not inherit what it does not state: it gets another edition, other flags, and then fails",
    fix="state it in postgres.replicas in the stack file",
    good=[Case(_replica()), Case({"settings": {}})],
    bad=[
        Case(_replica(edition=None)),
        Case(_replica(availabilityType=None)),
        Case(_replica(databaseFlags=[])),
        Case(_replica(tier="")),
        Case(_replica(inputs={"instanceType": "CLOUD_SQL_INSTANCE"})),
        Case(_replica(inputs={"replicaConfiguration": {"failoverTarget": True}})),
        Case(_replica(backupConfiguration={"enabled": True})),
        Case({"instanceType": "READ_REPLICA_INSTANCE", "settings": {}}),
    ],
)
def explicit(instance: Resource) -> Iterator[str]:
    if is_primary(instance):
        return
    stated = ("databaseVersion", "region", "settings.databaseFlags", "settings.tier")
    yield from all_of(
        must_be(instance, "instanceType", "READ_REPLICA_INSTANCE"),
        must_be_set(instance, "masterInstanceName"),
        *(must_be_given(instance, path) for path in stated),
        must_be(instance, "settings.edition", "ENTERPRISE", "ENTERPRISE_PLUS"),
        must_be(instance, "settings.availabilityType", "ZONAL", "REGIONAL"),
        _refused_on_a_replica(instance),
    )


def _refused_on_a_replica(instance: Resource) -> Iterator[str]:
    if instance.has("replicaConfiguration"):
        yield "replicaConfiguration is set; it is MySQL's, and a change of it replaces the replica"
    if instance.has("settings.backupConfiguration") and instance.get("settings.backupConfiguration.enabled"):
        yield "settings.backupConfiguration.enabled is true; Cloud SQL refuses it on a replica"


@rule(
    "rep-not-smaller",
    title="A replica keeps up with its primary: flags, disk and machine",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CP-10", "PG-REPL"],
    reason="a replica with fewer connections than its primary does not start, one with a smaller disk stops when the "
    "primary's grows, and one with a far smaller machine falls behind",
    fix="raise the replica's tier or flags (postgres.replicas, postgres.replicaFlags) in the stack file",
    parameters={"least_percent": Parameter(50, "Least share of the primary's processors and memory, in percent")},
    good=[_stack(_replica()), _stack()],
    bad=[
        _stack(_replica(databaseFlags=[{"name": "max_connections", "value": "100"}, _FLAGS[1]])),
        _stack(_replica(databaseFlags=[_FLAGS[1]])),
        _stack(_replica(databaseFlags=[_FLAGS[0], {"name": "cloudsql.iam_authentication", "value": "off"}])),
        _stack(_replica(tier="db-custom-4-15360")),
        _stack(_replica(diskSize=512)),
        _stack(_replica(diskAutoresizeLimit=2048)),
    ],
)
def not_smaller(stack: Stack, least_percent: int) -> Iterator[tuple[Resource, str]]:
    def check(replica: Resource) -> Iterator[str]:
        if source := _source(stack, replica):
            yield from _flags_in_step(replica, source)
            yield from _size_in_step(replica, source, least_percent)

    yield from about_each_resource(_replicas(stack), check)


def _flags_in_step(replica: Resource, source: Resource) -> Iterator[str]:
    own, given = flags(replica), flags(source)
    for name in _AT_LEAST_PRIMARY:
        if (name in own) != (name in given):
            yield f"flag {name} is set on one of replica and primary alone; the other's default depends on its memory"
        elif name in own and _count(own[name]) < _count(given[name]):
            yield f"flag {name} is {own[name]}, below the primary's {given[name]}"
    for name in _SAME_AS_PRIMARY:
        if own.get(name, "off") != given.get(name, "off"):
            yield f"flag {name} is {own.get(name, 'not set')}; the primary's is {given.get(name, 'not set')}"


def _count(value: str) -> int:
    return int(value) if value.isdecimal() else 0


def _size_in_step(replica: Resource, source: Resource, least_percent: int) -> Iterator[str]:
    for path in ("settings.diskSize", "settings.diskAutoresizeLimit"):
        if (replica.number(path) or 0) < (source.number(path) or 0):
            yield f"{path} is {replica.shown(path)}, below the primary's {source.shown(path)}"
    own, given = machine(replica.text("settings.tier")), machine(source.text("settings.tier"))
    if not own or not given:
        return  # rule sql-tier refuses it
    share = min(own.vcpus / given.vcpus, own.memory_mib / given.memory_mib) * 100
    if share < least_percent:
        yield f"settings.tier {own.name} is {share:.0f} % of the primary's; at least {least_percent:g} % is needed"


@rule(
    "rep-same-engine",
    title="A replica follows a primary of this stack, with its version",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CM-2", "PG-REPL"],
    reason="replication works between equal versions alone, and a replica of a foreign database brings foreign data in",
    fix="remove the replica or name this stack's primary; raise postgres.version for all of them at once",
    good=[_stack(_replica())],
    bad=[
        _stack(_replica(inputs={"databaseVersion": "POSTGRES_17"})),
        _stack(_replica(inputs={"masterInstanceName": "another"})),
        _stack(_replica(edition="ENTERPRISE_PLUS")),
    ],
)
def same_engine(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def check(replica: Resource) -> Iterator[str]:
        source = _source(stack, replica)
        if not source:
            yield f"masterInstanceName {replica.shown('masterInstanceName')} is no instance of this stack"
            return
        for path in ("databaseVersion", "settings.edition"):
            yield from must_be(replica, path, source.get(path))

    yield from about_each_resource(_replicas(stack), check)


@rule(
    "rep-zone-spread",
    title="Replicas stand in other zones than their primary and each other",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CP-10", "PG-REPL"],
    reason="one lost zone must not take the primary and its reads, or every replica, at once",
    fix="give each of postgres.replicas its own zone in the stack file",
    good=[_stack(_replica("b"), _replica("c"))],
    bad=[_stack(_replica("a")), _stack(_replica("b"), _replica("b")), _stack(_replica(locationPreference={}))],
)
def zone_spread(stack: Stack) -> Iterator[tuple[Resource, str]]:
    zone = "settings.locationPreference.zone"
    taken: dict[str, str] = {}

    def primary(instance: Resource) -> Iterator[str]:
        if is_primary(instance):
            taken.setdefault(instance.text(zone), instance.name)
        yield from ()

    def replica(instance: Resource) -> Iterator[str]:
        own = instance.text(zone)
        if not own:
            yield f"{zone} is not set"
        elif own in taken:
            yield f"{zone} is {own}, where {taken[own]} stands already"
        taken.setdefault(own, instance.name)

    if replicas := _replicas(stack):
        yield from all_of(about_each_resource(stack.of(SQL_INSTANCE), primary), about_each_resource(replicas, replica))


@rule(
    "rep-count",
    title="Every primary has enough read replicas",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CP-10", "PG-REPL", "PG-PHASE-2"],
    reason="with fewer replicas the reads of a lost one fall back on the primary and slow every write",
    fix="declare them in postgres.replicas in the stack file",
    parameters={"replicas": Parameter(2, "Read replicas that a primary needs")},
    good=[_stack(_replica("b"), _replica("c"))],
    bad=[_stack(_replica("b")), _stack()],
)
def count(stack: Stack, replicas: int) -> Iterator[tuple[Resource, str]]:
    source = "masterInstanceName"
    followers = [each.text(source) for each in _replicas(stack) if each.known(source)]
    hidden = len(_replicas(stack)) - len(followers)

    def check(primary: Resource) -> Iterator[str]:
        if not is_primary(primary):
            return
        found = sum(name.rpartition(":")[2] == primary.text("name") for name in followers)
        if found + hidden < replicas:
            yield f"{found + hidden} read replicas follow {primary.shown('name')}; {replicas:g} are needed"
        elif found < replicas:
            raise Undecided(source)

    yield from about_each_resource(stack.of(SQL_INSTANCE), check)


_BACKUP_AWAY = {"enabled": True, "location": "asia-northeast2"}


@rule(
    "rep-dr-region",
    title="Critical databases outlive their region",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CP-6", "NIST 800-53: CP-7", "PG-PHASE-4", "REC-REGION"],
    reason="when the region is lost, a database with neither a replica nor backups elsewhere is lost with it",
    fix="add a replica in project.disasterRecoveryRegion to postgres.replicas, or keep the backups in that region",
    parameters={
        "critical": Parameter(("*",), "Names of primaries that must outlive their region; * stands for any text"),
        "backups_count": Parameter(True, "Whether backups kept in another region are enough without a replica there"),
    },
    good=[
        _stack(_replica(inputs={"region": "asia-northeast2"})),
        _stack(backupConfiguration=_BACKUP_AWAY),
    ],
    bad=[
        _stack(_replica()),
        _stack(backupConfiguration={"enabled": True, "location": "asia-northeast1"}),
        _stack(backupConfiguration={**_BACKUP_AWAY, "enabled": False}),
        _stack(),
    ],
)
def dr_region(stack: Stack, critical: Sequence[str], backups_count: bool) -> Iterator[tuple[Resource, str]]:
    def check(primary: Resource) -> Iterator[str]:
        if not is_primary(primary):
            return
        name, region = primary.text("name"), primary.text("region")
        if not any(fnmatchcase(name, pattern) for pattern in critical):
            return
        away = {each.text("region") for each in _replicas(stack) if _source(stack, each) is primary} - {region, ""}
        backup = primary.node("settings.backupConfiguration")
        copied = backup.get("enabled") is True and backup.text("location") not in ("", region)
        if not away and not (backups_count and copied):
            also = " or backups" if backups_count else ""
            yield f"{name} has no replica{also} outside of {region}"

    yield from about_each_resource(stack.of(SQL_INSTANCE), check)
