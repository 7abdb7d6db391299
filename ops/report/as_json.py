"""The report for programs; report.schema.json beside the written file says what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.cost_tables import YEARS
from ops.money import as_data
from ops.report.capacity.data import SCHEMA as GROWTH
from ops.report.capacity.data import growth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.catalog.words import Words
    from infra.derive.cost import Estimate
    from ops.report.capacity.model import Capacity
    from ops.report.cheapest import Cheaper, Cheapest
    from ops.report.model import Evidence, Remedy, Report, Verdict

_YEARS = ("list", "oneYearAhead", "threeYearsAhead")

_TEXT = {"type": "string"}
_WORDS = {
    "type": "object",
    "required": ["en", "ja"],
    "additionalProperties": False,
    "properties": {"en": _TEXT, "ja": _TEXT},
}
_MONTH = {
    "type": "object",
    "required": ["low", "high"],
    "additionalProperties": False,
    "properties": {"low": {"$ref": "#/$defs/amount"}, "high": {"$ref": "#/$defs/amount"}},
}
_EVIDENCE = {
    "type": "object",
    "required": ["origin", "value", "holds", "asked", "source", "date"],
    "additionalProperties": False,
    "properties": {
        "origin": _TEXT,
        "value": _TEXT,
        "holds": {"type": "boolean"},
        "asked": _TEXT,
        "source": _TEXT,
        "date": {"type": ["string", "null"], "format": "date"},
    },
}
_REMEDY = {
    "type": "object",
    "required": ["words", "settings", "month", "unpriced", "closes"],
    "additionalProperties": False,
    "properties": {
        "words": {"$ref": "#/$defs/words"},
        "settings": {"type": "object"},
        "month": {"$ref": "#/$defs/month"},
        "unpriced": {"type": "array", "items": _TEXT},
        "closes": {"type": "boolean", "description": "false: the gap becomes smaller"},
    },
}
_VERDICT = {
    "type": "object",
    "required": ["requirement", "status", "found", "evidence", "remedies"],
    "additionalProperties": False,
    "properties": {
        "requirement": _TEXT,
        "status": {"enum": ["met", "not met", "undecided"]},
        "found": {"$ref": "#/$defs/words"},
        "evidence": {"type": "array", "items": {"$ref": "#/$defs/evidence"}},
        "remedies": {"type": "array", "items": {"$ref": "#/$defs/remedy"}},
    },
}
_CHEAPER = {
    "type": "object",
    "required": ["settings", "month", "saved", "givesUp", "sooner", "stoppedBy"],
    "additionalProperties": False,
    "properties": {
        "settings": {"type": "object"},
        "month": {"$ref": "#/$defs/month", "description": "of the store"},
        "saved": {"$ref": "#/$defs/month", "description": "of the whole stack"},
        "givesUp": {"type": "array", "items": _TEXT},
        "sooner": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "month by trigger"},
        "stoppedBy": {**_TEXT, "description": "what refuses the next cheaper size: setting, trigger or requirement"},
    },
}
_CHEAPEST = {
    "type": "object",
    "required": ["store", "month", "cheaper", "stoppedBy"],
    "additionalProperties": False,
    "properties": {
        "store": _TEXT,
        "month": {"$ref": "#/$defs/month"},
        "cheaper": {"type": "array", "items": {"$ref": "#/$defs/cheaper"}},
        "stoppedBy": _TEXT,
    },
}
SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Conformance report of a stack",
    "type": "object",
    "required": [
        "stack",
        "made",
        "counts",
        "verdicts",
        "month",
        "stores",
        "deployed",
        "cheapest",
        "capacity",
        "advice",
    ],
    "additionalProperties": False,
    "properties": {
        "stack": _TEXT,
        "made": {"type": "string", "format": "date"},
        "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
        "verdicts": {"type": "array", "items": {"$ref": "#/$defs/verdict"}},
        "month": {"$ref": "#/$defs/months"},
        "stores": {"type": "object", "additionalProperties": {"$ref": "#/$defs/months"}},
        "deployed": {"anyOf": [{"$ref": "#/$defs/months"}, {"type": "null"}]},
        "cheapest": {"type": "array", "items": {"$ref": "#/$defs/cheapest"}},
        "capacity": GROWTH,
        "advice": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "text"],
                "additionalProperties": False,
                "properties": {"path": _TEXT, "text": _TEXT},
            },
        },
    },
    "$defs": {
        "amount": {"type": "string", "pattern": r"^-?\d+\.\d{2}$", "description": "USD a month"},
        "words": _WORDS,
        "month": _MONTH,
        "months": {
            "type": "object",
            "required": list(_YEARS),
            "additionalProperties": False,
            "properties": {name: {"$ref": "#/$defs/month"} for name in _YEARS},
        },
        "evidence": _EVIDENCE,
        "remedy": _REMEDY,
        "verdict": _VERDICT,
        "cheaper": _CHEAPER,
        "cheapest": _CHEAPEST,
    },
}
"""JSON Schema of what `as_json` gives."""


def as_json(report: Report, capacity: Capacity) -> dict[str, Any]:
    """Everything; amounts are texts with cents, so that no program rounds them."""
    return {
        "stack": report.stack,
        "made": report.made.isoformat(),
        "counts": {status: len(report.of(status)) for status in ("met", "not met", "undecided")},
        "verdicts": [_verdict(each) for each in report.verdicts],
        "month": _months(report.month),
        "stores": {store: _months(report.month.of(store)) for store in report.month.stores},
        "deployed": _months(report.deployed) if report.deployed else None,
        "cheapest": [_cheapest(each) for each in report.cheapest],
        "capacity": growth(capacity),
        "advice": [{"path": path, "text": text} for path, text in report.advice],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "requirement": verdict.requirement,
        "status": verdict.status,
        "found": _words(verdict.found),
        "evidence": [_evidence(each) for each in verdict.evidence],
        "remedies": [_remedy(each) for each in verdict.remedies],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "origin": evidence.origin,
        "value": evidence.value,
        "holds": evidence.holds,
        "asked": evidence.asked,
        "source": evidence.source,
        "date": evidence.date.isoformat() if evidence.date else None,
    }


def _remedy(remedy: Remedy) -> dict[str, Any]:
    return {
        "words": _words(remedy.words),
        "settings": dict(remedy.settings),
        "month": as_data(remedy.month),
        "unpriced": list(remedy.unpriced),
        "closes": remedy.closes,
    }


def _cheapest(found: Cheapest) -> dict[str, Any]:
    return {
        "store": found.store,
        "month": as_data(found.month),
        "cheaper": [_cheaper(each) for each in found.cheaper],
        "stoppedBy": found.stopped_by,
    }


def _cheaper(setting: Cheaper) -> dict[str, Any]:
    return {
        "settings": dict(setting.settings),
        "month": as_data(setting.month),
        "saved": as_data(setting.saved),
        "givesUp": list(setting.gives_up),
        "sooner": {due.trigger: due.month for due in setting.sooner},
        "stoppedBy": setting.stopped_by,
    }


def _months(estimate: Estimate) -> dict[str, Any]:
    return {name: as_data(estimate.month(years)) for name, years in zip(_YEARS, YEARS, strict=True)}


def _words(words: Words) -> dict[str, str]:
    return {"en": words.en, "ja": words.ja}
