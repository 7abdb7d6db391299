"""Dashboards of a stack in which everything is there, for the tests of this folder."""

from collections.abc import Collection

from infra.catalog.dashboard_rows import dashboards as rows
from infra.derive.alert_scopes import surroundings
from infra.derive.dashboards import Dashboard, Scopes, dashboards, scopes
from infra.derive.dashboards_plan import levels_of
from infra.derive.names import names_for
from infra.settings import Settings
from tests.stacks import settings_of

EVERYTHING = frozenset(
    {"postgres", "replicas", "slow-log", "pgbouncer", "cache", "redis", "cdn"}
    | {"exporters-pooler", "exporters-postgres", "exporters-redis"}
)
SETTINGS: Settings = settings_of("prod")
SERVERS = ("triptrip-prod-postgres-1", "triptrip-prod-postgres-replica-b-1", "triptrip-prod-postgres-replica-c-1")


def known() -> Scopes:
    """What queries of prod may name."""
    return scopes(surroundings(SETTINGS, names_for(SETTINGS.project)), SERVERS)


def shown(present: Collection[str] = EVERYTHING, *, sql: bool = False) -> tuple[Dashboard, ...]:
    """Prod's dashboards, with its own thresholds, as if that were present."""
    monitoring = SETTINGS.monitoring
    assert monitoring is not None
    return dashboards(rows(), present, known(), lambda panel: levels_of(panel, monitoring), sql=sql)
