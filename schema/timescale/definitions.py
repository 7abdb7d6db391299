"""What the migrations define, as far as the rules of TimescaleDB concern it: read from the statements themselves."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from schema.kit import File, SchemaError
from schema.timescale.interval import ALLOWED, Interval
from schema.timescale.statements import PlainStatement, parts, plain_statements

DEFAULT_CHUNK = Interval(days=7)
_NO_COLUMN = frozenset({"primary key", "unique", "constraint", "check", "foreign key", "exclude", "like"})
_LIST = r"\( (?P<names>[\w ,]+?) \)"


@dataclass(frozen=True)
class Key:
    """A primary key or a unique index."""

    place: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table; `time_column` is empty while it is no hypertable, `columnstore` the place where it is switched on."""

    name: str
    place: str
    columns: frozenset[str]
    keys: tuple[Key, ...] = ()
    time_column: str = ""
    chunk: Interval = DEFAULT_CHUNK
    columnstore: str = ""
    segmentby: tuple[str, ...] = ()
    orderby: tuple[str, ...] = ()
    row_security: str = ""


@dataclass(frozen=True)
class Aggregate:
    """A continuous aggregate over a hypertable or another aggregate; `bucket` is None where it cannot be read.

    `columnstore` is the place where it is switched on.
    """

    name: str
    place: str
    source: str
    bucket: Interval | None
    time_zone: str
    columnstore: str = ""


@dataclass
class Definitions:
    """What there is after all files have run."""

    tables: dict[str, Table] = field(default_factory=dict)
    aggregates: dict[str, Aggregate] = field(default_factory=dict)

    @property
    def hypertables(self) -> Mapping[str, Table]:
        """The tables that are hypertables."""
        return {name: table for name, table in self.tables.items() if table.time_column}

    def change(self, name: str, **changes: object) -> None:
        """Note what is different of a table; nothing for a name that is no table."""
        if name in self.tables:
            self.tables[name] = replace(self.tables[name], **changes)  # type: ignore[arg-type]  # fields of Table


def definitions(files: Sequence[File]) -> Definitions:
    """Read every statement of the files, in order."""
    made = Definitions()
    for file in files:
        for statement in plain_statements(file):
            for pattern, note in _FORMS.items():
                if match := pattern.match(statement.text):
                    note(made, statement, match)
    return made


def column_names(text: str) -> tuple[str, ...]:
    """The columns of a list such as `"time" DESC, event_id`."""
    return tuple(part.split()[0].strip('"').lower() for part in text.split(",") if part.strip())


def _create_table(made: Definitions, statement: PlainStatement, match: re.Match[str]) -> None:
    name, body = match["name"], parts(match["body"])
    columns = [part for part in body if not any(part.startswith(word) for word in _NO_COLUMN)]
    of_columns = [part.split()[0] for part in columns if re.search(r" (primary key|unique)\b", part)]
    of_table = [column_names(found["names"]) for part in body if (found := _KEY.match(part))]
    keys = tuple(Key(statement.place, key) for key in [(name,) for name in of_columns] + of_table)
    made.tables[name] = Table(name, statement.place, frozenset(part.split()[0] for part in columns), keys)


def _add_key(made: Definitions, statement: PlainStatement, match: re.Match[str]) -> None:
    if table := made.tables.get(match["name"]):
        made.change(table.name, keys=(*table.keys, Key(statement.place, column_names(match["names"]))))


def _add_column(made: Definitions, _: PlainStatement, match: re.Match[str]) -> None:
    if table := made.tables.get(match["name"]):
        made.change(table.name, columns=table.columns | {match["column"]})


def _create_hypertable(made: Definitions, statement: PlainStatement, match: re.Match[str]) -> None:
    chunk = _interval(statement, match["chunk"]) if match["chunk"] else DEFAULT_CHUNK
    made.change(match["name"], time_column=match["column"], chunk=chunk)


