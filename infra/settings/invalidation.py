"""The invalidation bus of the caches on Pub/Sub (CACHE-INV)."""

from infra.settings.model import StoreSettings


class InvalidationSettings(StoreSettings):
    """The invalidation bus of the caches on Pub/Sub (CACHE-INV)."""

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        return ""
