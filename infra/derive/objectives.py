"""Objectives of Cloud Monitoring as they will be declared: what is promised of the platform's own programs."""

from dataclasses import dataclass
from string import Template

from infra.catalog.objective_rows import ObjectiveRow, objectives
from infra.derive import thresholds
from infra.derive.alert_scopes import Surroundings
from infra.derive.features import features
from infra.derive.names import Names
from infra.settings import Settings


@dataclass(frozen=True)
class ObjectivePlan:
    """A promise: the `goal` is the share (0 to 1) of what `filter` counts that lies between 0 and `most`."""

    key: str
    service_id: str
    service: str
    title: str
    filter: str
    most: float
    goal: float
    days: int


def objective_plans(settings: Settings, names: Names, around: Surroundings) -> tuple[ObjectivePlan, ...]:
    """Every promise about something that the stack has."""
    present = features(settings)
    return tuple(
        ObjectivePlan(
            key=name,
            service_id=names.of(name),
            service=row.service,
            title=row.title,
            filter=_filter(row, around),
            most=row.most,
            goal=float(thresholds.parse(row.goal, "share")),
            days=row.days,
        )
        for name, row in objectives().items()
        if present.issuperset(row.needs)
    )


def _filter(row: ObjectiveRow, around: Surroundings) -> str:
    """A monitoring filter (cloud.google.com/monitoring/api/v3/filters)."""
    parts = [f'metric.type = "{row.metric}"', f'resource.type = "{row.resource}"']
    for place, value in row.where.items():
        kind, _, label = place.partition(".")
        parts.append(f'{kind}.labels.{label} = "{Template(value).substitute(around.texts)}"')
    return " AND ".join(parts)
