"""Where the exporters of a stack find what they ask, and whose account may then read which secret."""

from collections.abc import Mapping

from infra.catalog.cache_rows import redis_tls_port
from infra.derive import postgres_ports as ports
from infra.derive.cache import cache_plan
from infra.derive.elasticsearch import elasticsearch_plan
from infra.derive.exporters import Exporters, ExporterSurroundings, chosen, exporters_plan
from infra.derive.features import asked_by_exporters
from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.postgres import PostgresSettings


def pooler_exporters(
    postgres: PostgresSettings, settings: Settings, names: Names, instances: Mapping[str, str]
) -> Exporters | None:
    """The exporters on the pooler's machines; `instances` are the hosts by instance name, the primary's first."""
    wanted = settings.monitoring.exporters if settings.monitoring else None
    asked = asked_by_exporters(settings)
    if wanted is None or not asked:
        return None
    project = settings.project
    primary_name, primary = next(iter(instances.items()))
    secrets = {each.secret for row in chosen(asked).values() for each in row.secrets.values() if each.secret}
    around = ExporterSurroundings(
        gcp_project=project.gcp_project,
        location=postgres.primary.region or project.region,
        environment=project.environment,
        pooler_image=str(postgres.pooler.image),
        instances=instances,
        values={
            "primary": primary,
            "primary_name": primary_name,
            "server_port": str(ports.SERVER),
            "database": postgres.database,
            "write_port": str(ports.WRITES),
            "read_port": str(ports.READS),
            "redis_port": str(redis_tls_port()),
            **_stores(settings, names),
        },
        secrets={key: names.of(key) for key in sorted(secrets)},
    )
    return exporters_plan(wanted, asked, around)


def _stores(settings: Settings, names: Names) -> dict[str, str]:
    """Hosts and names of the stores that are on."""
    found = {"timescale_name": names.of("timescale")}
    if settings.cache:
        cache = cache_plan(settings.cache, settings, names)
        found |= {"redis": cache.hosts["write"], "cache_name": cache.name}
    if settings.elasticsearch:
        search = elasticsearch_plan(settings.elasticsearch, settings, names)
        found |= {"search": search.hosts["es"], "search_name": search.name}
    return found
