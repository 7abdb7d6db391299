"""Which dashboards a stack declares, in Cloud Monitoring and in Grafana (DASH)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.catalog.dashboard_rows import PanelRow
from infra.catalog.dashboard_rows import dashboards as rows
from infra.derive.cache import CachePlan
from infra.derive.cdn import CdnPlan
from infra.derive.dashboards import SLOW_STATEMENTS, Levels, dashboards, scopes
from infra.derive.dashboards_google import as_google
from infra.derive.features import features
from infra.derive.grafana import GrafanaPlan, Surroundings, grafana_plan
from infra.derive.names import Names
from infra.derive.postgres import PostgresPlan
from infra.settings import Settings
from infra.settings.monitoring import MonitoringSettings

_SLOW_FLAG = "log_min_duration_statement"


@dataclass(frozen=True)
class LogMetricPlan:
    """A log-based metric: entries of the log that the filter lets through are counted."""

    name: str
    description: str
    filter: str


@dataclass(frozen=True)
class DashboardsPlan:
    """Every dashboard; `google` are those of Cloud Monitoring as the API takes them, by key."""

    google: Mapping[str, Mapping[str, Any]]
    slow_statements: LogMetricPlan | None
    grafana: GrafanaPlan | None


@dataclass(frozen=True)
class Stores:
    """The plans of the stores that dashboards show; None where one is off."""

    postgres: PostgresPlan | None
    cache: CachePlan | None
    cdn: CdnPlan | None


def dashboards_plan(
    monitoring: MonitoringSettings,
    settings: Settings,
    names: Names,
    stores: Stores,
    levels: Callable[[PanelRow], Levels | None],
) -> DashboardsPlan:
    """Work the dashboards out; `levels` are the thresholds of a panel's alert in this stack, in the panel's unit."""
    project = settings.project
    known = scopes(project.gcp_project, stores.postgres, stores.cache, stores.cdn)
    slow = _slow_statements(stores.postgres, project.gcp_project)
    present = features(settings) | _measured(stores.postgres, slow)
    shown = dashboards(rows(), present, known, levels, sql=False)
    labels = {"env": project.environment, "owner": project.labels.owner}
    grafana = None
    if monitoring.grafana:
        postgres = stores.postgres
        around = Surroundings(
            project=project.gcp_project,
            environment=project.environment,
            names=names,
            entrance=postgres.endpoints["write"] if postgres else None,
            database=postgres.database if postgres else None,
            runbooks=f"{monitoring.repository}/docs/runbooks",
        )
        asks_postgres = monitoring.grafana.postgres is not None
        pages = dashboards(rows(), present, known, levels, sql=asks_postgres)
        grafana = grafana_plan(monitoring.grafana, pages, known, around)
    return DashboardsPlan(
        google={each.key: as_google(each, known, labels, f"{each.title} ({project.environment})") for each in shown},
        slow_statements=slow,
        grafana=grafana,
    )


def _measured(postgres: PostgresPlan | None, slow: LogMetricPlan | None) -> set[str]:
    """What queries need beside a stack's features: replicas, a log of slow statements."""
    return ({"replicas"} if postgres and postgres.replicas else set()) | ({"slow-log"} if slow else set())


def _slow_statements(postgres: PostgresPlan | None, project: str) -> LogMetricPlan | None:
    """The metric of slow statements; None where the primary does not log them (-1, PostgreSQL 16, 20.8.2)."""
    if postgres is None or int(dict(postgres.primary.flags).get(_SLOW_FLAG, "-1")) < 0:
        return None
    instances = (postgres.primary, *postgres.replicas)
    databases = " OR ".join(f'"{project}:{each.name}"' for each in instances)
    return LogMetricPlan(
        name=SLOW_STATEMENTS,
        description=f"Statements that took longer than {_SLOW_FLAG}",
        filter=" AND ".join(
            [
                'resource.type="cloudsql_database"',
                f"resource.labels.database_id=({databases})",
                'log_id("cloudsql.googleapis.com/postgres.log")',
                'textPayload=~"duration: [0-9.]+ ms"',
            ]
        ),
    )
