"""Hypothesis strategies for everything the settings accept, over the whole space and not only around the two stacks.

`raw_settings()` draws plain values as a stack file holds them, and `infra.settings.load` accepts all of them. They are
drawn so that nearly all can also be built (`infra.derive.platform.derive`); `buildable_settings()` keeps those.
"""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from infra import catalog
from infra.derive.platform import derive
from infra.settings import Settings, SettingsError, load
from infra.settings.times import WEEKDAYS, utc_offset
from infra.settings.units import Size
from tests.properties.bigquery_strategies import bigquery
from tests.properties.cache_strategies import cache
from tests.properties.cdn_strategies import cdn
from tests.properties.elasticsearch_strategies import elasticsearch
from tests.properties.flag_strategies import Machines, flags_of, replica_flags_of
from tests.properties.invalidation_strategies import emptied, invalidation
from tests.properties.mongodb_strategies import mongodb
from tests.properties.monitoring_strategies import watched
from tests.properties.recovery_strategies import copies
from tests.properties.schemas_strategies import schema_step
from tests.properties.timescale_strategies import timescale

Raw = dict[str, Any]

_STORES = {
    "cache": cache,
    "mongodb": mongodb,
    "elasticsearch": elasticsearch,
    "timescale": timescale,
    "bigquery": bigquery,
    "invalidation": invalidation,
    "cdn": cdn,
}

ZONES = ("UTC", "Asia/Tokyo", "Asia/Kolkata", "Asia/Kathmandu", "America/Bogota", "Pacific/Kiritimati", "Etc/GMT+12")
"""Zones with one offset: whole, half and quarter hours, from 12 hours behind UTC to 14 ahead."""

names = st.from_regex(r"[a-z](?:[a-z0-9-]{0,7}[a-z0-9])?", fullmatch=True).filter(
    lambda name: name not in {"primary", "write", "read", "pooler", "standby", "postgres", "public", "none"}
)
labels = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)
durations = st.builds(
    lambda amount, unit: f"{amount} {unit}",
    st.integers(0, 10**6),
    st.sampled_from(["ms", "s", "minutes", "hours", "days", "day", "h"]),
)
sizes = st.builds(
    lambda amount, unit: f"{amount} {unit}", st.integers(0, 10**6), st.sampled_from(["kB", "MB", "GB", "GiB", "TB"])
)
shares = st.builds(
    lambda thousandths, suffix: f"{thousandths / 1000:g} %{suffix}",
    st.integers(0, 100_000),
    st.sampled_from(["", " of RAM"]),
)
local_times = st.builds(
    lambda hour, minute, zone: f"{hour:02}:{minute:02} {zone}",
    st.integers(0, 23),
    st.integers(0, 59),
    st.sampled_from(ZONES),
)


@st.composite
def weekly_times(draw: st.DrawFn) -> str:
    """A time of the week that is a full hour in UTC, in any of the zones."""
    zone = draw(st.sampled_from(ZONES))
    local = timedelta(hours=draw(st.integers(24, 8 * 24 - 1))) + utc_offset(zone)
    hour, second = divmod(local.seconds, 3600)
    return f"{WEEKDAYS[local.days % 7]} {hour:02}:{second // 60:02} {zone}"


@st.composite
def raw_settings(draw: st.DrawFn) -> Raw:
    """Every subject, as plain values keyed by subject; each store may be left out."""
    project = draw(_project())
    stores = draw(_some({"postgres": _postgres(project), **{name: store(project) for name, store in _STORES.items()}}))
    stores = draw(watched(draw(copies(draw(schema_step(draw(emptied(stores)))), project))))
    has_redis = stores.get("cache", {}).get("engine") == "redis"
    return {
        "project": project,
        "network": draw(_network(has_recovery="disasterRecoveryRegion" in project, has_redis=has_redis)),
        "encryption": draw(_encryption()),
        **stores,
    }


def buildable_settings() -> st.SearchStrategy[Settings]:
    """Settings from which a platform can be worked out."""
    return raw_settings().map(load).filter(_can_be_built)


def _can_be_built(settings: Settings) -> bool:
    try:
        derive(settings)
    except SettingsError:
        return False
    return True


@st.composite
def _project(draw: st.DrawFn) -> Raw:
    environment = draw(st.sampled_from(["dev", "staging", "prod"]))
    region, recovery = draw(st.permutations(list(catalog.regions())))[:2]
    return {
        "environment": environment,
        "gcpProject": draw(st.from_regex(r"triptrip-[a-z0-9]{1,10}", fullmatch=True)),
        "region": region,
        **draw(_some({"disasterRecoveryRegion": st.just(recovery), "generation": st.integers(1, 99)})),
        "deletionGuards": environment == "prod" or draw(st.booleans()),
        "labels": {
            "owner": draw(labels),
            "costCentre": draw(labels),
            "dataClass": draw(st.sampled_from(["public", "internal", "confidential", "restricted"])),
        },
    }


