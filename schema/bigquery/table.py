"""A table as it is to be: of a file, of a change of one, or of Pulumi's catalogue."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from infra.derive.bigquery import DatasetPlan, TablePlan
from schema.bigquery.definition import DIALECT, Definition, line_of
from schema.bigquery.places import wrong
from schema.kit import SchemaError

_DAY_MILLISECONDS = 86_400_000
_MOST_CLUSTERING = 4
# The names that tables.get gives types back with (bigquery v2 discovery document, TableFieldSchema, read 2026-11-25).
_API_TYPES: Mapping[str, str] = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}
_SQL_TYPES: Mapping[str, str] = {api: sql for sql, api in _API_TYPES.items()}
_TYPES = frozenset(
    {
        *("BIGNUMERIC", "BOOL", "BYTES", "DATE", "DATETIME", "FLOAT64", "GEOGRAPHY", "INT64", "JSON", "NUMERIC"),
        *("STRING", "TIME", "TIMESTAMP"),
    }
)
_PARTITION_TYPES = frozenset({"DATE", "TIMESTAMP", "DATETIME"})
# cloud.google.com/bigquery/docs/clustered-tables, read 2026-11-25.
_CLUSTERING_TYPES = frozenset(
    {"BIGNUMERIC", "BOOLEAN", "DATE", "DATETIME", "GEOGRAPHY", "INTEGER", "NUMERIC", "STRING", "TIMESTAMP"}
)


@dataclass(frozen=True)
class Column:
    """A column; `type` is the API's own name."""

    name: str
    type: str
    mode: str
    description: str

    @property
    def sql_type(self) -> str:
        """The type as SQL writes it."""
        name = _SQL_TYPES.get(self.type, self.type)
        return f"ARRAY<{name}>" if self.mode == "REPEATED" else name


@dataclass(frozen=True)
class Table:
    """A table partitioned by the day of a column; `expiration` of a partition in milliseconds, None for never.

    `definition` is the file that made it, None for a table of Pulumi's.
    """

    name: str
    columns: tuple[Column, ...]
    partition: str
    clustering: tuple[str, ...]
    description: str
    expiration: int | None
    labels: Mapping[str, str]
    definition: Definition | None = None

    @property
    def types(self) -> Mapping[str, str]:
        """The columns' types as SQL writes them."""
        return {column.name: column.sql_type for column in self.columns}


def declared(plan: TablePlan, dataset: DatasetPlan, place: str) -> Table:
    """A table of Pulumi's; `place` is its dataset's full name."""
    columns = tuple(Column(**column) for column in json.loads(plan.schema))
    expiration = plan.retention or dataset.partition_lifetime
    return Table(f"{place}.{plan.key}", columns, plan.partition, plan.clustering, plan.description, expiration, {})


def created(definition: Definition, dataset: DatasetPlan) -> Table:
    """The table of a CREATE TABLE; raises SchemaError for what a table of the warehouse must have and does not."""
    tree = definition.tree
    _check_dataset(definition, dataset)
    columns = tuple(_column(definition, column) for column in tree.this.find_all(exp.ColumnDef))
    options = _options(tree.args.get("properties"))
    lifetime = options.get("partition_expiration_days")
    table = Table(
        definition.target,
        columns,
        _partition(tree),
        tuple(column.name for found in tree.find_all(exp.ClusterProperty) for column in found.expressions),
        _text(options.get("description")),
        dataset.partition_lifetime if lifetime is None else int(float(lifetime.name) * _DAY_MILLISECONDS),
        _labels(options.get("labels")),
        definition,
    )
    _check(definition, table, options.get("require_partition_filter"))
    return table


def with_columns(table: Table, definition: Definition) -> Table:
    """A table after an ALTER TABLE; raises SchemaError for a column that cannot be added to one with rows."""
    added = tuple(_column(definition, column) for column in definition.tree.args["actions"])
    for column in added:
        if column.mode == "REQUIRED" or column.name in table.types:
            raise wrong(
                definition.file,
                line_of(definition.tree),
                f"{column.name} is " + ("NOT NULL" if column.mode == "REQUIRED" else "there already"),
                allowed="new columns that may be NULL: the rows that are there have none",
            )
    return replace(table, columns=(*table.columns, *added))


