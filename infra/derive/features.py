"""What is in a stack, by the names that catalogue rows ask for."""

from infra.settings import Settings


def features(settings: Settings) -> frozenset[str]:
    """The stores that are on, and what is in them.

    Which engine the cache has ("redis"), which pooler PostgreSQL has ("pgbouncer"), and whether a schedule looks after
    PostgreSQL ("maintenance").
    """
    engine = {settings.cache.engine} if settings.cache else set()
    pooler = {settings.postgres.pooler.kind} - {"none"} if settings.postgres else set()
    maintenance = {"maintenance"} if settings.schemas and settings.postgres else set()
    return settings.stores | engine | pooler | maintenance
