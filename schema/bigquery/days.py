"""Where a moment becomes a day, or a day a moment, without a time zone: BigQuery takes UTC, a day from 09:00 JST on."""

from collections.abc import Callable, Iterator, Mapping

from sqlglot import exp
from sqlglot.expressions.datatypes import DType

_SHORTER_THAN_HOURS = frozenset({"MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"})
_MOMENTS = frozenset({DType.TIMESTAMPTZ, DType.TIMESTAMP, DType.TIMESTAMPLTZ})
_DAYS = frozenset({DType.DATE, DType.DATETIME})


def days_without_zone(tree: exp.Expr) -> Iterator[tuple[exp.Expr, str]]:
    """The functions of a statement whose types are annotated that say no zone where they need one, and their names."""
    for node in tree.walk():
        needs_zone = _RULES.get(type(node))
        if needs_zone and needs_zone(node):
            yield node, node.sql("bigquery").split("(")[0]


def _no_argument(node: exp.Expr) -> bool:
    return node.this is None


def _of_moment(node: exp.Expr) -> bool:
    return node.args.get("zone") is None and _is(node.this, _MOMENTS)


def _of_day(node: exp.Expr) -> bool:
    return node.args.get("zone") is None and _is(node.this, _DAYS)


def _truncated(node: exp.Expr) -> bool:
    return node.args.get("zone") is None and node.text("unit").upper() not in {"HOUR", *_SHORTER_THAN_HOURS}


def _extracted(node: exp.Expr) -> bool:
    return node.name.upper() not in _SHORTER_THAN_HOURS and _is(node.expression, _MOMENTS)


def _cast(node: exp.Expr) -> bool:
    to = node.args["to"].this
    return (to in _DAYS and _is(node.this, _MOMENTS)) or (to in _MOMENTS and _is(node.this, _DAYS))


def _formatted(node: exp.Expr) -> bool:
    return node.args.get("zone") is None and isinstance(node.this, exp.TsOrDsToTimestamp)


def _is(node: exp.Expr, types: frozenset[DType]) -> bool:
    return node.type is not None and node.type.this in types and not isinstance(node, exp.AtTimeZone)


_RULES: Mapping[type[exp.Expr], Callable[[exp.Expr], bool]] = {
    exp.CurrentDate: _no_argument,
    exp.CurrentDatetime: _no_argument,
    exp.CurrentTime: _no_argument,
    exp.Date: _of_moment,
    exp.TsOrDsToDatetime: _of_moment,
    exp.Timestamp: _of_day,
    exp.TimestampTrunc: _truncated,
    exp.Extract: _extracted,
    exp.Cast: _cast,
    exp.TimeToStr: _formatted,
}
