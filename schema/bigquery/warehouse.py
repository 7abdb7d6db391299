"""Everything that is to be in BigQuery: what Pulumi declares and what the files define, checked and in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from sqlglot import exp

from infra.derive.bigquery import DatasetPlan
from schema.bigquery.definition import Definition, Kind, full_name, line_of, parsed, sources
from schema.bigquery.places import places, wrong
from schema.bigquery.query import Catalogue, check_expression, check_merge, check_query
from schema.bigquery.table import Table, check_lasting, created, declared, with_columns
from schema.kit import Environment, SchemaError, ordered_files, unordered_files

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Warehouse:
    """What is to be there: `declared` tables are Pulumi's, `tables` those of the migrations, by full name.

    `definitions` are views and routines, each after what it reads and calls; `reads` are the full names of that.
    """

    migrations: tuple[Definition, ...]
    declared: Mapping[str, Table]
    tables: Mapping[str, Table]
    definitions: tuple[Definition, ...]
    reads: Mapping[str, frozenset[str]]


def warehouse(environment: Environment, folder: Path = FOLDER) -> Warehouse:
    """Read and check the files of a folder; raises SchemaError with file and line for the first thing that is wrong."""
    values = places(environment)
    migrations = _parsed(folder, "migrations", values)
    declared_tables = _declared(environment, values)
    tables = _tables(migrations, environment, declared_tables)
    definitions = (*_parsed(folder, "views", values), *_parsed(folder, "routines", values))
    _check_places(definitions, environment, {**declared_tables, **tables})
    _check_readers(definitions, environment)
    reads = {each.target: _reads(each) for each in definitions}
    ordered = _ordered(definitions, reads)
    _check_bodies(ordered, (*declared_tables.values(), *tables.values()))
    return Warehouse(migrations, declared_tables, tables, ordered, reads)


def _parsed(folder: Path, name: str, values: Mapping[str, str]) -> tuple[Definition, ...]:
    files = ordered_files if name == "migrations" else unordered_files
    return tuple(parsed(file, name, values) for file in files(folder / name, ".sql"))


def _declared(environment: Environment, values: Mapping[str, str]) -> Mapping[str, Table]:
    plan = environment.declared(environment.plan.bigquery, "bigquery")
    datasets = {dataset.key: dataset for dataset in plan.datasets}
    found = (declared(table, datasets[table.dataset], values[table.dataset]) for table in plan.tables)
    return {table.name: table for table in found}


def _tables(
    migrations: Sequence[Definition], environment: Environment, declared_tables: Mapping[str, Table]
) -> Mapping[str, Table]:
    """The tables that stand after all migrations, one after the other."""
    tables: dict[str, Table] = {}
    for each in migrations:
        if each.target in declared_tables:
            raise wrong(
                each.file, line_of(each.tree), f"{each.target} is Pulumi's", fix="change its row of the catalogue"
            )
        if (each.target in tables) == (each.kind is Kind.TABLE):
            given = "is there already" if each.kind is Kind.TABLE else "is not there at this point"
            raise wrong(each.file, line_of(each.tree), f"table {each.target} {given}")
        if each.kind is Kind.TABLE:
            tables[each.target] = created(each, _dataset(each, environment))
        elif each.kind is Kind.COLUMN:
            tables[each.target] = with_columns(tables[each.target], each)
        else:
            del tables[each.target]
    return tables


def _dataset(definition: Definition, environment: Environment) -> DatasetPlan:
    for dataset in environment.declared(environment.plan.bigquery, "bigquery").datasets:
        if dataset.key == definition.dataset:
            return dataset
    raise wrong(definition.file, line_of(definition.tree), f"{definition.dataset} is no dataset of {environment.name}")


def _check_places(definitions: Sequence[Definition], environment: Environment, tables: Mapping[str, Table]) -> None:
    seen: dict[str, Definition] = {}
    for each in definitions:
        dataset = _dataset(each, environment)
        if each.kind is Kind.VIEW:
            check_lasting(each, dataset)
        if each.target in tables or each.target in seen:
            raise wrong(each.file, line_of(each.tree), f"{each.target} is defined twice", fix="rename one of them")
        seen[each.target] = each


def _check_readers(definitions: Sequence[Definition], environment: Environment) -> None:
    """A view reads for whoever may read it: another dataset must let the views of its own in."""
    datasets = {each.key: each for each in environment.declared(environment.plan.bigquery, "bigquery").datasets}
    for each in definitions:
        for table in sources(each.body[0]) if each.kind is Kind.VIEW else ():
            read = datasets.get(table.db)
            if read and read.key != each.dataset and each.dataset not in read.reader_datasets:
                raise wrong(
                    each.file,
                    line_of(table),
                    f"reads {read.key}, which does not let the views of {each.dataset} read for others",
                    fix=f"add {each.dataset} to bigquery.datasets.{read.key}.readerDatasets",
                )


def _reads(definition: Definition) -> frozenset[str]:
    """The full names of what a definition reads, writes and calls."""
    named = {full_name(table) for part in definition.body for table in sources(part)}
    called = {call.name for part in definition.body for call in part.find_all(exp.Anonymous)}
    return frozenset(named | called)


def _ordered(definitions: Sequence[Definition], reads: Mapping[str, frozenset[str]]) -> tuple[Definition, ...]:
    """Each after the views and routines it needs; raises SchemaError for one that needs itself."""
    known = {each.target: each for each in definitions}
    try:
        order = TopologicalSorter({name: sorted(reads[name] & known.keys()) for name in known}).static_order()
        return tuple(known[name] for name in order)
    except CycleError as error:
        circle = error.args[1]
        raise wrong(
            known[circle[0]].file,
            line_of(known[circle[0]].tree),
            f"reads itself: {' ← '.join(circle)}",
            fix="read a table in one of them",
        ) from None


def _check_bodies(ordered: Sequence[Definition], tables: Sequence[Table]) -> None:
    """Check views and functions in order, each against what is known by then, and procedures against all of it."""
    catalogue = Catalogue()
    for table in tables:
        catalogue.add_table(table)
    for each in sorted(ordered, key=lambda each: each.kind is Kind.PROCEDURE):
        if each.kind is Kind.PROCEDURE:
            _check_procedure(each, catalogue)
        elif each.kind is Kind.FUNCTION:
            check_expression(each, each.body[0], catalogue)
        else:
            catalogue.readable[each.target] = check_query(each, each.body[0], catalogue)
        if each.is_routine:
            catalogue.routines[each.target] = each


def _check_procedure(definition: Definition, catalogue: Catalogue) -> None:
    for statement in definition.body:
        if isinstance(statement, exp.Merge):
            check_merge(definition, statement, catalogue)
        elif isinstance(statement, exp.Create) and statement.kind == "MODEL" and statement.args.get("replace"):
            check_query(definition, statement.expression, catalogue)
        else:
            raise _not_allowed(definition, statement)


def _not_allowed(definition: Definition, statement: exp.Expr) -> SchemaError:
    return wrong(
        definition.file,
        line_of(statement),
        f"{definition.name} holds {statement.sql('bigquery').split()[0]} …",
        allowed="MERGE and CREATE OR REPLACE MODEL, which can be run twice and are whole or not at all",
        fix="write it as a MERGE",
    )
