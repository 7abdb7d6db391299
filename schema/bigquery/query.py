"""Statements held against what they read: columns are there, partitioned tables are filtered, days have a zone."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

from schema.bigquery.days import days_without_zone
from schema.bigquery.definition import DIALECT, Definition, full_name, line_of, sources
from schema.bigquery.places import wrong
from schema.bigquery.table import Table
from schema.kit import SchemaError

_EXTERNAL = "external"
_COMPARISONS = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_LINE = re.compile(r"Line: (\d+)")
_NAME = re.compile(r"[Cc]olumn:? '?\"?(\w+)")

Columns = Mapping[str, str]
"""Columns of a table or a result: types, as SQL writes them, by name."""


@dataclass
class Catalogue:
    """What may be read and called, by full name; a table function stands among `readable` with what it returns."""

    tables: dict[str, Table] = field(default_factory=dict)
    readable: dict[str, Columns] = field(default_factory=dict)
    routines: dict[str, Definition] = field(default_factory=dict)

    def add_table(self, table: Table) -> None:
        """Let a table be read and written."""
        self.tables[table.name] = table
        self.readable[table.name] = table.types


def check_query(definition: Definition, query: exp.Expr, catalogue: Catalogue) -> Columns:
    """The columns of a query's result; raises SchemaError for the first thing that is wrong with it."""
    query = _plain(definition, query, catalogue)
    _check_stars(definition, query)
    schema = MappingSchema(dialect=DIALECT, normalize=False)
    for name, columns in _known(definition, query, catalogue).items():
        schema.add_table(exp.to_table(f"`{name}`", dialect=DIALECT), dict(columns), dialect=DIALECT)
    try:
        query = qualify(query, schema=schema, dialect=DIALECT, quote_identifiers=False, expand_stars=False)
        query = annotate_types(query, schema=schema, dialect=DIALECT)
    except SqlglotError as error:
        raise _unresolved(definition, query, error) from None
    _check_days(definition, query)
    for scope in traverse_scope(query):
        if isinstance(scope.expression, exp.Select):
            _check_filters(definition, scope, catalogue)
    return _result(definition, query)


def check_expression(definition: Definition, expression: exp.Expr, catalogue: Catalogue) -> None:
    """Check a function's expression: it may read its parameters alone."""
    check_query(definition, exp.select(exp.alias_(expression.copy(), "result")), catalogue)


def check_merge(definition: Definition, merge: exp.Merge, catalogue: Catalogue) -> None:
    """Check a MERGE: what it reads, the columns it names, and that it touches named days of its target alone."""
    target = merge.this
    table = catalogue.tables.get(full_name(target))
    if table is None:
        raise wrong(definition.file, line_of(target), f"{full_name(target)} is no table that is known")
    given = check_query(definition, merge.args["using"].this, catalogue)
    sides = {target.alias_or_name: table.types, merge.args["using"].alias_or_name: given}
    parts = [merge.args["on"], *merge.args["whens"].expressions]
    for part in parts:
        _check_sides(definition, part, sides, target.alias_or_name)
        _check_days(definition, part)
    reading = [merge.args["on"], *(when.args.get("condition") for when in parts[1:] if when.args.get("source"))]
    constant = isinstance(merge.args["on"], exp.Boolean) and not merge.args["on"].this
    for condition in reading[1:] if constant else reading:
        if not _bounds(condition, target.alias_or_name, table.partition, definition.parameters or {}):
            raise _unfiltered(definition, target, table)


