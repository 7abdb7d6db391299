"""pydantic's errors in plain words: where, what was given, what is allowed, how to fix."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from infra.settings.fields import example_of, field_at, model_at, submodel
from infra.settings.problems import Problem
from infra.settings.secrets import shown
from infra.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


_REFERENCE = "docs/reference/settings.md"


def problems_of(error: ValidationError) -> list[Problem]:
    """Return every problem of a failed validation, in the order of the models, each place once."""
    found: dict[str, Problem] = {}
    for details in error.errors(include_url=False):
        for problem in _translate(details):
            found.setdefault(f"{problem.path} {problem.allowed}", problem)
    return list(found.values())


def _translate(details: ErrorDetails) -> Iterator[Problem]:
    context: dict[str, Any] = details.get("ctx", {})
    if "findings" in context:
        base = _path(details["loc"])
        for finding in context["findings"]:
            path = f"{base}.{finding.path}" if base else finding.path
            yield Problem(path, shown(path, finding.given), finding.allowed, finding.fix)
        return
    loc = _without_variants(details["loc"])
    path = _path(loc)
    if details["type"] == "refused":
        yield Problem(path, shown(path, details["input"]), context["allowed"], context["fix"])
        return
    translation = _BY_TYPE.get(details["type"], _other)
    yield translation(loc, path, details)


def _path(loc: tuple[int | str, ...]) -> str:
    """Join a location the way Pulumi writes config paths: replicas.b.endpoints[0]."""
    text = ""
    for part in loc:
        if part == "[key]":
            continue
        name = f"[{part}]" if isinstance(part, int) else part or '""'
        text += name if isinstance(part, int) or not text else f".{name}"
    return text


def _without_variants(loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Drop what pydantic appends for the members of a union ("str", "int"), which is no place in the file."""
    while loc and loc[-1] in ("str", "int", "float", "bool"):
        loc = loc[:-1]
    return loc


def _missing(loc: tuple[int | str, ...], path: str, _: ErrorDetails) -> Problem:
    field = field_at(Settings, loc)
    name, purpose = loc[-1], (field.description if field else None) or "a value"
    example = example_of(field) if field and submodel(field.annotation)[0] is None else None
    fix = f"add {name}: {example}" if example else f"add {name}: with its settings below it ({_REFERENCE})"
    return Problem(path, "missing", f"required: {purpose}", fix)


def _unknown(loc: tuple[int | str, ...], path: str, _: ErrorDetails) -> Problem:
    model = model_at(Settings, loc[:-1])
    known = [field.alias or name for name, field in model.model_fields.items()] if model else []
    near = nearest(str(loc[-1]), known)
    return Problem(
        path,
        "an unknown name",
        f"one of {', '.join(known)}",
        f"did you mean {near}?" if near else f"remove it, or put it where it belongs ({_REFERENCE})",
    )


def nearest(word: str, known: list[str]) -> str | None:
    """Return the known name that a misspelt one most likely means."""
    key = re.sub(r"[_\-\s]", "", word).lower()
    by_key = {name.replace("_", "").lower(): name for name in known}
    matches = difflib.get_close_matches(key, by_key, n=1, cutoff=0.6) or [
        name for name in by_key if key.startswith(name)
    ]
    return by_key[matches[0]] if matches else None


def _choice(_: tuple[int | str, ...], path: str, details: ErrorDetails) -> Problem:
    allowed = str(details.get("ctx", {}).get("expected", "")).replace("'", "")
    given = details["input"]
    near = nearest(str(given), allowed.replace(" or ", ", ").split(", ")) if isinstance(given, str) else None
    return Problem(path, shown(path, given), allowed, f"write {near}" if near else f"write {allowed}")


def _group(_: tuple[int | str, ...], path: str, details: ErrorDetails) -> Problem:
    given = details["input"]
    return Problem(
        path,
        shown(path, given) if given is not None else "nothing below it",
        "a group of settings, each on its own indented line",
        f"write its settings below it, indented ({_REFERENCE}), or remove the line to keep its defaults",
    )


def _sequence(_: tuple[int | str, ...], path: str, details: ErrorDetails) -> Problem:
    return Problem(path, shown(path, details["input"]), "a list of one or more values", "write it as [write, read]")


def _scalar(_: tuple[int | str, ...], path: str, details: ErrorDetails) -> Problem:
    return Problem(path, shown(path, details["input"]), "a text, a number, or true or false", "write one plain value")


def _other(_: tuple[int | str, ...], path: str, details: ErrorDetails) -> Problem:
    return Problem(
        path, shown(path, details["input"]), details["msg"], f"correct the value ({_REFERENCE} tells its form)"
    )


_BY_TYPE: dict[str, Callable[[tuple[int | str, ...], str, ErrorDetails], Problem]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "literal_error": _choice,
    "model_type": _group,
    "model_attributes_type": _group,
    "dict_type": _group,
    "list_type": _sequence,
    "too_short": _sequence,
    "too_long": _sequence,
    "string_type": _scalar,
    "int_type": _scalar,
    "float_type": _scalar,
    "bool_type": _scalar,
    "bool_parsing": _scalar,
    "int_parsing": _scalar,
    "float_parsing": _scalar,
}