@st.composite
def _network(draw: st.DrawFn, *, has_recovery: bool, has_redis: bool) -> Raw:
    bases = draw(st.permutations(["10.0", "10.200", "172.16", "172.31", "192.168"]))
    return {
        "subnetRange": f"{bases[0]}.0.0/{draw(st.integers(16, 29))}",
        "privateServicesRange": f"{bases[1]}.0.0/{draw(st.integers(16, 20))}",
        **({"disasterRecoverySubnetRange": f"{bases[2]}.0.0/{draw(st.integers(16, 29))}"} if has_recovery else {}),
        **({"cacheRange": f"{bases[3]}.0.0/{draw(st.integers(16, 28))}"} if has_redis or draw(st.booleans()) else {}),
        "dnsDomain": f"{draw(names)}.{draw(names)}.internal",
        **draw(_some({"flowLogSampling": st.integers(0, 100).map(lambda percent: f"{percent} %")})),
    }


@st.composite
def _encryption(draw: st.DrawFn) -> Raw:
    return draw(
        _some(
            {
                "rotation": st.integers(86_400, 90 * 86_400).map(lambda seconds: f"{seconds} s"),
                "destroyDelay": st.integers(30, 120).map(lambda days: f"{days} days"),
                "protectionLevel": st.sampled_from(["SOFTWARE", "HSM"]),
            }
        )
    )


@st.composite
def _postgres(draw: st.DrawFn, project: Raw) -> Raw:
    edition = draw(st.sampled_from(["ENTERPRISE", "ENTERPRISE_PLUS"]))
    is_plus = edition == "ENTERPRISE_PLUS"
    version = draw(st.integers(14, 17))
    tiers = _tiers(edition, is_prod=project["environment"] == "prod")
    primary = draw(_primary(project["region"], tiers))
    replicas = draw(st.dictionaries(names, _replica(project, primary["zone"], tiers), max_size=4))
    abroad = [name for name, replica in replicas.items() if "region" in replica]
    machines = Machines.of(primary["tier"], [replica["tier"] for replica in replicas.values()])
    flags = draw(flags_of(version, machines))
    return {
        "version": version,
        "edition": edition,
        "database": draw(
            st.from_regex(r"t[a-z0-9_]{0,54}", fullmatch=True).filter(lambda name: name[:8] != "template")
        ),
        "primary": primary,
        "storage": draw(_storage(is_plus=is_plus)),
        "backup": draw(_backup(35 if is_plus else 7, is_regional=primary["availability"] == "REGIONAL")),
        "maintenance": draw(_maintenance()),
        "flags": flags,
        "replicaFlags": draw(replica_flags_of(flags, machines)),
        "replicas": replicas,
        **draw(_some({"disasterRecoveryReplica": st.sampled_from(abroad)} if is_plus and abroad else {})),
        **draw(_some({"dataCache": st.booleans() if is_plus else st.just(value=False)})),
        **draw(_some({"passwordPolicy": _password_policy(), "insights": _insights()})),
        **draw(_clients(int(flags["max_connections"]), is_plus=is_plus)),
    }


def _tiers(edition: str, *, is_prod: bool) -> st.SearchStrategy[str]:
    fixed = [
        name
        for name, row in catalog.fixed_tiers().items()
        if row.edition == edition and not (is_prod and row.shared_core)
    ]
    if edition != catalog.custom_tier_rule().edition:
        return st.sampled_from(fixed)
    return st.one_of(_custom_tiers(), st.sampled_from(fixed)) if fixed else _custom_tiers()


