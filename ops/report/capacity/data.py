"""Growth for programs, and the JSON Schema of it; `#/$defs` are those of the report (ops/report/as_json.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infra.derive.cost_lines import Range
    from ops.report.capacity.model import Capacity, Step, Timeline

_TEXT = {"type": "string"}
_MONTH = {"type": "integer", "minimum": 1, "maximum": 60}
_PERHAPS = {"type": ["integer", "null"], "description": "null: not by the end of year 5"}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_CHANGE = _object(path=_TEXT, before={"type": ["string", "null"]}, after=_TEXT, by={"enum": ["setting", "instance"]})
_USD = {"$ref": "#/$defs/month"}
SCHEMA: Mapping[str, Any] = _list(
    _object(
        case=_TEXT,
        title={"$ref": "#/$defs/words"},
        firings=_list(_object(trigger=_TEXT, title={"$ref": "#/$defs/words"}, month=_PERHAPS, plan=_PERHAPS)),
        steps=_list(
            _object(month=_MONTH, trigger=_TEXT, changes=_list(_CHANGE), before=_USD, after=_USD, unpriced=_list(_TEXT))
        ),
        ends=_list(_object(trigger=_TEXT, month=_MONTH, plan={"type": "integer"}, shards={"type": "boolean"})),
    )
)
"""JSON Schema of what `growth` gives."""


def growth(capacity: Capacity) -> list[dict[str, Any]]:
    """Each reading of the document's growth: what fires when, what is changed then, and where it ends."""
    return [_timeline(each) for each in capacity.timelines]


def _timeline(line: Timeline) -> dict[str, Any]:
    return {
        "case": line.case,
        "title": {"en": line.title.en, "ja": line.title.ja},
        "firings": [
            {
                "trigger": each.trigger,
                "title": {"en": each.title.en, "ja": each.title.ja},
                "month": each.month,
                "plan": each.plan,
            }
            for each in line.firings
        ],
        "steps": list(_steps(line.steps)),
        "ends": [
            {"trigger": each.trigger, "month": each.month, "plan": each.plan, "shards": each.shards}
            for each in line.ends
        ],
    }


def _steps(steps: tuple[Step, ...]) -> Iterator[dict[str, Any]]:
    for step in steps:
        yield {
            "month": step.month,
            "trigger": step.trigger,
            "changes": [
                {"path": each.path, "before": each.before, "after": each.after, "by": each.by} for each in step.changes
            ],
            "before": _usd(step.before),
            "after": _usd(step.after),
            "unpriced": list(step.unpriced),
        }


def _usd(month: Range) -> dict[str, str]:
    return {"low": f"{month.low:.2f}", "high": f"{month.high:.2f}"}
