"""The policies of a server against policies.yaml: what is missing, otherwise or too much.

`if_not_exists` is never relied on: with other arguments than a policy's own it leaves the policy as it is, in silence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from psycopg import sql

from schema.kit import Action, Step
from schema.sql.session import Connection, limited, told
from schema.timescale.contents import Contents
from schema.timescale.interval import Interval
from schema.timescale.policies import After, AggregatePolicies, HypertablePolicies, Refresh

CHUNK = "chunk interval"


@dataclass(frozen=True)
class _Kind:
    """A kind of policy: the procedure its job runs, and the statement that adds it."""

    procedure: str
    add: str


_KINDS: Mapping[str, _Kind] = {
    "columnstore": _Kind(
        "policy_compression", "CALL add_columnstore_policy({relation}, after => {after}, schedule_interval => {every})"
    ),
    "retention": _Kind(
        "policy_retention",
        "SELECT add_retention_policy({relation}, drop_after => {after}, schedule_interval => {every})",
    ),
    "refresh": _Kind(
        "policy_refresh_continuous_aggregate",
        "SELECT add_continuous_aggregate_policy({relation}, start_offset => {start}, end_offset => {end},"
        " schedule_interval => {every})",
    ),
}
_PROCEDURES = {kind.procedure: name for name, kind in _KINDS.items()}

_JOBS = """
SELECT coalesce(a.view_name, j.hypertable_name), j.proc_name, j.job_id, j.scheduled, v.key,
    extract(year FROM v.value)::int * 12 + extract(month FROM v.value)::int,
    extract(day FROM v.value)::int,
    (extract(hour FROM v.value) * 3600 + extract(minute FROM v.value) * 60 + extract(second FROM v.value))::int
FROM timescaledb_information.jobs AS j
LEFT JOIN timescaledb_information.continuous_aggregates AS a ON a.materialization_hypertable_name = j.hypertable_name
CROSS JOIN LATERAL (VALUES
    ('after', coalesce(j.config ->> 'drop_after', j.config ->> 'compress_after')::interval),
    ('start', (j.config ->> 'start_offset')::interval),
    ('end', (j.config ->> 'end_offset')::interval),
    ('every', j.schedule_interval)
) AS v (key, value)
WHERE v.value IS NOT NULL AND j.proc_name = ANY(%s) AND coalesce(a.view_name, j.hypertable_name) = ANY(%s)
ORDER BY j.job_id
"""
_CHUNKS = """
SELECT hypertable_name, extract(day FROM time_interval)::int,
    (extract(hour FROM time_interval) * 3600 + extract(minute FROM time_interval) * 60)::int
