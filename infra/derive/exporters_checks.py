"""What the exporters need to be there: the pooler's machines, and room on them."""

from collections.abc import Iterator

from infra import catalog
from infra.derive import budgets
from infra.derive.exporters import memory_mib
from infra.derive.features import asked_by_exporters
from infra.derive.findings import Advice
from infra.settings import Problem, Settings

_PLACE = "monitoring.exporters"


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the exporters; nothing when there are none."""
    if settings.monitoring is None or settings.monitoring.exporters is None:
        return
    postgres, asked = settings.postgres, asked_by_exporters(settings)
    if postgres is None or postgres.pooler.kind != "pgbouncer":
        yield Problem(
            _PLACE,
            f"postgres.pooler.kind {postgres.pooler.kind}" if postgres else "no postgres",
            "exporters beside PgBouncer alone, whose machines they run on",
            "set postgres.pooler.kind to pgbouncer, or remove monitoring.exporters",
        )
        return
    machine = catalog.machine_types().get(postgres.pooler.machine_type)
    if machine is None:
        return
    without = budgets.pooler_memory(postgres.pooler, machine.memory_mib)
    budget = budgets.pooler_memory(postgres.pooler, machine.memory_mib, memory_mib(asked))
    if without.needed <= machine.memory_mib < budget.needed:
        yield Problem(
            f"{_PLACE}.stores",
            ", ".join(asked),
            str(budget),
            "ask fewer stores, lower maxClientConnections, or take a larger machineType",
        )


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about the exporters."""
    exporters, asked = settings.monitoring and settings.monitoring.exporters, asked_by_exporters(settings)
    if not exporters or not asked:
        return
    if "redis" in asked:
        yield Advice(
            f"{_PLACE}.stores",
            "the pooler's machines can read and change the whole cache: its AUTH string knows no smaller right",
        )
    if silent := [store for store in exporters.stores if store not in asked]:
        yield Advice(
            f"{_PLACE}.stores",
            f"not asked while it is off, or signs in its clients by IAM alone: {', '.join(silent)}",
        )
