"""What is in a stack, by the names that catalogue rows ask for."""

from infra.settings import Settings


def features(settings: Settings) -> frozenset[str]:
    """The stores that are on, which engine the cache has ("redis") and which pooler PostgreSQL has ("pgbouncer")."""
    engine = {settings.cache.engine} if settings.cache else set()
    pooler = {settings.postgres.pooler.kind} - {"none"} if settings.postgres else set()
    return settings.stores | engine | pooler