def _plain(definition: Definition, query: exp.Expr, catalogue: Catalogue) -> exp.Expr:
    """The query with parameters as values of their types, and with functions that return tables as tables."""
    query = query.copy()
    parameters = definition.parameters or {}
    known = {name for source in sources(query) for name in catalogue.readable.get(full_name(source), ())}
    for column in list(query.find_all(exp.Column)):
        if not column.table and column.name in parameters:
            if column.name in known:
                raise wrong(
                    definition.file,
                    line_of(column),
                    f"{column.name} is a parameter and a column",
                    fix="give the parameter another name, or write the column's table before it",
                )
            column.replace(exp.cast(exp.Null(), parameters[column.name].copy()))
    for table in list(sources(query)):
        if isinstance(table.this, exp.Anonymous) and table.this.name.upper() != "EXTERNAL_QUERY":
            called = exp.to_table(f"`{table.this.name}`", dialect=DIALECT)
            called.set("alias", table.args.get("alias"))
            called.meta["line"] = line_of(table)
            table.replace(called)
    return query


def _known(definition: Definition, query: exp.Expr, catalogue: Catalogue) -> Mapping[str, Columns]:
    """What the query reads; raises SchemaError for what is not known."""
    found = {}
    for number, table in enumerate(list(sources(query))):
        if isinstance(table.this, exp.Anonymous):
            name = f"{_EXTERNAL}.{_EXTERNAL}.query_{number}"
            found[name] = _external_columns(definition, table)
            made = exp.to_table(f"`{name}`", dialect=DIALECT)
            made.set("alias", table.args.get("alias"))
            table.replace(made)
            continue
        name = full_name(table)
        if name not in catalogue.readable:
            raise wrong(
                definition.file,
                line_of(table),
                f"reads {name}, which is no table, view or table function that is known",
                allowed=", ".join(sorted(catalogue.readable)),
            )
        found[name] = catalogue.readable[name]
    for call in query.find_all(exp.Anonymous):
        if "." in call.name and call.name not in catalogue.routines:
            raise wrong(definition.file, line_of(call), f"calls {call.name}, which is no function that is known")
    return found


def _external_columns(definition: Definition, table: exp.Table) -> Columns:
    """The columns of EXTERNAL_QUERY, by PostgreSQL's own grammar; their types are not known here."""
    text = table.this.expressions[-1]
    try:
        query = exp.maybe_parse(text.name, dialect="postgres")
    except ParseError as error:
        reason = error.errors[0].get("description") if error.errors else str(error)
        raise wrong(definition.file, line_of(table), f"asks PostgreSQL for what is no query: {reason}") from None
    if not isinstance(query, exp.Query):
        raise wrong(definition.file, line_of(table), "asks PostgreSQL for what is no query")
    if any(not name or name == "*" for name in query.named_selects):
        raise wrong(
            definition.file, line_of(table), "asks PostgreSQL for columns without names", fix="name each column"
        )
    return dict.fromkeys(query.named_selects, "UNKNOWN")


def _check_stars(definition: Definition, query: exp.Expr) -> None:
    for star in query.find_all(exp.Star):
        if not isinstance(star.parent, exp.Count):
            raise wrong(
                definition.file,
                line_of(star),
                "SELECT *: a column that is added below would appear in it, and be read and paid for",
                fix="name the columns",
            )


def _check_days(definition: Definition, tree: exp.Expr) -> None:
    for node, what in days_without_zone(tree):
        raise wrong(
            definition.file,
            line_of(node),
            f"{what} names no time zone, so that its days are those of UTC",
            allowed="days of Japan",
            fix="add 'Asia/Tokyo' as its last argument (EXTRACT: AT TIME ZONE 'Asia/Tokyo')",
        )


def _check_filters(definition: Definition, scope: Scope, catalogue: Catalogue) -> None:
    where = scope.expression.args.get("where")
    for alias, (_, source) in scope.selected_sources.items():
        if not isinstance(source, exp.Table):
            continue
        table = catalogue.tables.get(full_name(source))
        if table and not (where and _bounds(where.this, alias, table.partition, {})):
            raise _unfiltered(definition, source, table)


def _bounds(condition: exp.Expr | None, alias: str, partition: str, parameters: Mapping[str, exp.DataType]) -> bool:
    """Whether a condition holds for some days of the table alone, in a way that BigQuery can tell before it reads."""
    if condition is None:
        return False
    parts = condition.flatten() if isinstance(condition, exp.And) else (condition,)
    return any(_bounds_one(part.unnest(), alias, partition, parameters) for part in parts)


