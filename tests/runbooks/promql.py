"""Blocks of PromQL against the catalogue of metrics, as an alert's own query is checked."""

from collections.abc import Iterator

from sandbox.monitoring.conditions import Promql
from sandbox.monitoring.promql_checks import promql_problems as refused
from tests.runbooks.page import Block


def promql_problems(block: Block) -> Iterator[str]:
    """Syntax, metrics and labels that Cloud Monitoring would not take."""
    # As every alert's query: a metric may be younger than what asks for it.
    condition = Promql(query=block.text, duration=0, disable_metric_validation=True)
    yield from (f"line {block.line}: {rule}: {message}" for rule, message in refused(condition))