FROM timescaledb_information.dimensions WHERE dimension_number = 1
"""
_DELETE = """
SELECT delete_job(j.job_id) FROM timescaledb_information.jobs AS j
LEFT JOIN timescaledb_information.continuous_aggregates AS a ON a.materialization_hypertable_name = j.hypertable_name
WHERE j.proc_name = %s AND coalesce(a.view_name, j.hypertable_name) = %s
"""


@dataclass(frozen=True)
class _Policy:
    """A policy of a relation: its lengths of time by name, and whether it is paused."""

    values: Mapping[str, Interval]
    is_paused: bool = False


_Place = tuple[str, str]
"""A relation and a kind."""


class Reconciler:
    """The policies of one server, and what policies.yaml says of them."""

    def __init__(self, connection: Connection, contents: Contents) -> None:
        self._connection = connection
        self._contents = contents

    def steps(self) -> Iterator[Step]:
        """What is to be changed, chunk intervals first; a relation that is not there is one that files will make."""
        is_there = self._has_extension()
        yield from self._chunk_steps(self.chunks() if is_there else {})
        wanted, present = self._wanted(), self._present() if is_there else {}
        for place in sorted({*wanted, *present}, key=lambda place: (list(_KINDS).index(place[1]), place[0])):
            yield from self._policy_steps(place, wanted.get(place), present.get(place, ()))

    def chunks(self) -> Mapping[str, Interval]:
        """How much time new chunks hold, by hypertable."""
        rows = self._connection.execute(_CHUNKS)
        return {name: Interval(days=days, seconds=seconds) for name, days, seconds in rows}

    def _has_extension(self) -> bool:
        return self._connection.execute("SELECT to_regclass('timescaledb_information.jobs')").fetchone() != (None,)

    def _chunk_steps(self, present: Mapping[str, Interval]) -> Iterator[Step]:
        for name, row in self._contents.policies.hypertables.items():
            now = present.get(name, self._contents.definitions.hypertables[name].chunk)
            if now.length != row.chunk.length:
                yield Step(
                    Action.CHANGE,
                    f"{CHUNK} of {name}",
                    f"{now} → {row.chunk}, for chunks to come",
                    partial(self._set_chunk, name, row.chunk),
                )

    def _policy_steps(self, place: _Place, wanted: _Policy | None, present: Sequence[_Policy]) -> Iterator[Step]:
        relation, kind = place
        what = f"{kind} of {relation}"
        if wanted is None:
            told_all = "; ".join(_told(policy.values) for policy in present)
            yield Step(Action.DELETE, what, told_all, partial(self._put, place, None))
        elif not present:
            yield Step(Action.CREATE, what, _told(wanted.values), partial(self._put, place, wanted))
        elif list(present) != [wanted]:
            detail = ", ".join(_differences(present, wanted))
            yield Step(Action.CHANGE, what, detail, partial(self._put, place, wanted))

    def _wanted(self) -> Mapping[_Place, _Policy]:
        policies = self._contents.policies
        rows: Mapping[str, HypertablePolicies | AggregatePolicies] = {
            **policies.hypertables,
            **policies.continuous_aggregates,
        }
        return {
            (name, kind): _Policy(_values(policy))
            for name, row in rows.items()
            for kind in _KINDS
            if (policy := getattr(row, kind, None))
        }

    def _present(self) -> Mapping[_Place, Sequence[_Policy]]:
        policies = self._contents.policies
        relations = [*policies.hypertables, *policies.continuous_aggregates]
        jobs: dict[tuple[str, str, int, bool], dict[str, Interval]] = {}
        for relation, procedure, job, is_scheduled, key, *lengths in self._connection.execute(
            _JOBS, (list(_PROCEDURES), relations)
        ):
            jobs.setdefault((relation, _PROCEDURES[procedure], job, not is_scheduled), {})[key] = Interval(*lengths)
        found: dict[_Place, list[_Policy]] = {}
        for (relation, kind, _, is_paused), values in jobs.items():
            found.setdefault((relation, kind), []).append(_Policy(values, is_paused))
        return found

    def _set_chunk(self, relation: str, chunk: Interval) -> None:
        with told(self._contents.policies_file.path), limited(self._connection):
            self._connection.execute(
                "SELECT set_chunk_time_interval(%s::regclass, %s::interval)", (relation, _literal(chunk))
            )

    def _put(self, place: _Place, policy: _Policy | None) -> None:
        """Take away what there is and add what is to be, in one transaction; the server judges it as a new one."""
        relation, kind = place
        path = self._contents.policies_file.path
        with told(path), limited(self._connection), self._connection.transaction():
            self._connection.execute(_DELETE, (_KINDS[kind].procedure, relation))
            if policy:
                lengths = {
                    key: sql.SQL("{}::interval").format(sql.Literal(_literal(value)))
                    for key, value in policy.values.items()
                }
                self._connection.execute(sql.SQL(_KINDS[kind].add).format(relation=sql.Literal(relation), **lengths))


def _values(policy: After | Refresh) -> Mapping[str, Interval]:
    return {name: getattr(policy, name) for name in type(policy).model_fields}


def _told(values: Mapping[str, Interval]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _differences(present: Sequence[_Policy], wanted: _Policy) -> Iterator[str]:
    first, *others = present
    if others:
        yield f"{len(present)} policies → one: {_told(wanted.values)}"
        return
    for name in {**wanted.values, **first.values}:
        before, after = first.values.get(name), wanted.values.get(name)
        if before != after:
            yield f"{name} {before or 'unlimited'} → {after or 'unlimited'}"
    if first.is_paused:
        yield "paused → runs"


def _literal(value: Interval) -> str:
    return f"{value.months} months {value.days} days {value.seconds} seconds"
