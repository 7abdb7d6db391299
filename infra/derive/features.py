"""What is in a stack, by the names that catalogue rows ask for."""

from infra.settings import Settings


def features(settings: Settings) -> frozenset[str]:
    """The stores that are switched on, and which engine the cache has ("redis" or "valkey")."""
    engine = {settings.cache.engine} if settings.cache else set()
    return settings.stores | engine