def check_lasting(definition: Definition, dataset: DatasetPlan) -> None:
    """Refuse a view in a dataset whose tables delete themselves, which views of it do too."""
    _check_dataset(definition, dataset)
    options = _options(definition.tree.args.get("properties"))
    if not _text(options.get("description")):
        raise _missing(definition, "description", "OPTIONS (description = '…')")


def _check_dataset(definition: Definition, dataset: DatasetPlan) -> None:
    if dataset.table_lifetime:
        raise wrong(
            definition.file,
            line_of(definition.tree),
            f"{definition.target} would delete itself: dataset {dataset.key} has a tableLifetime",
            allowed="a dataset that keeps its tables; a default expiration reaches views too",
            fix="define it in ${analytics}",
        )


def _check(definition: Definition, table: Table, requires_filter: exp.Expr | None) -> None:
    if not table.description:
        raise _missing(definition, "description", "OPTIONS (description = '…')")
    types = {column.name: column.type for column in table.columns}
    if types.get(table.partition) not in _PARTITION_TYPES:
        raise _missing(definition, "partition by a day", "PARTITION BY a column of type DATE, TIMESTAMP or DATETIME")
    if not isinstance(requires_filter, exp.Boolean) or not requires_filter.this:
        raise _missing(definition, "required filter", "OPTIONS (require_partition_filter = TRUE)")
    if not 1 <= len(table.clustering) <= _MOST_CLUSTERING:
        raise _missing(definition, "clustering", f"CLUSTER BY one to {_MOST_CLUSTERING} columns")
    for name in table.clustering:
        if types.get(name) not in _CLUSTERING_TYPES:
            raise wrong(
                definition.file,
                line_of(definition.tree.find(exp.ClusterProperty)),
                f"cannot be clustered by {name}: {types.get(name, 'there is no such column')}",
                allowed=", ".join(sorted(_CLUSTERING_TYPES)),
            )


def _missing(definition: Definition, what: str, fix: str) -> SchemaError:
    return wrong(definition.file, line_of(definition.tree), f"{definition.name} has no {what}", fix=f"add {fix}")


def _column(definition: Definition, given: exp.ColumnDef) -> Column:
    kind, mode = given.args["kind"], "NULLABLE"
    if kind.this is exp.DataType.Type.ARRAY:
        (kind,) = kind.expressions
        mode = "REPEATED"
    name = kind.sql(DIALECT)
    if name not in _TYPES:
        raise wrong(definition.file, line_of(given), f"{given.name} is {name}", allowed=", ".join(sorted(_TYPES)))
    kinds = [constraint.args["kind"] for constraint in given.args.get("constraints") or ()]
    if any(isinstance(each, exp.NotNullColumnConstraint) for each in kinds):
        mode = "REQUIRED"
    description = ""
    for each in kinds:
        if isinstance(each, exp.Properties):
            description = _text(_options(each).get("description"))
    if not description:
        raise wrong(
            definition.file, line_of(given), f"{given.name} has no description", fix="add OPTIONS (description = '…')"
        )
    return Column(given.name, _API_TYPES.get(name, name), mode, description)


def _partition(tree: exp.Expr) -> str:
    """The column that a table is partitioned by; "" when it is by none, or by an expression."""
    found = tree.find(exp.PartitionedByProperty)
    inner = found.this if found else None
    if isinstance(inner, exp.TimestampTrunc) and inner.text("unit").upper() == "DAY":
        inner = inner.this
    if isinstance(inner, exp.Date) and not inner.args.get("zone"):
        inner = inner.this
    return inner.name if isinstance(inner, exp.Identifier | exp.Column) else ""


def _options(properties: exp.Expr | None) -> Mapping[str, exp.Expr]:
    if properties is None:
        return {}
    found = (each for each in properties.expressions if type(each) is exp.Property)
    return {each.name.lower(): each.args["value"] for each in found}


def _text(value: exp.Expr | None) -> str:
    return value.name if isinstance(value, exp.Literal) and value.is_string else ""


def _labels(value: exp.Expr | None) -> Mapping[str, str]:
    if value is None:
        return {}
    return {pair.expressions[0].name: pair.expressions[1].name for pair in value.find_all(exp.Tuple)}


def view_description(definition: Definition) -> str:
    """The description of a view, as its file says."""
    return _text(_options(definition.tree.args.get("properties")).get("description"))
