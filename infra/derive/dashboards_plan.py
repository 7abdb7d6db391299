"""Which dashboards a stack declares, in Cloud Monitoring and in Grafana (DASH)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.catalog.dashboard_rows import PanelRow
from infra.catalog.dashboard_rows import dashboards as rows
from infra.catalog.monitoring_rows import Severity, alerts
from infra.derive import thresholds
from infra.derive.alert_scopes import surroundings
from infra.derive.alerts import given
from infra.derive.dashboards import SLOW_STATEMENTS, Levels, dashboards, scopes
from infra.derive.dashboards_google import as_google
from infra.derive.features import features
from infra.derive.grafana import Entrance, GrafanaPlan, Place, grafana_plan
from infra.derive.log_metrics import LogMetricPlan
from infra.derive.names import Names
from infra.derive.postgres import PostgresPlan
from infra.derive.postgres_ports import SERVER
from infra.settings import Settings
from infra.settings.monitoring import MonitoringSettings
from infra.settings.monitoring_parts import AlertChange

_SLOW_FLAG = "log_min_duration_statement"


@dataclass(frozen=True)
class DashboardsPlan:
    """Every dashboard; `google` are those of Cloud Monitoring as the API takes them, by key."""

    google: Mapping[str, Mapping[str, Any]]
    slow_statements: LogMetricPlan | None
    grafana: GrafanaPlan | None


def dashboards_plan(
    monitoring: MonitoringSettings, settings: Settings, names: Names, postgres: PostgresPlan | None
) -> DashboardsPlan:
    """Work the dashboards out; `postgres` is the plan of that store, None where it is off."""
    project = settings.project
    servers = [each.name for each in (postgres.primary, *postgres.replicas)] if postgres else []
    known = scopes(surroundings(settings, names), servers)
    slow = _slow_statements(postgres, project.gcp_project)
    present = features(settings) | ({"slow-log"} if slow else set())

    def levels(panel: PanelRow) -> Levels | None:
        return levels_of(panel, monitoring)

    shown = dashboards(rows(), present, known, levels, sql=False)
    labels = {"env": project.environment, "owner": project.labels.owner}
    grafana = None
    if monitoring.grafana:
        place = Place(
            project=project.gcp_project,
            environment=project.environment,
            names=names,
            postgres=_entrance(postgres) if postgres else None,
            runbooks=f"{monitoring.repository}/docs/runbooks/alerts",
        )
        pages = dashboards(rows(), present, known, levels, sql=monitoring.grafana.postgres is not None)
        grafana = grafana_plan(monitoring.grafana, pages, known, place)
    return DashboardsPlan(
        google={each.key: as_google(each, known, labels, f"{each.title} ({project.environment})") for each in shown},
        slow_statements=slow,
        grafana=grafana,
    )


def _entrance(postgres: PostgresPlan) -> Entrance:
    # Without machines before it the clients' own name is the primary's.
    own = (name for name, keys in postgres.names.items() if keys == (postgres.primary.key,))
    return Entrance(f"{next(own, postgres.hosts['write'])}:{SERVER}", postgres.database)


def levels_of(panel: PanelRow, monitoring: MonitoringSettings) -> Levels | None:
    """The thresholds of a panel's alert as this stack has them, in the panel's unit; None where nobody is told."""
    if panel.alert is None:
        return None
    row, change = alerts()[panel.alert], monitoring.alerts.get(panel.alert, AlertChange())
    if not change.enabled:
        return None

    def level(severity: Severity) -> float | None:
        text = given(row, change, severity)
        if text is None or row.unit is None:
            return None
        base = thresholds.parse(text, row.unit)
        # More than a hundred keys are a hundred and one: a mark is reached and not passed.
        return float(thresholds.in_metric_unit(base, panel.unit) + (1 if panel.unit == "count" and row.above else 0))

    found = Levels(level("warning"), level("critical"), row.above)
    return None if found.warning is None and found.critical is None else found


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
