"""Cloud Monitoring as far as alerts need it: what it refuses of a condition, and when a condition is true.

`check_condition` says what Google would refuse, `evaluate` drives a threshold or absence condition with simulated time
series; PromQL is promtool's (`sandbox.monitoring.promtool`).
"""

from sandbox.monitoring.aggregations import Form
from sandbox.monitoring.checks import check_condition
from sandbox.monitoring.evaluation import Interval, evaluate
from sandbox.monitoring.series import Distribution, Series

__all__ = ["Distribution", "Form", "Interval", "Series", "check_condition", "evaluate"]
