"""Timescale Cloud in AWS Tokyo: the time series (TS-SVC, COR-11)."""

from infra.settings.model import StoreSettings


class TimescaleSettings(StoreSettings):
    """Timescale Cloud in AWS Tokyo: the time series (TS-SVC, COR-11)."""

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        return ""
