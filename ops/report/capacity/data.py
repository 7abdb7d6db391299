"""Growth for programs, and the JSON Schema of it; `#/$defs` are those of the report (ops/report/as_json.py)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ops.money import as_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
        "title": asdict(line.title),
        "firings": [
            {
                "trigger": each.trigger,
                "title": asdict(each.title),
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
            "before": as_data(step.before),
            "after": as_data(step.after),
            "unpriced": list(step.unpriced),
        }
