"""Everything the cache settings accept, with either engine."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from infra import catalog
from infra.settings.times import WEEKDAYS

Raw = dict[str, Any]

_clients = st.lists(
    st.from_regex(r"[a-z](?:[a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True), min_size=1, max_size=3, unique=True
)
_policies = ("noeviction", *(f"{keys}-{way}" for keys in ("allkeys", "volatile") for way in ("lru", "lfu", "random")))
_events = st.builds(
    lambda kinds, classes: kinds + "".join(sorted(classes)),
    st.sampled_from(["K", "E", "KE"]),
    st.sets(st.sampled_from("g$lshzxeA"), min_size=1),
)
_times = st.builds(
    lambda hour, minute, zone: f"{hour:02}:{minute:02} {zone}",
    st.integers(0, 23),
    st.integers(0, 59),
    st.sampled_from(["UTC", "Asia/Tokyo", "Asia/Kathmandu"]),
)


@st.composite
def cache(draw: st.DrawFn, project: Raw) -> Raw:
    """The cache settings of a stack with these project settings, as plain values."""
    engine = draw(st.sampled_from(["redis", "valkey"]))
    own = draw(_redis(project["region"])) if engine == "redis" else draw(_valkey())
    return {
        "engine": engine,
        **own,
        "maintenance": f"{draw(st.sampled_from(WEEKDAYS))} {draw(_full_hours())}",
        "clients": draw(_clients),
        **draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "evictionPolicy": st.sampled_from([*_policies, "volatile-ttl"]),
                    "keyspaceEvents": _events,
                    "pool": _pool(),
                    "targets": st.fixed_dictionaries(
                        {},
                        optional={
                            "operationsPerSecond": st.integers(1, 10**7),
                            "availability": st.sampled_from(["99.9 %", "99.95 %", "99.999 %"]),
                        },
                    ),
                },
            )
        ),
    }


@st.composite
def _redis(draw: st.DrawFn, region: str) -> Raw:
    size = draw(st.integers(2, 300))
    reads = size >= 5 and draw(st.booleans())
    zone, other = draw(st.permutations(catalog.regions()[region].zones))[:2]
    return {
        "size": f"{size} GB",
        "replicas": draw(st.integers(1, 5)) if reads else 1,
        "redis": {
            **draw(st.fixed_dictionaries({}, optional={"version": st.sampled_from(["REDIS_7_0", "REDIS_7_2"])})),
            "zone": zone,
            "alternativeZone": other,
            "usable": f"{draw(st.integers(1, size - 1))} GB",
            "readEndpoint": reads,
            "snapshots": {
                "every": draw(st.sampled_from(["1 hour", "6 hours", "720 minutes", "1 day"])),
                "start": draw(_times),
            },
        },
    }


@st.composite
def _valkey(draw: st.DrawFn) -> Raw:
    return {
        "size": f"{draw(st.integers(1, 88))} GB",
        "replicas": draw(st.integers(1, 5)),
        "valkey": {
            **draw(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "version": st.sampled_from(["VALKEY_7_2", "VALKEY_8_0", "VALKEY_9_0"]),
                        "appendSync": st.sampled_from(["EVERY_SEC", "ALWAYS", "NEVER"]),
                    },
                )
            ),
            "backup": {"time": draw(_full_hours()), "retained": f"{draw(st.integers(1, 365))} days"},
        },
    }


@st.composite
def _full_hours(draw: st.DrawFn) -> str:
    """A time of day that is a full hour in UTC, in zones of whole and odd offsets."""
    zone, offset = draw(st.sampled_from([("UTC", 0), ("Asia/Tokyo", 540), ("Asia/Kathmandu", 345)]))
    local = timedelta(minutes=draw(st.integers(0, 23)) * 60 + offset)
    return f"{local.seconds // 3600:02}:{local.seconds % 3600 // 60:02} {zone}"


@st.composite
def _pool(draw: st.DrawFn) -> Raw:
    least, idle, total = sorted(draw(st.lists(st.integers(1, 10_000), min_size=3, max_size=3)))
    return {
        "minIdle": least,
        "maxIdle": idle,
        "maxTotal": total,
        "maxWait": f"{draw(st.integers(1, 60_000))} ms",
    }
