"""Hypothesis strategies for database flags: any of the catalogue's, in values that fit the machines they are set on."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from infra import catalog
from infra.catalog import Flag
from infra.derive.tiers import parse_tier

FlagValues = dict[str, Any]

_BUDGETED = ("max_connections", "shared_buffers", "work_mem", "maintenance_work_mem", "autovacuum_work_mem")
"""Flags that share the machine's memory and so cannot be drawn one by one."""

_GIVEN = {"cloudsql.iam_authentication": "on", "cloudsql.pg_authid_select_role": "pooler"}
"""Flags that the users and the pooler need."""

_KB = {"8 kB": 8, "kB": 1, "MB": 1024}
_TEXTS = {"pgaudit.log": ["all", "none", "ddl,role", "read,write"]}


@dataclass(frozen=True)
class Machines:
    """Memory of the smallest and the largest instance of a stack, in MiB."""

    smallest: int
    largest: int

    @classmethod
    def of(cls, primary: str, replicas: list[str]) -> "Machines":
        """Read the tiers' names."""
        sizes = [parse_tier(tier).memory_mib for tier in (primary, *replicas)]
        return cls(min(sizes), max(sizes))


@st.composite
def flags_of(draw: st.DrawFn, version: int, machines: Machines) -> FlagValues:
    """Flags that every instance can bear: the budget is the smallest machine's, because replicas inherit them."""
    percent = draw(st.integers(10, 40))
    free = machines.smallest * (100 - percent) // 100 - 256
    connections = draw(st.integers(14, max(14, min(5_000, free // 12))))
    each_kb = max(64, (free - connections * 6) * 1024 // connections // 3)
    autovacuum_kb = draw(st.integers(1024, max(1024, min(free // 20, 2**20) * 1024)))
    optional = {
        name: _values(flag)
        for name, flag in catalog.flags().items()
        if name not in (*_BUDGETED, *_GIVEN) and flag.since <= version
    }
    return {
        **_GIVEN,
        **draw(st.fixed_dictionaries({}, optional=optional)),
        "max_connections": draw(st.sampled_from([connections, str(connections)])),
        "shared_buffers": f"{percent} % of RAM",
        "work_mem": f"{draw(st.integers(64, min(each_kb, 2**31 - 1)))} kB",
        "autovacuum_work_mem": f"{autovacuum_kb} kB",
        **draw(st.fixed_dictionaries({}, optional={"maintenance_work_mem": st.just(f"{autovacuum_kb} kB")})),
    }


def replica_flags_of(flags: FlagValues, machines: Machines) -> st.SearchStrategy[FlagValues]:
    """What replicas may choose for themselves: less memory, and never fewer connections."""
    work_kb = int(flags["work_mem"].split()[0])
    return st.fixed_dictionaries(
        {},
        optional={
            "work_mem": st.integers(64, work_kb).map(lambda kb: f"{kb} kB"),
            "max_connections": st.just(int(flags["max_connections"])),
            "effective_cache_size": st.integers(-(-machines.smallest // 10), machines.smallest * 7 // 10).map(
                lambda mib: f"{mib} MB"
            )
            if machines.smallest == machines.largest
            else st.integers(10, 70).map(lambda percent: f"{percent} %"),
        },
    )


def _values(flag: Flag) -> st.SearchStrategy[Any]:
    if flag.type == "switch":
        return st.sampled_from(["on", "off", True, False])
    if flag.type == "choice":
        return st.sampled_from(flag.choices)
    if flag.type == "text":
        return st.sampled_from(_TEXTS[flag.name])
    if flag.type == "float":
        return st.floats(float(flag.minimum or 0), float(flag.maximum or 0), width=32)
    return _integers(flag) | st.sampled_from(flag.special) if flag.special else _integers(flag)


def _integers(flag: Flag) -> st.SearchStrategy[Any]:
    if isinstance(flag.minimum, str) and isinstance(flag.maximum, str):
        low, high = (int(bound.split()[0]) for bound in (flag.minimum, flag.maximum))
        return st.integers(low, high).map(lambda percent: f"{percent} % of RAM")
    whole = st.integers(int(flag.minimum or 0), int(flag.maximum or 0))
    if flag.unit in _KB:
        return whole.map(lambda steps: f"{steps * _KB[flag.unit or 'kB']} kB")
    return whole.map(lambda steps: f"{steps} {flag.unit}") if flag.unit else whole
