"""Elastic Cloud: full-text, facet and geo search (ES-SVC)."""

from infra.settings.model import StoreSettings


class ElasticsearchSettings(StoreSettings):
    """Elastic Cloud: full-text, facet and geo search (ES-SVC)."""

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        return ""
