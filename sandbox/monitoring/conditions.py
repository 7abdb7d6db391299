"""Conditions of alert policies, typed: as a plan shows them (camelCase) or as a program writes them (snake_case)."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

_DURATION = re.compile(r"(\d+)(?:\.0+)?s")


def seconds(text: object) -> object:
    """A duration of the API's JSON ("300s") in seconds; anything else is left for the model to refuse."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    return int(found[1]) if found else text


Seconds = Annotated[int, BeforeValidator(seconds)]


class _Part(BaseModel):
    """A part of a condition; what is left out is unset. Keys that only the engine adds are passed over."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore")


class Aggregation(_Part):
    """How points are put together: first those of each series, then the series of each group."""

    alignment_period: Seconds = 0
    per_series_aligner: str = "ALIGN_NONE"
    cross_series_reducer: str = "REDUCE_NONE"
    group_by_fields: tuple[str, ...] = ()


class Trigger(_Part):
    """How many series must fail."""

    count: int | None = None
    percent: float | None = None


class ForecastOptions(_Part):
    """How far ahead a series is foretold."""

    forecast_horizon: Seconds


class Threshold(_Part):
    """A condition on a value."""

    filter: str
    comparison: str
    duration: Seconds
    threshold_value: float = 0.0
    aggregations: tuple[Aggregation, ...] = ()
    denominator_filter: str | None = None
    denominator_aggregations: tuple[Aggregation, ...] = ()
    trigger: Trigger = Trigger()
    forecast_options: ForecastOptions | None = None
    evaluation_missing_data: str | None = None


class Absence(_Part):
    """A condition on data that stays away."""

    filter: str
    duration: Seconds
    aggregations: tuple[Aggregation, ...] = ()
    trigger: Trigger = Trigger()


class Promql(_Part):
    """A condition in PromQL."""

    query: str
    duration: Seconds = 0
    disable_metric_validation: bool = False


class Condition(_Part):
    """One condition; exactly one kind is set in a good one."""

    condition_threshold: Threshold | None = None
    condition_absent: Absence | None = None
    condition_prometheus_query_language: Promql | None = None


def condition_of(declared: Mapping[str, Any]) -> Condition:
    """A declared condition; raises pydantic's ValidationError for one whose parts have another form."""
    return Condition.model_validate(_without_unset(declared))


def _without_unset(value: Any) -> Any:
    """A copy without what is null, and without lists and objects in which nothing is set."""
    if isinstance(value, Mapping):
        items = ((key, _without_unset(item)) for key, item in value.items())
        return {key: item for key, item in items if item not in (None, {}, [])}
    return [_without_unset(item) for item in value] if isinstance(value, list | tuple) else value
