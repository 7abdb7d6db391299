"""Log-based metrics as they will be declared."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LogMetricPlan:
    """A log-based metric: entries of the log that the filter lets through are counted."""

    name: str
    description: str
    filter: str

    @property
    def promql(self) -> str:
        """Its name in PromQL (Cloud Monitoring documentation, "Mapping Cloud Monitoring metrics to PromQL")."""
        return f"logging_googleapis_com:user_{self.name}"
