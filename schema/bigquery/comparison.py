"""What BigQuery holds, beside what the files and the catalogue say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud import bigquery
from sqlglot import exp

from schema.bigquery.connection import RETRY, SECONDS, told
from schema.bigquery.definition import DIALECT, Definition, Kind, canonical
from schema.bigquery.table import Table, view_description
from schema.kit import SchemaError

Resource = Mapping[str, Any]
"""A table or routine as the REST API gives it."""

_ROUTINE_TYPES = {
    Kind.FUNCTION: "SCALAR_FUNCTION",
    Kind.TABLE_FUNCTION: "TABLE_VALUED_FUNCTION",
    Kind.PROCEDURE: "PROCEDURE",
}


@dataclass(frozen=True)
class Held:
    """What an environment's BigQuery holds."""

    client: bigquery.Client

    def check_datasets(self, names: Sequence[str]) -> None:
        """Raise SchemaError when a dataset is missing: Pulumi makes them."""
        for name in names:
            with told(name):
                try:
                    self.client.get_dataset(name, retry=RETRY, timeout=SECONDS)
                except NotFound:
                    raise SchemaError(name, "is not there", fix="deploy the stack first: `pulumi up`") from None

    def table(self, name: str) -> bigquery.Table | None:
        """A table or view; None when there is none."""
        with told(name):
            try:
                return self.client.get_table(name, retry=RETRY, timeout=SECONDS)
            except NotFound:
                return None

    def routine(self, name: str) -> bigquery.Routine | None:
        """A routine; None when there is none."""
        with told(name):
            try:
                return self.client.get_routine(name, retry=RETRY, timeout=SECONDS)
            except NotFound:
                return None

    def difference(self, definition: Definition) -> str | None:
        """How a view or routine differs from its file, in a few words; "" when it is missing, None when it does not."""
        if definition.is_routine:
            routine = self.routine(definition.target)
            return "" if routine is None else next(_routine_differences(definition, routine.to_api_repr()), None)
        view = self.table(definition.target)
        return "" if view is None else next(_view_differences(definition, view.to_api_repr()), None)

    def settle(self, table: Table) -> None:
        """Bring what may change of a table to what its file says, e.g. its description."""
        found = self.table(table.name)
        changed = changes(table, found.to_api_repr()) if found else {}
        if found and changed:
            _change(table, found)
            self._update(found, sorted(set(changed.values())))

    def settle_view(self, definition: Definition) -> None:
        """Bring a view's description to what its file says."""
        found = self.table(definition.target)
        if found and (found.description or "") != view_description(definition):
            found.description = view_description(definition)
            self._update(found, ["description"])

    def remove_routine(self, name: str) -> None:
        """Delete a routine; nothing when there is none."""
        with told(name):
            self.client.delete_routine(name, not_found_ok=True, retry=RETRY, timeout=SECONDS)

    def remove_view(self, name: str) -> None:
        """Delete a view; nothing when there is none, an error when it is a table."""
        with told(name):
            self.client.query_and_wait(f"DROP VIEW IF EXISTS `{name}`", retry=RETRY, wait_timeout=SECONDS)

    def _update(self, found: bigquery.Table, fields: Sequence[str]) -> None:
        """Change a table as it was last seen."""
        with told(str(found.reference)):
            self.client.update_table(found, list(fields), retry=RETRY, timeout=SECONDS)


def changes(table: Table, found: Resource) -> Mapping[str, str]:
    """What differs and can be changed in place: what it is, and the property of the client's table that holds it."""
    described = {field["name"]: field.get("description", "") for field in _fields(found)}
    wanted = {column.name: column.description for column in table.columns if column.name in described}
    labels = found.get("labels") or {}
    differs = {
        ("description", "description"): found.get("description", "") != table.description,
        ("description of columns", "schema"): any(described[name] != text for name, text in wanted.items()),
        ("clustering", "clustering_fields"): _clustering(found) != table.clustering,
        ("required filter", "require_partition_filter"): not requires_filter(found),
        ("labels", "labels"): not set(table.labels.items()) <= set(labels.items()),
        ("expiration of partitions", "time_partitioning"): _expiration(found) != table.expiration,
    }
    return {what: field for (what, field), is_so in differs.items() if is_so}


def lasting_differences(table: Table, found: Resource) -> Iterator[str]:
    """What differs and cannot be changed in place: columns, and what the table is partitioned by."""
    partition = (found.get("timePartitioning") or {}).get("field")
    kind = (found.get("timePartitioning") or {}).get("type")
    if (partition, kind) != (table.partition, "DAY"):
        yield f"{table.name}: partitioned by {partition} ({kind}), not by the day of {table.partition}"
    held = {field["name"]: (field["type"], field.get("mode") or "NULLABLE") for field in _fields(found)}
    wanted = {column.name: (column.type, column.mode) for column in table.columns}
    for name in (*wanted, *(name for name in held if name not in wanted)):
        if held.get(name) != wanted.get(name):
            yield f"{table.name}.{name}: {_shown(held.get(name))}, not {_shown(wanted.get(name))}"


def requires_filter(found: Resource) -> bool:
    """Whether queries must filter; older tables say it inside their partitioning (REST reference of tables)."""
    inner = found.get("timePartitioning") or {}
    return bool(found.get("requirePartitionFilter", inner.get("requirePartitionFilter", False)))


def _change(table: Table, found: bigquery.Table) -> None:
    described = {column.name: column.description for column in table.columns}
    fields = [field.to_api_repr() for field in found.schema]
    found.schema = [
        bigquery.SchemaField.from_api_repr(
            {**field, "description": described.get(field["name"], field.get("description"))}
        )
        for field in fields
    ]
    found.description = table.description
    found.labels = {**found.labels, **table.labels}
    found.clustering_fields = list(table.clustering)
    found.require_partition_filter = True
    if found.time_partitioning:
        partitioning = found.time_partitioning
        partitioning.expiration_ms = table.expiration
        found.time_partitioning = partitioning


def _view_differences(definition: Definition, found: Resource) -> Iterator[str]:
    query = (found.get("view") or {}).get("query", "")
    if canonical(query) != tuple(part.sql(DIALECT, comments=False) for part in definition.body):
        yield "its query is another"
    if found.get("description", "") != view_description(definition):
        yield "its description is another"


def _routine_differences(definition: Definition, found: Resource) -> Iterator[str]:
    if found.get("routineType") != _ROUTINE_TYPES[definition.kind]:
        yield f"it is a {found.get('routineType')}"
    if canonical(found.get("definitionBody", "")) != tuple(
        part.sql(DIALECT, comments=False) for part in definition.body
    ):
        yield "its body is another"
    arguments = [(each["name"], (each.get("dataType") or {}).get("typeKind")) for each in found.get("arguments", ())]
    if arguments != [(name, _type_kind(kind)) for name, kind in (definition.parameters or {}).items()]:
        yield "its parameters are others"


def _type_kind(kind: exp.DataType) -> str:
    return kind.sql(DIALECT).partition("<")[0]


def _fields(found: Resource) -> Sequence[Resource]:
    fields: Sequence[Resource] = (found.get("schema") or {}).get("fields", ())
    return fields


def _clustering(found: Resource) -> tuple[str, ...]:
    return tuple((found.get("clustering") or {}).get("fields", ()))


def _expiration(found: Resource) -> int | None:
    text = (found.get("timePartitioning") or {}).get("expirationMs")
    return int(text) if text else None


def _shown(column: tuple[str, str] | None) -> str:
    return "missing" if column is None else " ".join(column)
