"""Rules of the SQL files: what a statement must not be, and what it must not define."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from schema.kit import SchemaError
from schema.sql.directives import directives
from schema.timescale.contents import Contents
from schema.timescale.interval import Interval
from schema.timescale.statements import plain_statements

ZONE = "Asia/Tokyo"
_DAY = Interval(days=1)


@dataclass(frozen=True)
class _Form:
    """A statement that is refused; `only_whole`: in files that run as one transaction, which it does not bear."""

    pattern: re.Pattern[str]
    given: str
    allowed: str
    fix: str
    only_whole: bool = False


_ALONE = "alone in a file with `-- schema: transaction = none`"
_FORMS = (
    _Form(
        re.compile(
            r"[^']*\b(?:add|remove)_(?:retention|compression|columnstore|continuous_aggregate)_policy \(", re.DOTALL
        ),
        "sets a policy, which would be set once and never compared again",
        "policies as rows of policies.yaml",
        "move it there",
    ),
    _Form(
        re.compile(r"create table .*\bwith \( (?:[^()]*, )?(?:tsdb|timescaledb) \.", re.DOTALL),
        "makes a hypertable by CREATE TABLE … WITH, which adds a columnstore policy of its own in silence",
        "CREATE TABLE, then SELECT create_hypertable('table', by_range('time', INTERVAL '1 day'))",
        "write it so",
    ),
    _Form(
        re.compile(r"select create_hypertable \( '[^']*' , (?!by_range\b)", re.DOTALL),
        "uses the old form of create_hypertable",
        "SELECT create_hypertable('table', by_range('time', INTERVAL '1 day'))",
        "write it so",
    ),
    _Form(
        re.compile(r"alter (?:table|materialized view) .*\btimescaledb \. compress", re.DOTALL),
        "uses the names of before TimescaleDB 2.18",
        "timescaledb.enable_columnstore, timescaledb.segmentby, timescaledb.orderby",
        "write it so",
    ),
    _Form(
        re.compile(r"create materialized view .*\btimescaledb \. continuous\b(?!.* with no data$)", re.DOTALL),
        "fills the aggregate when it is made, which no transaction bears",
        f"WITH NO DATA, and its refresh policy fills it; or {_ALONE}",
        "end it with WITH NO DATA",
        only_whole=True,
    ),
    _Form(
        re.compile(
            r"create materialized view .*\btimescaledb \. continuous\b.*\b(?:now \(|current_timestamp)", re.DOTALL
        ),
        "asks for the present time, which an aggregate that is kept must not depend on",
        "conditions on columns and constants",
        "leave it out; who reads the aggregate can ask so",
    ),
    _Form(
        re.compile(r"call refresh_continuous_aggregate\b"),
        "refreshes an aggregate, which no transaction bears",
        _ALONE,
        "move it there, or leave it to the refresh policy",
        only_whole=True,
    ),
    _Form(
        re.compile(r"(?:create (?:unique )?|drop )index concurrently\b"),
        "is CONCURRENTLY, which no transaction bears",
        _ALONE,
        "leave the word out, or move the statement",
        only_whole=True,
    ),
)
_CONCURRENT = re.compile(
    r"create (?:unique )?index concurrently (?:if not exists )?(?:\w+ )?on (?:only )?(?P<table>\w+)"
)


def forms(contents: Contents) -> Iterator[SchemaError]:
    """Statements that the server or this schema has no room for."""
    for statement in (statement for file in contents.files for statement in plain_statements(file)):
        is_whole = directives(statement.file).transaction == "whole"
        for form in _FORMS:
            if (is_whole or not form.only_whole) and form.pattern.match(statement.text):
                yield SchemaError(statement.place, form.given, allowed=form.allowed, fix=form.fix)
        found = _CONCURRENT.match(statement.text)
        if found and found["table"] in contents.definitions.hypertables:
            yield SchemaError(
                statement.place,
                f"makes an index of hypertable {found['table']} CONCURRENTLY, which hypertables do not have",
                allowed="CREATE INDEX … WITH (timescaledb.transaction_per_chunk)",
                fix=f"write it so, {_ALONE}",
            )


def keys(contents: Contents) -> Iterator[SchemaError]:
    """A key is unique within a chunk only, so the time must be part of it."""
    for table in contents.definitions.hypertables.values():
        for key in table.keys:
            if table.time_column not in key.columns:
                yield SchemaError(
                    key.place,
                    f"the key ({', '.join(key.columns)}) of hypertable {table.name} is without its time",
                    allowed=f"keys that contain {table.time_column}",
                    fix=f"({', '.join([*key.columns, table.time_column])})",
                )


def columnstore_columns(contents: Contents) -> Iterator[SchemaError]:
    """What a columnstore is segmented and ordered by: columns that are there, each for one of the two."""
    for table in contents.definitions.tables.values():
        for column in (*table.segmentby, *table.orderby):
            if column not in table.columns:
                yield SchemaError(
                    table.columnstore,
                    f"{table.name} has no column {column}",
                    allowed=", ".join(sorted(table.columns)),
                    fix="name one of them",
                )
        for column in sorted(set(table.segmentby) & set(table.orderby)):
            yield SchemaError(
                table.columnstore,
                f"{column} is in segmentby and in orderby of {table.name}",
                allowed="a column in one of them",
                fix=f"take {column} out of orderby: within a segment it has one value",
            )


def row_security(contents: Contents) -> Iterator[SchemaError]:
    """The columnstore and aggregates read past the rules of rows, so the server has them only without."""
    sources = {aggregate.source for aggregate in contents.definitions.aggregates.values()}
    for table in contents.definitions.tables.values():
        if table.row_security and (table.columnstore or table.name in sources):
            other = "a columnstore" if table.columnstore else "a continuous aggregate"
            yield SchemaError(
                table.row_security,
                f"{table.name} has row level security and {other}",
                allowed="one of the two",
                fix="part tenants by schemas, roles or views",
            )


def buckets(contents: Contents) -> Iterator[SchemaError]:
    """Aggregates are of something that is there, and their days begin when days do in Japan."""
    known = contents.definitions
    for aggregate in known.aggregates.values():
        if aggregate.source not in known.hypertables and aggregate.source not in known.aggregates:
            yield SchemaError(
                aggregate.place,
                f"{aggregate.name} is made of {aggregate.source or 'nothing that can be read'}",
                allowed=", ".join(sorted({*known.hypertables, *known.aggregates} - {aggregate.name})),
                fix="name it in FROM first",
            )
        if aggregate.bucket is None:
            yield SchemaError(
                aggregate.place,
                f"the bucket of {aggregate.name} cannot be read",
                allowed="time_bucket('1 hour', time)",
                fix="write its width as a constant",
            )
        elif aggregate.bucket.length >= _DAY.length and aggregate.time_zone != ZONE:
            yield SchemaError(
                aggregate.place,
                f"{aggregate.name} cuts {aggregate.bucket} in {aggregate.time_zone or 'UTC'}, not in days of Japan",
                allowed=f"time_bucket('{aggregate.bucket}', time, '{ZONE}')",
                fix=f"give time_bucket the time zone '{ZONE}'",
            )
