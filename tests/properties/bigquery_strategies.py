"""Everything the bigquery settings accept."""

from typing import Any

from hypothesis import strategies as st

from infra.catalog import bigquery_rows

Raw = dict[str, Any]

_EMAILS = st.from_regex(r"[a-z][a-z0-9._+-]{0,10}@[a-z]{1,8}\.jp", fullmatch=True)
_PROGRAMS = st.sampled_from(["application", "reporting", "loader", "trainer"])
_DATASETS = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
_TIMES = st.builds(
    lambda hour, minute, zone: f"{hour:02}:{minute:02} {zone}",
    st.integers(0, 23),
    # No full hour in UTC, in whole, half and quarter hours from it.
    st.integers(1, 59).filter(lambda minute: minute % 15),
    st.sampled_from(["UTC", "Asia/Tokyo", "Asia/Kolkata", "Asia/Kathmandu", "America/Bogota", "Pacific/Kiritimati"]),
)


@st.composite
def bigquery(draw: st.DrawFn, project: Raw) -> Raw:
    """The bigquery settings of a stack with these project settings, as plain values."""
    del project
    owners = draw(st.lists(_EMAILS, min_size=1, max_size=2, unique=True))
    names = draw(st.lists(_DATASETS, min_size=1, max_size=4, unique=True))
    tables = _tables(draw, names)
    held = {table["dataset"] for table in tables.values()}
    reports = [name for name, row in bigquery_rows.reports().items() if {*row.reads, row.writes} <= tables.keys()]
    return {
        "ownerGroups": owners,
        "datasets": {name: draw(_dataset(owners, has_tables=name in held)) for name in names},
        "tables": tables,
        "reports": {name: {"time": draw(_TIMES)} for name in reports if draw(st.booleans())},
        "cost": draw(st.one_of(_on_demand(), _reservation())),
        **draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "queryGroups": st.lists(_EMAILS, max_size=3, unique=True),
                    "queryPrograms": st.lists(_PROGRAMS, max_size=3, unique=True),
                    "timeTravel": st.integers(2, 7).map(lambda days: f"{days} days"),
                    "storageBilling": st.sampled_from(["LOGICAL", "PHYSICAL"]),
                },
            )
        ),
        **_federation(draw),
    }


def _tables(draw: st.DrawFn, datasets: list[str]) -> Raw:
    known = sorted(bigquery_rows.tables())
    chosen = draw(st.just(known) | st.lists(st.sampled_from(known), unique=True))
    retention = st.fixed_dictionaries({}, optional={"retention": st.integers(1, 3650).map(lambda days: f"{days} days")})
    return {name: {"dataset": draw(st.sampled_from(datasets)), **draw(retention)} for name in chosen}


def _federation(draw: st.DrawFn) -> Raw:
    """Now and then: it can be built only where PostgreSQL is drawn as well."""
    if draw(st.integers(0, 2)):
        return {}
    return {
        "federation": draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "passwordVersion": st.integers(1, 10_000),
                    "userGroups": st.lists(_EMAILS, max_size=2, unique=True),
                },
            )
        )
    }


@st.composite
def _dataset(draw: st.DrawFn, owners: list[str], *, has_tables: bool) -> Raw:
    groups = [group for group in draw(st.lists(_EMAILS, max_size=4, unique=True)) if group not in owners]
    programs = draw(st.lists(_PROGRAMS, max_size=3, unique=True))
    cut, split = draw(st.integers(0, len(groups))), draw(st.integers(0, len(programs)))
    lifetimes = st.integers(1, 3650 * 24).map(lambda hours: f"{hours} hours")
    return {
        "description": draw(st.from_regex(r"[A-Z][a-z ]{0,30}", fullmatch=True)),
        "readerGroups": groups[:cut],
        "editorGroups": groups[cut:],
        "readerPrograms": programs[:split],
        "writerPrograms": programs[split:],
        **draw(
            st.fixed_dictionaries(
                {}, optional={"partitionLifetime": lifetimes, **({} if has_tables else {"tableLifetime": lifetimes})}
            )
        ),
    }


@st.composite
def _on_demand(draw: st.DrawFn) -> Raw:
    most = draw(st.integers(1024, 200 * 1024 * 1024))
    return {
        "kind": "on-demand",
        "perDay": f"{most} MB",
        "perUserPerDay": f"{draw(st.integers(1024, most))} MB",
    }


@st.composite
def _reservation(draw: st.DrawFn) -> Raw:
    most = draw(st.integers(1, 200))
    return {
        "kind": "reservation",
        "edition": draw(st.sampled_from(["ENTERPRISE", "ENTERPRISE_PLUS"])),
        "maximumSlots": most * 50,
        **draw(
            st.fixed_dictionaries({}, optional={"baselineSlots": st.integers(0, most).map(lambda steps: steps * 50)})
        ),
    }
