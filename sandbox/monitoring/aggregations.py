"""Which aligner and reducer fits which time series, and what comes out of it (aggregations.yaml)."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from infra.catalog.metric_rows import MetricKind, ValueType

_TABLE = Path(__file__).parent / "aggregations.yaml"
_NUMERIC: frozenset[ValueType] = frozenset({"INT64", "DOUBLE"})


class AggregationError(ValueError):
    """An aligner or reducer that Cloud Monitoring does not take, in its words; `rule` is the simulated cloud's name."""

    def __init__(self, rule: str, value: str, problem: str) -> None:
        field = {"alert-aligner-fits": "perSeriesAligner", "alert-reducer-fits": "crossSeriesReducer"}[rule]
        super().__init__(f'Field aggregation.{field} had an invalid value of "{value}": {problem}')
        self.rule = rule


class Step(BaseModel):
    """An aligner or reducer: what it takes and what comes out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kinds: frozenset[MetricKind]
    types: frozenset[Literal["numeric", "BOOL", "DISTRIBUTION"]]
    kind: MetricKind | Literal["same"]
    type: ValueType | Literal["same"]

    def takes(self, form: "Form") -> bool:
        """Whether it fits time series of that form."""
        return form.kind in self.kinds and ("numeric" if form.type in _NUMERIC else form.type) in self.types

    def gives(self, form: "Form") -> "Form":
        """The form of what comes out."""
        kind = form.kind if self.kind == "same" else self.kind
        return Form(kind=kind, type=form.type if self.type == "same" else self.type)


class Form(BaseModel):
    """The kind and value type of time series."""

    model_config = ConfigDict(frozen=True)

    kind: MetricKind
    type: ValueType


@cache
def aligners() -> Mapping[str, Step]:
    """Aligners by name."""
    return _steps("aligners")


@cache
def reducers() -> Mapping[str, Step]:
    """Reducers by name."""
    return _steps("reducers")


def _steps(section: str) -> Mapping[str, Step]:
    table = yaml.safe_load(_TABLE.read_text(encoding="utf-8"))
    return {name: Step(**row) for name, row in table[section].items()}


def aggregated(form: Form, aggregation: Mapping[str, Any]) -> Form:
    """What one aggregation of a condition makes of time series; raises AggregationError as Google answers.

    Source of the wordings: google/slo-generator#231, exposure-notifications-verification-server#659.
    """
    aligner = aggregation.get("perSeriesAligner") or "ALIGN_NONE"
    reducer = aggregation.get("crossSeriesReducer") or "REDUCE_NONE"
    aligned = _taken(aligners(), "aligner", aligner, form)
    if reducer == "REDUCE_NONE":
        return aligned
    if aligner == "ALIGN_NONE":
        text = "A cross-series reducer needs a per-series aligner other than ALIGN_NONE."
        raise AggregationError("alert-aligner-fits", aligner, text)
    return _taken(reducers(), "reducer", reducer, aligned)


def _taken(table: Mapping[str, Step], word: str, name: str, form: Form) -> Form:
    step = table.get(name)
    if step is None:
        raise AggregationError(f"alert-{word}-fits", name, f"There is no such {word}.")
    if not step.takes(form):
        text = f"The {word} cannot be applied to metrics with kind {form.kind} and value type {form.type}."
        raise AggregationError(f"alert-{word}-fits", name, text)
    return step.gives(form)
