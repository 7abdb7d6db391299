"""BigQuery: analytics, reports, machine learning (BQ-SVC)."""

from infra.settings.model import StoreSettings


class BigquerySettings(StoreSettings):
    """BigQuery: analytics, reports, machine learning (BQ-SVC)."""

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        return ""
