"""In which phase a stack is, and which of its settings a phase changes."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.catalog.operation_rows import PhaseRow
from infra.derive.postgres import local_replicas
from infra.settings import Settings
from ops.report.phases.model import SettingChange

_AVAILABILITY = ("ZONAL", "REGIONAL")


def keeps(declared: Settings, phase: Settings, row: PhaseRow) -> bool:
    """Whether a stack has at least what a phase asks for; `phase` are its settings in that phase."""
    mine, wanted = declared.postgres, phase.postgres
    if mine is None or wanted is None:
        return False
    (near, far), (_, far_wanted) = _replicas(declared), _replicas(phase)
    return (
        _AVAILABILITY.index(mine.primary.availability) >= _AVAILABILITY.index(wanted.primary.availability)
        and mine.storage.size >= wanted.storage.size
        and mine.backup.retained >= wanted.backup.retained
        and mine.backup.point_in_time_recovery >= wanted.backup.point_in_time_recovery
        and near >= row.readers
        and far >= far_wanted
    )


def differences(before: Any, after: Any, path: str = "") -> Iterator[SettingChange]:
    """Every value that differs between two stack files' subjects, by its dotted path."""
    if before == after:
        return
    if isinstance(before, Mapping | None) and isinstance(after, Mapping | None):
        before, after = before or {}, after or {}
        for key in {**before, **after}:
            yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    else:
        yield SettingChange(path, before, after)


def _replicas(settings: Settings) -> tuple[int, int]:
    """How many replicas are in the primary's region, and how many in another."""
    if settings.postgres is None:
        return 0, 0
    near = len(local_replicas(settings.postgres, settings.project))
    return near, len(settings.postgres.replicas) - near