@st.composite
def _custom_tiers(draw: st.DrawFn) -> str:
    rule = catalog.custom_tier_rule()
    vcpus = draw(st.just(1) | st.integers(1, rule.maximum_vcpus // 2).map(lambda half: half * 2))
    step = rule.memory_multiple_mib
    low = max(rule.minimum_memory_mib, vcpus * rule.minimum_memory_per_vcpu_mib)
    high = min(rule.maximum_memory_mib, vcpus * rule.maximum_memory_per_vcpu_mib)
    return f"db-custom-{vcpus}-{draw(st.integers(-(-low // step), high // step)) * step}"


@st.composite
def _primary(draw: st.DrawFn, region: str, tiers: st.SearchStrategy[str]) -> Raw:
    zone, other = draw(st.permutations(catalog.regions()[region].zones))[:2]
    availability = draw(st.sampled_from(["REGIONAL", "ZONAL"]))
    standby = draw(_some({"secondaryZone": st.just(other)})) if availability == "REGIONAL" else {}
    return {"tier": draw(tiers), "zone": zone, "availability": availability, **standby}


@st.composite
def _replica(draw: st.DrawFn, project: Raw, primary_zone: str, tiers: st.SearchStrategy[str]) -> Raw:
    recovery = project.get("disasterRecoveryRegion")
    region = recovery if recovery and draw(st.booleans()) else project["region"]
    zones = [zone for zone in catalog.regions()[region].zones if zone != primary_zone]
    return {
        "tier": draw(tiers),
        "zone": draw(st.sampled_from(zones)),
        **({"region": region} if region != project["region"] else {}),
    }


@st.composite
def _storage(draw: st.DrawFn, *, is_plus: bool) -> Raw:
    size = draw(st.integers(10, 65_536))
    limit = draw(st.integers(size, 65_536))
    kinds = ["SSD"] if is_plus else ["SSD", "HDD"]
    return {
        **draw(_some({"type": st.sampled_from(kinds)})),
        "size": str(Size(size << 30)),
        "limit": draw(st.sampled_from([f"{limit} GB", f"{limit * 1024} MB"])),
    }


@st.composite
def _backup(draw: st.DrawFn, most_log_days: int, *, is_regional: bool) -> Raw:
    days = draw(st.integers(1, most_log_days))
    return {
        "time": draw(local_times),
        "retained": draw(st.integers(days, 365)),
        "pointInTimeRecovery": is_regional or draw(st.booleans()),
        "transactionLogs": draw(st.sampled_from([f"{days} days", f"{days * 24} hours"])),
        "finalBackup": f"{draw(st.integers(1, 365))} days",
        **draw(_some({"location": st.sampled_from(["asia", "asia-northeast1"])})),
    }


@st.composite
def deny_periods(draw: st.DrawFn) -> Raw:
    """A period without maintenance, once or every year; a yearly one keeps away from the end of February."""
    if draw(st.booleans()):
        start = draw(st.dates(min_value=date(2026, 1, 1), max_value=date(2090, 1, 1)))
        form, end = "%Y-%m-%d", start + timedelta(days=draw(st.integers(1, 90)))
    else:
        start = draw(st.dates(min_value=date(2027, 3, 3), max_value=date(2027, 12, 31)))
        latest = min(date(2028, 2, 26), start + timedelta(days=90))
        form, end = "%m-%d", draw(st.dates(min_value=start + timedelta(days=1), max_value=latest))
    return {"start": f"{start:{form}}", "end": f"{end:{form}}", "time": draw(local_times)}


@st.composite
def _maintenance(draw: st.DrawFn) -> Raw:
    return {
        "window": draw(weekly_times()),
        **draw(_some({"track": st.sampled_from(["canary", "stable", "week5"]), "deny": deny_periods()})),
    }


def _password_policy() -> st.SearchStrategy[Raw]:
    return _some(
        {
            "minLength": st.integers(8, 64),
            "reuseInterval": st.integers(0, 100),
            "changeInterval": st.integers(1, 365).map(lambda days: f"{days} days"),
        }
    )


def _insights() -> st.SearchStrategy[Raw]:
    return _some(
        {
            "queryLength": st.integers(256, 4500),
            "plansPerMinute": st.integers(0, 20),
            "applicationTags": st.booleans(),
            "clientAddress": st.booleans(),
        }
    )


_MACHINES = {
    "image": "asia-northeast1-docker.pkg.dev/triptrip-images/platform/pooler@sha256:" + "0123456789abcdef" * 4,
    "certificate": "pooler-certificate/1",
    "certificateAuthority": "pooler-certificate-authority/1",
}


@st.composite
def _clients(draw: st.DrawFn, max_connections: int, *, is_plus: bool) -> Raw:
    """A pooler and users that fit under max_connections with some to spare."""
    kinds = ["none", "pgbouncer", "managed"] if is_plus else ["none", "pgbouncer"]
    kind = draw(st.sampled_from(kinds if max_connections > 120 else ["none"]))
    users = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    pooled = set(draw(st.lists(st.sampled_from(users), min_size=1, max_size=2))) if kind != "none" else set()
    instances = draw(st.integers(2, 3))
    free = max_connections - 14 - (9 * instances if kind == "pgbouncer" else 0)
    # A user may have the write pool, and two pools of reads on the primary that are as large at most.
    share = free // 2 // max(1, instances * 3 * len(pooled))
    size = draw(st.integers(1, max(1, share - 1)))
    reserve = draw(st.integers(0, max(0, share - 1 - size)))
    each = max(1, free // 2 // len(users))
    endpoints = st.sampled_from([["write"], ["read"], ["write", "read"], ["read", "write"]])
    return {
        "pooler": {
            "kind": kind,
            "instances": instances,
            "defaultPoolSize": min(size, 10_000),
            "reservePoolSize": min(reserve, 1_000),
            "maxClientConnections": draw(st.integers(11_000, 100_000)),
            "machineType": "e2-standard-4",
            "reads": {"fallbackPoolSize": 1},
            **(_MACHINES if kind == "pgbouncer" or draw(st.booleans()) else {}),
        },
        "users": {
            user: {
                "endpoints": draw(endpoints),
                "role": draw(st.sampled_from(["read", "write", "report", "owner"])),
                **({"pooled": True} if user in pooled else {"connections": draw(st.integers(1, min(each, 10_000)))}),
            }
            for user in users
        },
    }


def _some(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Raw]:
    """Any selection of optional fields."""
    return st.fixed_dictionaries({}, optional={key: field for key, field in fields.items() if not field.is_empty})
