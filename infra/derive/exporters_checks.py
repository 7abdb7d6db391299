"""What the exporters need to be there: the pooler's machines, the stores that they ask, and room."""

from collections.abc import Iterator, Mapping

from infra import catalog
from infra.derive import budgets
from infra.derive.exporters import memory_mib
from infra.derive.features import features
from infra.derive.findings import Advice
from infra.derive.pooler_exporters import exporter_settings
from infra.settings import Problem, Settings
from infra.settings.monitoring_exporters import ExportedStore

_PLACE = "monitoring.exporters"

_NEEDS: Mapping[ExportedStore, tuple[str, str]] = {
    "redis": ("redis", "cache.engine redis: Valkey is signed in to by IAM, which its exporter does not know"),
    "elasticsearch": ("elasticsearch", "elasticsearch, and schemas, whose step makes the API key"),
    "timescale": ("timescale", "timescale"),
}


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the exporters; nothing when there are none."""
    wanted, postgres, present = exporter_settings(settings), settings.postgres, features(settings)
    if wanted is None:
        return
    if postgres is None or "pgbouncer" not in present:
        yield Problem(
            _PLACE,
            f"postgres.pooler.kind {postgres.pooler.kind}" if postgres else "no postgres",
            "exporters beside the pooler alone: postgres.pooler.kind pgbouncer",
            "set postgres.pooler.kind to pgbouncer, or remove monitoring.exporters",
        )
        return
    for index, store in enumerate(wanted.stores):
        feature, allowed = _NEEDS.get(store, (store, ""))
        is_there = feature in present and (store != "elasticsearch" or "schemas" in present)
        if store in _NEEDS and not is_there:
            yield Problem(f"{_PLACE}.stores[{index}]", store, f"{store} with {allowed}", "leave it out")
    machine = catalog.machine_types().get(postgres.pooler.machine_type)
    if machine is None:
        return
    without = budgets.pooler_memory(postgres.pooler, machine.memory_mib)
    budget = budgets.pooler_memory(postgres.pooler, machine.memory_mib, memory_mib(wanted))
    if without.needed <= machine.memory_mib < budget.needed:
        yield Problem(
            f"{_PLACE}.stores",
            ", ".join(wanted.stores),
            str(budget),
            "ask fewer stores, lower maxClientConnections, or take a larger machineType",
        )


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about the exporters."""
    wanted = exporter_settings(settings)
    if wanted and "redis" in wanted.stores:
        yield Advice(
            f"{_PLACE}.stores",
            "the pooler's machines can read and change the whole cache: its AUTH string knows no smaller right",
        )
