"""Values against a discovery document's schemas, with Google's wording of what is wrong (google.rpc.BadRequest)."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sandbox.api.discovery import Document, Method
from sandbox.api.errors import ApiError

_WHOLE = re.compile(r"-?[0-9]+")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_WHOLE_FORMATS = ("int64", "uint64")
_TIME_FORMATS = ("google-datetime", "date-time")


def check_query(document: Document, method: Method, given: Mapping[str, str]) -> None:
    """Raise ApiError 400 when a parameter is unknown, of the wrong type, or a required one is missing."""
    known = {**document.parameters, **method.parameters}
    problems = [
        f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
        for name in given
        if name not in known
    ]
    problems += [
        f"Required parameter is missing: {name}"
        for name, row in method.parameters.items()
        if row.get("required") and name not in given
    ]
    for name, value in given.items():
        if name in known:
            problems += _text(known[name], value, name)
    _refuse(problems)


def check_body(document: Document, method: Method, body: Any) -> None:
    """Raise ApiError 400 when a body does not fit the method's schema, or is there where none is taken."""
    if method.request is None:
        # An empty object is what clients send for no body.
        _refuse([] if not body else ["Invalid JSON payload received. The method takes no body."])
        return
    _refuse(list(_value(document, {"$ref": method.request}, body or {}, "")))


def answer_problems(document: Document, method: Method, answer: Any) -> list[str]:
    """What a handler has answered and the document does not know: a mistake of the simulation."""
    if method.response is None or answer is None:
        return []
    return list(_value(document, {"$ref": method.response}, answer, ""))


def _refuse(problems: list[str]) -> None:
    if problems:
        raise ApiError(400, "\n".join(problems))


def _value(document: Document, schema: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = document.schemas[schema["$ref"]]
    kind = schema.get("type", "any")
    if value is None or kind == "any":
        return
    if kind == "object":
        yield from _object(document, schema, value, where)
    elif kind == "array":
        if not isinstance(value, list):
            yield _wrong(where, "repeated field", value)
            return
        for number, item in enumerate(value):
            yield from _value(document, schema["items"], item, f"{where}[{number}]")
    else:
        yield from _scalar(schema, kind, value, where)


def _object(document: Document, schema: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _wrong(where, "message", value)
        return
    known = schema.get("properties", {})
    rest = schema.get("additionalProperties")
    for key, item in value.items():
        inner = f"{where}.{key}" if where else key
        if key in known:
            yield from _value(document, known[key], item, inner)
        elif rest is not None:
            yield from _value(document, rest, item, inner)
        else:
            at = f" at '{where}'" if where else ""
            yield f'Invalid JSON payload received. Unknown name "{key}"{at}: Cannot find field.'


def _scalar(schema: Mapping[str, Any], kind: str, value: Any, where: str) -> Iterator[str]:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if kind == "string" and schema.get("format") in _WHOLE_FORMATS and is_whole:
        return
    fits = {
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": is_whole,
        "number": isinstance(value, int | float) and not isinstance(value, bool),
    }
    if not fits[kind]:
        yield _wrong(where, kind, value)
    elif isinstance(value, str):
        yield from _text(schema, value, where)


def _text(schema: Mapping[str, Any], value: str, where: str) -> Iterator[str]:
    kind, form = schema.get("type", "string"), schema.get("format")
    if "enum" in schema and value not in schema["enum"]:
        yield _wrong(where, "enum", value)
    elif kind == "boolean" and value not in ("true", "false"):
        yield _wrong(where, "boolean", value)
    elif (kind == "integer" or form in _WHOLE_FORMATS) and not _WHOLE.fullmatch(value):
        yield _wrong(where, form or kind, value)
    elif form in _TIME_FORMATS and not _is_time(value):
        yield _wrong(where, "google.protobuf.Timestamp", value)
    elif "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        yield _wrong(where, f"pattern {schema['pattern']}", value)


def _is_time(value: str) -> bool:
    if not _TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(re.sub(r"\.\d+", "", value))
    except ValueError:
        return False
    return True


def _wrong(where: str, kind: str, value: Any) -> str:
    return f"Invalid value at '{where}' ({kind}), {value!r}"
