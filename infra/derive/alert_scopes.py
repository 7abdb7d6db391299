"""What an alert is about in this stack: monitored resources by name, and figures that thresholds are shares of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from infra.derive.bigquery import ScanQuotaPlan, bigquery_plan
from infra.derive.cache import CachePlan, cache_plan
from infra.derive.cdn import cdn_plan
from infra.derive.invalidation import invalidation_plan
from infra.derive.names import Names
from infra.derive.postgres import InstancePlan, PostgresPlan, postgres_plan
from infra.derive.schemas import schemas_plan
from infra.settings import Settings

_GIB, _MIB = 1 << 30, 1 << 20


@dataclass(frozen=True)
class Scope:
    """Monitored resources of one type: those whose `label` has one of the `values`; without a label all of the project.

    `scales` are the figures of each value, by name: what thresholds may be shares of.
    """

    resource: str
    label: str | None = None
    values: tuple[str, ...] = ()
    scales: Mapping[str, Mapping[str, Decimal]] | None = None

    def scale(self, name: str) -> Mapping[tuple[str, ...], Decimal]:
        """The values that share a figure, each with it; empty where nothing has one."""
        found: dict[Decimal, list[str]] = {}
        for value, figure in (self.scales or {}).get(name, {}).items():
            if value in self.values:
                found.setdefault(figure, []).append(value)
        return {tuple(values): figure for figure, values in found.items()}


@dataclass(frozen=True)
class Surroundings:
    """The scopes that are there, by name, and the texts that queries name with a $."""

    scopes: Mapping[str, Scope]
    texts: Mapping[str, str]


def surroundings(settings: Settings, names: Names) -> Surroundings:
    """Everything that alerts of this stack can be about."""
    scopes: dict[str, Scope] = {}
    texts = {
        "environment": settings.project.environment,
        "deployers": " OR ".join(f'"{each}"' for each in settings.monitoring.deployers) if settings.monitoring else "",
    }
    for store in (_postgres, _upkeep, _cache, _invalidation, _bigquery, _cdn):
        found = store(settings, names)
        scopes |= found.scopes
        texts |= found.texts
    return Surroundings(scopes, texts)


_NOTHING = Surroundings({}, {})


def _postgres(settings: Settings, names: Names) -> Surroundings:
    if settings.postgres is None:
        return _NOTHING
    plan = postgres_plan(settings.postgres, settings, names)
    every, readers = (plan.primary, *plan.replicas), plan.replicas or (plan.primary,)

    def ids(*instances: InstancePlan) -> tuple[str, ...]:
        return tuple(f"{settings.project.gcp_project}:{instance.name}" for instance in instances)

    def on(resource: str, label: str, instances: tuple[InstancePlan, ...]) -> Scope:
        return Scope(resource, label, ids(*instances), _postgres_scales(settings, plan, ids))

    database, queries = ("cloudsql_database", "database_id"), ("cloudsql_instance_database", "resource_id")
    primary = (plan.primary,)
    scopes = {
        "postgres-instances": on(*database, every),
        "postgres-primary": on(*database, primary),
        "postgres-replicas": on(*database, plan.replicas),
        "postgres-replicated-primary": on(*database, primary if plan.replicas else ()),
        "postgres-regional-primary": on(*database, primary if plan.availability == "REGIONAL" else ()),
        "postgres-queries": on(*queries, every),
        "postgres-read-queries": on(*queries, readers),
    }
    texts = {
        "postgres_primary": any_of(ids(plan.primary)),
        "postgres_primary_id": ids(plan.primary)[0],
        "postgres_instances": any_of(ids(*every)),
        "disk_limit": str(plan.disk_limit_gb * _GIB),
    }
    return Surroundings(scopes, texts | ({"pooler_machines": str(plan.pooler.instances)} if plan.pooler else {}))


def _postgres_scales(
    settings: Settings, plan: PostgresPlan, ids: Callable[..., tuple[str, ...]]
) -> Mapping[str, Mapping[str, Decimal]]:
    every = (plan.primary, *plan.replicas)
    capacity = settings.monitoring.write_capacity if settings.monitoring else 0
    return {
        "max-connections": {ids(each)[0]: Decimal(each.max_connections) for each in every},
        "disk-limit": {ids(each)[0]: Decimal(plan.disk_limit_gb * _GIB) for each in every},
        "write-capacity": {ids(plan.primary)[0]: Decimal(capacity)},
    }


def _upkeep(settings: Settings, names: Names) -> Surroundings:
    plan = schemas_plan(settings.schemas, settings, names) if settings.schemas else None
    jobs = tuple(each.job.name for each in plan.scheduled if each.is_frequent) if plan else ()
    return Surroundings({"postgres-upkeep": Scope("cloud_run_job", "job_name", jobs)}, {})


def _cache(settings: Settings, names: Names) -> Surroundings:
    if settings.cache is None:
        return _NOTHING
    plan = cache_plan(settings.cache, settings, names)
    instance = f"projects/{settings.project.gcp_project}/locations/{plan.region}/instances/{plan.name}"
    if plan.engine == "redis":
        return Surroundings(_redis(plan, instance), {"redis": any_of((instance,))})
    return Surroundings({"valkey": Scope("memorystore.googleapis.com/Instance", "instance_id", (plan.name,))}, {})


def _redis(plan: CachePlan, instance: str) -> Mapping[str, Scope]:
    scales = {"cache-replicas": {instance: Decimal(plan.replicas)}}
    return {
        "redis": Scope("redis_instance", "instance_id", (instance,)),
        "redis-replicated": Scope("redis_instance", "instance_id", (instance,) if plan.replicas else (), scales),
    }


def _invalidation(settings: Settings, names: Names) -> Surroundings:
    if settings.invalidation is None:
        return _NOTHING
    plan = invalidation_plan(settings.invalidation, settings, names)
    subscription = ("pubsub_subscription", "subscription_id")
    return Surroundings(
        {
            "invalidation": Scope(*subscription, (plan.subscription,)),
            "dead-letters": Scope(*subscription, (plan.dead_letter.subscription,)),
        },
        {
            "invalidation_subscription": plan.subscription,
            **({"invalidator": plan.service.name} if plan.service else {}),
        },
    )


def _bigquery(settings: Settings, names: Names) -> Surroundings:
    if settings.bigquery is None:
        return _NOTHING
    cost, project = bigquery_plan(settings.bigquery, settings, names).cost, settings.project.gcp_project
    label = ("project_id", (project,))
    if isinstance(cost, ScanQuotaPlan):
        priced = {"bigquery": Scope("global", *label, {"scan-quota": {project: Decimal(cost.per_day * _MIB)}})}
    else:
        slots = Decimal(cost.baseline + cost.added)
        priced = {"bigquery-project": Scope("global", *label, {"slots": {project: slots}})}
    return Surroundings({**priced, "reports": Scope("bigquery_dts_config", *label)}, {})


def _cdn(settings: Settings, names: Names) -> Surroundings:
    return Surroundings({}, {"url_map": cdn_plan(settings.cdn, settings, names).name}) if settings.cdn else _NOTHING


def any_of(values: Sequence[str]) -> str:
    """A regular expression that matches these values alone, as PromQL writes it (RE2, anchored by itself)."""
    return "|".join(value.replace(".", "[.]") for value in values)
