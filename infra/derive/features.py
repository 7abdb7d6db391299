"""What is in a stack, by the names that catalogue rows ask for."""

from collections.abc import Mapping

from infra.settings import Settings
from infra.settings.monitoring_exporters import ExportedStore


def features(settings: Settings) -> frozenset[str]:
    """The stores that are on, and what is in them.

    Which engine the cache has ("redis"), which pooler PostgreSQL has ("pgbouncer"), whether a schedule looks after
    PostgreSQL ("maintenance"), whether exporters stand beside the pooler ("exporters", and "exporters-redis" for each
    store that they ask), what is exported ("redis-exports", or anything by a workflow: "exports"; by a job:
    "timescale-exports"), whether a job practises recovery ("drills"), whether PostgreSQL has replicas ("replicas"),
    whether a budget watches the month ("budget"), whether the stack itself runs the worker of invalidations
    ("invalidator"), and what several of them need ("schedules", "buckets", "containers").
    """
    engine = {settings.cache.engine} if settings.cache else set()
    maintenance = {"maintenance"} if settings.schemas and settings.postgres else set()
    return (
        settings.stores
        | engine
        | _postgres(settings)
        | _exporters(settings)
        | maintenance
        | _shared(settings, maintenance, _exports(settings), _invalidator(settings))
        | ({"budget"} if settings.monitoring and settings.monitoring.budget else set())
    )


def _postgres(settings: Settings) -> set[str]:
    """What stands before PostgreSQL, and whether it has replicas."""
    if settings.postgres is None:
        return set()
    return ({settings.postgres.pooler.kind} - {"none"}) | ({"replicas"} if settings.postgres.replicas else set())


def asked_by_exporters(settings: Settings) -> tuple[ExportedStore, ...]:
    """What the exporters beside the pooler ask: of the stores that they may ask those that are on.

    Valkey signs its clients in by IAM, which the exporter does not know; Elasticsearch's key is the schema step's.
    """
    exporters = settings.monitoring.exporters if settings.monitoring else None
    if exporters is None or settings.postgres is None or settings.postgres.pooler.kind != "pgbouncer":
        return ()
    is_on: Mapping[ExportedStore, bool] = {
        "pooler": True,
        "postgres": True,
        "redis": settings.cache is not None and settings.cache.engine == "redis",
        "elasticsearch": settings.elasticsearch is not None and settings.schemas is not None,
        "timescale": settings.timescale is not None,
    }
    return tuple(store for store in exporters.stores if is_on[store])


def _exporters(settings: Settings) -> set[str]:
    asked = asked_by_exporters(settings)
    return {"exporters", *(f"exporters-{store}" for store in asked)} if asked else set()


def _exports(settings: Settings) -> set[str]:
    """What is exported, and whether that is practised: Memorystore for Valkey makes backups by itself."""
    if settings.recovery is None:
        return set()
    redis = {"redis-exports"} if settings.cache and settings.cache.engine == "redis" else set()
    drills = {"drills"} if settings.postgres and settings.recovery.drills.image else set()
    timescale = {"timescale-exports"} if settings.timescale and settings.schemas else set()
    return redis | drills | timescale | ({"exports"} if redis or settings.postgres else set())


def _invalidator(settings: Settings) -> set[str]:
    return {"invalidator"} if settings.invalidation and settings.invalidation.service else set()


def _shared(settings: Settings, maintenance: set[str], exports: set[str], invalidator: set[str]) -> set[str]:
    schedules = {"schedules"} if maintenance or exports else set()
    buckets = {"buckets"} if settings.elasticsearch or settings.recovery else set()
    containers = {"containers"} if settings.schemas or "drills" in exports or invalidator else set()
    return exports | schedules | buckets | invalidator | containers