def _columnstore(made: Definitions, statement: PlainStatement, match: re.Match[str]) -> None:
    settings = {
        found["key"]: column_names(found["value"]) for part in parts(match["body"]) if (found := _SETTING.match(part))
    }
    if settings or "enable_columnstore" in match["body"]:
        made.change(match["name"], columnstore=statement.place, **settings)


def _aggregate_columnstore(made: Definitions, statement: PlainStatement, match: re.Match[str]) -> None:
    aggregate = made.aggregates.get(match["name"])
    if aggregate and "enable_columnstore" in match["body"]:
        made.aggregates[aggregate.name] = replace(aggregate, columnstore=statement.place)


def _row_security(made: Definitions, statement: PlainStatement, match: re.Match[str]) -> None:
    made.change(match["name"], row_security=statement.place if match["verb"] != "disable" else "")


def _create_aggregate(made: Definitions, statement: PlainStatement, match: re.Match[str]) -> None:
    bucket = _BUCKET.search(match["query"])
    source = re.search(r"\bfrom (?:public \. )?(\w+)", match["query"])
    made.aggregates[match["name"]] = Aggregate(
        match["name"],
        statement.place,
        source[1] if source else "",
        _interval(statement, bucket["width"]) if bucket else None,
        (bucket["zone"] or "") if bucket else "",
    )


def _drop(made: Definitions, _: PlainStatement, match: re.Match[str]) -> None:
    made.tables.pop(match["name"], None)
    made.aggregates.pop(match["name"], None)


def _interval(statement: PlainStatement, text: str) -> Interval:
    try:
        return Interval.parse(text)
    except ValueError:
        raise SchemaError(
            statement.place, f"{text!r} cannot be read as an interval", allowed=ALLOWED, fix="write it so"
        ) from None


_KEY = re.compile(rf"(?:constraint \w+ )?(?:primary key|unique) {_LIST}")
_SETTING = re.compile(r"timescaledb \. (?P<key>segmentby|orderby) = '(?P<value>[^']*)'")
_BUCKET = re.compile(
    r"\btime_bucket \( (?:bucket_width => )?(?:interval )?'(?P<width>[^']*)' ,"
    r"[^)]*?(?:, (?:timezone => )?'(?P<zone>[A-Za-z_+/-]+)' [^)]*)?\)"
)
_TABLE = r"(?:if (?:not )?exists )?(?:only )?(?:public \. )?(?P<name>\w+)"
_CHUNK = r"(?:partition_interval => )?(?:interval )?'(?P<chunk>[^']*)'"

_FORMS: Mapping[re.Pattern[str], Callable[[Definitions, PlainStatement, re.Match[str]], None]] = {
    re.compile(pattern, re.DOTALL): note
    for pattern, note in (
        (rf"create table {_TABLE} \( (?P<body>.*) \)[^()]*$", _create_table),
        (
            rf"create unique index (?:concurrently )?(?:if not exists )?(?:\w+ )?on {_TABLE} (?:using \w+ )?{_LIST}",
            _add_key,
        ),
        (rf"alter table {_TABLE} add (?:constraint \w+ )?(?:primary key|unique) {_LIST}", _add_key),
        (rf"alter table {_TABLE} add column (?:if not exists )?(?P<column>\w+)", _add_column),
        (
            rf"select create_hypertable \( '(?P<name>\w+)' , by_range \( '(?P<column>\w+)'(?: , {_CHUNK})?",
            _create_hypertable,
        ),
        (rf"alter table {_TABLE} set \( (?P<body>.*) \)$", _columnstore),
        (rf"alter materialized view {_TABLE} set \( (?P<body>.*) \)$", _aggregate_columnstore),
        (rf"alter table {_TABLE} (?P<verb>enable|force|disable) row level security", _row_security),
        (
            rf"create materialized view {_TABLE} with \( [^()]*\btimescaledb \. continuous\b[^()]*\) as (?P<query>.*)$",
            _create_aggregate,
        ),
        (r"drop (?:table|materialized view) (?:if exists )?(?P<name>\w+)", _drop),
    )
}