def _bounds_one(part: exp.Expr, alias: str, partition: str, parameters: Mapping[str, exp.DataType]) -> bool:
    others: tuple[exp.Expr, ...]
    if isinstance(part, exp.Between):
        column, others = part.this, (part.args["low"], part.args["high"])
    elif isinstance(part, exp.In):
        column, others = part.this, tuple(part.expressions)
    elif isinstance(part, _COMPARISONS):
        flipped = not _is_column(part.this, alias, partition)
        column, others = (part.expression, (part.this,)) if flipped else (part.this, (part.expression,))
    else:
        return False
    return (
        bool(others) and _is_column(column, alias, partition) and all(_is_constant(each, parameters) for each in others)
    )


def _is_column(node: exp.Expr, alias: str, name: str) -> bool:
    return isinstance(node, exp.Column) and (node.table, node.name) == (alias, name)


def _is_constant(node: exp.Expr, parameters: Mapping[str, exp.DataType]) -> bool:
    columns = (column for column in node.find_all(exp.Column) if column.table or column.name not in parameters)
    return next(columns, None) is None and node.find(exp.Query) is None


def _check_sides(definition: Definition, part: exp.Expr, sides: Mapping[str, Columns], target: str) -> None:
    """Every column that a part of a MERGE names is one of its side's."""
    for column in part.find_all(exp.Column):
        if not column.table and column.name in (definition.parameters or {}):
            continue
        side = column.table or target
        if column.name not in sides.get(side, ()):
            raise wrong(
                definition.file,
                line_of(column),
                f"{column.name} is no column of {side}",
                allowed=", ".join(sides.get(side, ())) or ", ".join(sides),
            )
    for insert in part.find_all(exp.Insert):
        names, values = insert.this, insert.expression
        if not isinstance(names, exp.Tuple) or len(names.expressions) != len(values.expressions):
            raise wrong(definition.file, line_of(insert), "inserts without one value for each of its columns")


def _result(definition: Definition, query: exp.Expr) -> Columns:
    if not isinstance(query, exp.Query):
        raise wrong(definition.file, line_of(query), "is no query")
    names = query.named_selects
    for position, name in enumerate(names):
        if not name or name in names[:position]:
            raise wrong(
                definition.file,
                line_of(query.selects[position]),
                f"returns {f'two columns {name}' if name else 'a column without a name'}",
                fix="give each column a name of its own with AS",
            )
    return {name: _type(select) for name, select in zip(names, query.selects, strict=True)}


def _type(select: exp.Expr) -> str:
    found = select.type
    return "UNKNOWN" if found is None or found.this is exp.DataType.Type.UNKNOWN else found.sql(DIALECT)


def _unfiltered(definition: Definition, source: exp.Table, table: Table) -> SchemaError:
    return wrong(
        definition.file,
        line_of(source),
        f"reads {table.name} without a filter of {table.partition}, and would read and pay for every day of it",
        allowed=f"{table.partition} itself compared with what is known before: a constant, a parameter, CURRENT_DATE",
        fix=f"add {table.partition} >= … to the WHERE of this SELECT (of a MERGE: to its ON)",
    )


def _unresolved(definition: Definition, query: exp.Expr, error: SqlglotError) -> SchemaError:
    text = str(error)
    line = int(found[1]) if (found := _LINE.search(text)) else None
    name = found[1] if (found := _NAME.search(text)) else ""
    if line is None and name:
        line = next((line_of(column) for column in _columns(query, name)), None)
    if not isinstance(error, OptimizeError) or not name:
        return wrong(definition.file, line or line_of(query), text.splitlines()[0])
    return wrong(
        definition.file,
        line or line_of(query),
        f"{name} is no column of what is read there",
        fix="correct the name, or add the column in a new migration",
    )


def _columns(query: exp.Expr, name: str) -> Iterator[exp.Column]:
    return (column for column in query.find_all(exp.Column) if column.name == name)
