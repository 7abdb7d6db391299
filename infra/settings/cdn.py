"""The load balancer and CDN in front of the API (CACHE-EP, CACHE-LAYERS)."""

from infra.settings.model import StoreSettings


class CdnSettings(StoreSettings):
    """The load balancer and CDN in front of the API (CACHE-EP, CACHE-LAYERS)."""

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        return ""
