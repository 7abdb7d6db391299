"""Everything the mongodb settings accept, but search indexes: those need collections, which no plan makes."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from infra.catalog import mongodb_rows as catalog
from infra.settings.times import WEEKDAYS, utc_offset

_ZONES = ("UTC", "Asia/Tokyo", "Asia/Kathmandu", "America/Bogota")
_names = st.from_regex(r"[a-z](?:[a-z0-9-]{0,7}[a-z0-9])?", fullmatch=True)
_ids = st.from_regex(r"[0-9a-f]{23}[abcdf]", fullmatch=True)
"""Ends in a letter: without quotes, `1e5…` would be a number to the engine (the settings tell to quote)."""
_emails = st.from_regex(r"[a-z][a-z0-9]{0,8}@[a-z]{1,8}\.jp", fullmatch=True)


def mongodb(project: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The mongodb settings of a stack with these project settings, as plain values."""
    return _mongodb(project)


@st.composite
def _mongodb(draw: st.DrawFn, project: dict[str, Any]) -> dict[str, Any]:
    is_prod = project["environment"] == "prod"
    growing = draw(st.booleans())
    return {
        "organisation": draw(_ids),
        **draw(_sizes(project["region"], is_prod=is_prod)),
        "database": draw(st.from_regex(r"[a-z][a-z0-9_]{4,30}", fullmatch=True).filter(lambda name: name != "config")),
        "backup": draw(_backup(project["region"])),
        "maintenance": draw(_maintenance()),
        "alerts": draw(_alerts()),
        "users": draw(st.dictionaries(_names, _user(), min_size=1, max_size=4)),
        "diskAutoscaling": growing,
        **draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "version": st.sampled_from(sorted(catalog.atlas_versions())),
                    "audit": st.booleans(),
                    "searchIndexes": st.just(value=False),
                    "workloadIdentityProvider": st.fixed_dictionaries({"id": _ids, "audience": _names}),
                    **({"oplogWindow": st.integers(1, 168).map(lambda hours: f"{hours} hours")} if growing else {}),
                    **({"compliancePolicy": _compliance()} if is_prod else {}),
                },
            )
        ),
    }


@st.composite
def _sizes(draw: st.DrawFn, region: str, *, is_prod: bool) -> dict[str, Any]:
    """A size, bounds around it, and a disk that the smallest of them holds."""
    rows = {
        name: row
        for name, row in catalog.atlas_sizes().items()
        if region not in row.absent and not (is_prod and row.shared_core)
    }
    low, size, high = sorted(draw(st.tuples(*[st.integers(0, len(rows) - 1)] * 3)))
    names = list(rows)
    bounds = {"autoscaling": {"minimum": names[low], "maximum": names[high]}} if low < high else {}
    disk = draw(st.integers(10, min(rows[names[low]].disk_gb, rows[names[size]].disk_gb)))
    return {"size": names[size], "disk": f"{disk} GB", **bounds}


@st.composite
def _backup(draw: st.DrawFn, region: str) -> dict[str, Any]:
    kept = draw(st.integers(1, 365))
    copies = [other for other in catalog.atlas_regions() if other != region]
    hour, minute, zone = draw(st.tuples(st.integers(0, 23), st.integers(0, 59), st.sampled_from(_ZONES)))
    return {
        "time": f"{hour:02}:{minute:02} {zone}",
        "snapshotsRetained": f"{kept} days",
        "restoreWindow": f"{draw(st.integers(1, kept))} days",
        "dailyRetained": f"{draw(st.integers(kept, 3650))} days",
        **draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "snapshotEvery": st.sampled_from([1, 2, 4, 6, 8, 12]).map(lambda hours: f"{hours} hours"),
                    "copyRegion": st.sampled_from(copies),
                },
            )
        ),
    }


@st.composite
def _maintenance(draw: st.DrawFn) -> dict[str, Any]:
    zone = draw(st.sampled_from(_ZONES))
    local = timedelta(hours=draw(st.integers(24, 8 * 24 - 1))) + utc_offset(zone)
    hour, second = divmod(local.seconds, 3600)
    window = f"{WEEKDAYS[local.days % 7]} {hour:02}:{second // 60:02} {zone}"
    return {"window": window, **draw(st.fixed_dictionaries({}, optional={"deferOnce": st.booleans()}))}


@st.composite
def _alerts(draw: st.DrawFn) -> dict[str, Any]:
    roles = ["GROUP_OWNER", "GROUP_CLUSTER_MANAGER", "GROUP_DATA_ACCESS_ADMIN"]
    emails = draw(st.lists(_emails, max_size=3, unique=True))
    return {
        "emails": emails,
        "projectRoles": draw(st.lists(st.sampled_from(roles), min_size=0 if emails else 1, unique=True)),
    }


def _user() -> st.SearchStrategy[dict[str, Any]]:
    roles = st.lists(st.sampled_from(["read", "readWrite", "dbAdmin"]), min_size=1, unique=True)
    return st.fixed_dictionaries({"roles": roles})


def _compliance() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"email": _emails, "firstName": st.just("Hanako"), "lastName": st.just("O'Neill")})
