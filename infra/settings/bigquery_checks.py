"""What contradicts itself inside the BigQuery settings alone; what needs a catalogue is checked in `infra.derive`."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from infra.settings.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.settings.bigquery import BigquerySettings
    from infra.settings.bigquery_parts import CostSettings

# cloud.google.com/bigquery/docs/slots-autoscaling-intro: "Slots are always autoscaled to a multiple of 50".
_SLOT_STEP = 50


def contradictions(bigquery: BigquerySettings) -> Iterator[Finding]:
    """Yield every contradiction; paths are relative to `bigquery`."""
    yield from _access(bigquery)
    yield from _readers(bigquery)
    yield from _lifetimes(bigquery)
    yield from _tables(bigquery)
    yield from _on_demand(bigquery.cost) if bigquery.cost.kind == "on-demand" else _reservation(bigquery.cost)


def _access(bigquery: BigquerySettings) -> Iterator[Finding]:
    """Each group and each program once in a dataset: the stronger role holds the weaker."""
    for name, dataset in bigquery.datasets.items():
        for stronger, weaker, path in (
            (dataset.editor_groups, dataset.reader_groups, "readerGroups"),
            (bigquery.owner_groups, dataset.reader_groups, "readerGroups"),
            (bigquery.owner_groups, dataset.editor_groups, "editorGroups"),
            (dataset.writer_programs, dataset.reader_programs, "readerPrograms"),
        ):
            for twice in sorted(set(stronger) & set(weaker)):
                yield Finding(
                    f"datasets.{name}.{path}",
                    twice,
                    "each group and each program once in a dataset: whoever may change it may read it, owners may both",
                    f"remove {twice} here",
                )


def _readers(bigquery: BigquerySettings) -> Iterator[Finding]:
    """Datasets that read others: each stands before what it reads, so that none may be read in a circle."""
    wanted = {name: set(dataset.reader_datasets) for name, dataset in bigquery.datasets.items()}
    for name, readers in wanted.items():
        for unknown in sorted(readers - wanted.keys()):
            yield Finding(
                f"datasets.{name}.readerDatasets",
                unknown,
                f"one of {', '.join(wanted)}",
                "declare it, or remove it here",
            )
    try:
        TopologicalSorter(wanted).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        yield Finding(
            f"datasets.{circle[0]}.readerDatasets",
            " ← ".join(circle),
            "no circle: a dataset is made after those that read it",
            "move what both read into a dataset of its own",
        )


def _lifetimes(bigquery: BigquerySettings) -> Iterator[Finding]:
    held = {table.dataset for table in bigquery.tables.values()}
    for name, dataset in bigquery.datasets.items():
        if dataset.table_lifetime and name in held:
            yield Finding(
                f"datasets.{name}.tableLifetime",
                dataset.table_lifetime,
                "absent in a dataset that holds declared tables: BigQuery would delete them",
                "remove the line, write partitionLifetime instead, or move the tables",
            )


def _tables(bigquery: BigquerySettings) -> Iterator[Finding]:
    for name, table in bigquery.tables.items():
        if table.dataset not in bigquery.datasets:
            yield Finding(
                f"tables.{name}.dataset",
                table.dataset,
                f"one of bigquery.datasets ({', '.join(bigquery.datasets)})",
                "name one of them, or add the dataset",
            )


def _on_demand(cost: CostSettings) -> Iterator[Finding]:
    for path, given in (
        ("edition", cost.edition),
        ("baselineSlots", cost.baseline_slots),
        ("maximumSlots", cost.maximum_slots),
    ):
        if given is not None:
            yield Finding(
                f"cost.{path}", given, "only with cost.kind reservation", "remove the line, or write kind: reservation"
            )
    for path, size in (("perDay", cost.per_day), ("perUserPerDay", cost.per_user_per_day)):
        if size is None:
            yield Finding(
                f"cost.{path}",
                "missing",
                "a size with cost.kind on-demand: without it one query can cost as much as a month",
                f"add {path}: 1 TB",
            )
    if cost.per_day and cost.per_user_per_day and cost.per_user_per_day > cost.per_day:
        yield Finding(
            "cost.perUserPerDay",
            cost.per_user_per_day,
            f"at most cost.perDay ({cost.per_day})",
            f"lower it to {cost.per_day} or less",
        )


def _reservation(cost: CostSettings) -> Iterator[Finding]:
    for path, size in (("perDay", cost.per_day), ("perUserPerDay", cost.per_user_per_day)):
        if size is not None:
            yield Finding(
                f"cost.{path}",
                size,
                "only with cost.kind on-demand: the quota does not count what runs in a reservation",
                "remove the line, or write kind: on-demand",
            )
    if cost.edition is None:
        yield Finding(
            "cost.edition",
            "missing",
            "ENTERPRISE or ENTERPRISE_PLUS with cost.kind reservation",
            "add edition: ENTERPRISE",
        )
    if not cost.maximum_slots:
        yield Finding(
            "cost.maximumSlots",
            "missing" if cost.maximum_slots is None else cost.maximum_slots,
            f"at least {_SLOT_STEP} with cost.kind reservation: it bounds what can be spent",
            "add maximumSlots: 100",
        )
    for path, slots in (("baselineSlots", cost.baseline_slots), ("maximumSlots", cost.maximum_slots)):
        if slots and slots % _SLOT_STEP:
            yield Finding(
                f"cost.{path}", slots, f"a multiple of {_SLOT_STEP}", f"write {slots - slots % _SLOT_STEP + _SLOT_STEP}"
            )
    if cost.maximum_slots and (cost.baseline_slots or 0) > cost.maximum_slots:
        yield Finding(
            "cost.baselineSlots",
            cost.baseline_slots,
            f"at most cost.maximumSlots ({cost.maximum_slots})",
            "lower it, or raise maximumSlots",
        )
