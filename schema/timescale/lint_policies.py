"""Rules of the policies, each against the others and against what the SQL files define."""

from collections.abc import Iterator

from schema.kit import SchemaError
from schema.timescale.contents import Contents

MOST_CHUNKS = 1000
"""Planning a query looks at every chunk that its time does not exclude."""

_BUCKETS_IN_WINDOW = 2


def same_names(contents: Contents) -> Iterator[SchemaError]:
    """Every hypertable and aggregate has its row, and every row what it is for."""
    known, policies = contents.definitions, contents.policies
    for kind, defined, rows in (
        ("hypertables", known.hypertables, policies.hypertables),
        ("continuous_aggregates", known.aggregates, policies.continuous_aggregates),
    ):
        for name in sorted(set(defined) - set(rows)):
            yield SchemaError(
                contents.row(kind),
                f"has no row for {name} ({defined[name].place})",
                fix=f"add {name} with its policies",
            )
        for name in sorted(set(rows) - set(defined)):
            yield SchemaError(
                contents.row(kind, name),
                "no migration makes it",
                allowed=", ".join(defined),
                fix="mend the name, or take the row away",
            )


def columnstore_is_on(contents: Contents) -> Iterator[SchemaError]:
    """Only what has a columnstore can be moved into it."""
    known, policies = contents.definitions, contents.policies
    for kind, verb, defined, rows in (
        ("hypertables", "TABLE", known.hypertables, policies.hypertables),
        ("continuous_aggregates", "MATERIALIZED VIEW", known.aggregates, policies.continuous_aggregates),
    ):
        for name, row in rows.items():
            if row.columnstore and name in defined and not defined[name].columnstore:
                yield SchemaError(
                    contents.row(kind, name, "columnstore"),
                    "no migration switches its columnstore on",
                    fix=f"ALTER {verb} {name} SET (timescaledb.enable_columnstore, …) in a new migration",
                )


def chunks(contents: Contents) -> Iterator[SchemaError]:
    """A table of many small chunks is slow to plan for and compresses badly."""
    for name, row in contents.policies.hypertables.items():
        if row.retention is None or row.many_chunks:
            continue
        count = row.retention.after.length // row.chunk.length
        if count > MOST_CHUNKS:
            yield SchemaError(
                contents.row("hypertables", name, "chunk"),
                f"{row.retention.after} in chunks of {row.chunk} are {count:,} chunks",
                allowed=f"up to {MOST_CHUNKS:,}",
                fix="longer chunks, or say in many_chunks why it must be so",
            )


def refresh_windows(contents: Contents) -> Iterator[SchemaError]:
    """A window holds two whole buckets, and every moment is in one of the windows."""
    for row, aggregate in contents.aggregates():
        where, refresh = contents.row("continuous_aggregates", aggregate.name, "refresh"), row.refresh
        width = refresh.start.length - refresh.end.length
        if aggregate.bucket and width < _BUCKETS_IN_WINDOW * aggregate.bucket.length:
            yield SchemaError(
                where,
                f"from {refresh.start} to {refresh.end} back there is no room for two buckets of {aggregate.bucket}",
                allowed="start ≥ end + 2 × bucket",
                fix="an earlier start",
            )
        elif refresh.every.length > width:
            yield SchemaError(
                where,
                f"every {refresh.every} leaves out what is between windows from {refresh.start} to {refresh.end} back",
                allowed="every ≤ start - end",
                fix="refresh more often, or from an earlier start",
            )


def sources_outlive_windows(contents: Contents) -> Iterator[SchemaError]:
    """A refresh of a time whose rows are dropped empties its buckets; one of compressed rows is slow."""
    for row, aggregate in contents.aggregates():
        kind, source = contents.source(aggregate)
        if source is None:
            continue
        for policy, what, harm in (
            (source.retention, "retention", "its buckets would be emptied"),
            (source.columnstore, "columnstore", "late rows would go into compressed chunks"),
        ):
            if policy and policy.after.length <= row.refresh.start.length:
                yield SchemaError(
                    contents.row(kind, aggregate.source, what, "after"),
                    f"{policy.after} is within the {row.refresh.start} that {aggregate.name} is refreshed from: {harm}",
                    allowed=f"more than {row.refresh.start}",
                    fix=f"a longer time here, or a later start of {aggregate.name}",
                )


def retention_order(contents: Contents) -> Iterator[SchemaError]:
    """Rows are compressed before they are dropped, and aggregates are there for history."""
    policies = contents.policies
    for kind, rows in (
        ("hypertables", policies.hypertables),
        ("continuous_aggregates", policies.continuous_aggregates),
    ):
        for name, row in rows.items():
            if row.retention and row.columnstore and row.retention.after.length <= row.columnstore.after.length:
                yield SchemaError(
                    contents.row(kind, name, "retention", "after"),
                    f"{row.retention.after}: dropped before it is compressed, after {row.columnstore.after}",
                    allowed=f"more than {row.columnstore.after}",
                    fix="a longer retention, or an earlier columnstore",
                )
    for row, aggregate in contents.aggregates():
        _, source = contents.source(aggregate)
        if not row.retention or not source:
            continue
        if source.retention is None or row.retention.after.length <= source.retention.after.length:
            kept = source.retention.after if source.retention else "for ever"
            yield SchemaError(
                contents.row("continuous_aggregates", aggregate.name, "retention", "after"),
                f"{row.retention.after}: {aggregate.source}, which it is made of, is kept {kept}",
                allowed="longer than its source, which is what an aggregate is kept for",
                fix="a longer retention, or none",
            )
