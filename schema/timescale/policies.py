"""The policies as they are to be, typed: what policies.yaml holds."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from schema.kit import File, SchemaError, read_yaml
from schema.timescale.interval import Interval


def _interval(value: Any) -> Any:
    return Interval.parse(value) if isinstance(value, str) else value


_Interval = Annotated[Interval, BeforeValidator(_interval)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, strict=True)


class After(_Row):
    """What is done to chunks that are `after` old, looked for `every` so long."""

    after: _Interval
    every: _Interval


class Refresh(_Row):
    """The window, from `start` to `end` before now, in which an aggregate is brought up to date."""

    start: _Interval
    end: _Interval
    every: _Interval


class HypertablePolicies(_Row):
    """One hypertable; `many_chunks` says why it may have more chunks than the lint allows."""

    chunk: _Interval
    columnstore: After | None = None
    retention: After | None = None
    many_chunks: str = ""


class AggregatePolicies(_Row):
    """One continuous aggregate."""

    refresh: Refresh
    columnstore: After | None = None
    retention: After | None = None


class Policies(_Row):
    """Every policy there is, by hypertable and by continuous aggregate."""

    hypertables: Mapping[str, HypertablePolicies]
    continuous_aggregates: Mapping[str, AggregatePolicies]


def read_policies(file: File) -> Policies:
    """Read policies.yaml; raises SchemaError naming the row and what is wrong with it."""
    try:
        return Policies.model_validate(read_yaml(file))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise SchemaError(
            f"{file.path.as_posix()}: {place}" if place else file.path.as_posix(),
            first["msg"].removeprefix("Value error, "),
            fix="mend the row as schema/timescale/policies.py and the rows beside it say",
        ) from None
