"""Property paths and values as the engine's events have them; no secret ever leaves here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.kit.values import SECRET_SIGNATURE, SIGNATURE

Path = tuple[str | int, ...]

SECRET = "[secret]"  # noqa: S105 # what is shown instead of one
_STEP = re.compile(r'\.?([^.\[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]')
# The engine hides what program or provider call secret; a value that somebody wrote by hand may carry no such mark.
_SENSITIVE = re.compile(
    r"(password|passwordWo|secretData|secretDataWo|secretKey|accessKey|apiKey|privateKey|token|authString|credentials?)$",
    re.IGNORECASE,
)
_LONGEST = 160


def parse(text: str) -> Path:
    """A property path as Pulumi writes it: `settings.databaseFlags[0].value`, `labels["a-b"]`."""
    steps: list[str | int] = []
    for name, index, quoted in _STEP.findall(text):
        steps.append(int(index) if index else name or re.sub(r"\\(.)", r"\1", quoted))
    return tuple(steps)


def text_of(path: Path) -> str:
    """A path as Pulumi writes it."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"[^.\[\]\"]+", step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text


def names_of(path: Path) -> tuple[str, ...]:
    """A path without the places in lists."""
    return tuple(step for step in path if isinstance(step, str))


def at(value: Any, path: Path) -> Any:
    """The value under a path, None where there is none; what lies inside a secret is the secret."""
    for step in path:
        if is_secret(value):
            return SECRET
        if isinstance(value, Mapping) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def every(value: Any, names: tuple[str, ...], before: Path = ()) -> Iterator[Path]:
    """Each path that has these names, whatever its places in lists."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from every(inner, names, (*before, index))
    elif not names:
        yield before
    elif isinstance(value, Mapping) and names[0] in value:
        yield from every(value[names[0]], names[1:], (*before, names[0]))


def is_secret(value: Any) -> bool:
    """Whether the engine has hidden it."""
    return value == SECRET or (isinstance(value, Mapping) and value.get(SIGNATURE) == SECRET_SIGNATURE)


def holds_secret(value: Any) -> bool:
    """Whether a secret stands anywhere in it."""
    if is_secret(value):
        return True
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(holds_secret(each) for each in inner)


def leaves(path: Path, declared: Any, found: Any) -> Iterator[tuple[Path, Any, Any]]:
    """The parts in which two values differ; lists of different lengths differ as a whole.

    Where no difference can be seen (two secrets), the whole is the part: what the engine says differs is never dropped.
    """
    parts = list(_parts(path, declared, found))
    yield from parts or [(path, declared, found)]


def _parts(path: Path, declared: Any, found: Any) -> Iterator[tuple[Path, Any, Any]]:
    if declared == found:
        return
    if (
        isinstance(declared, Mapping)
        and isinstance(found, Mapping)
        and not is_secret(declared)
        and not is_secret(found)
    ):
        for key in {**declared, **found}:
            yield from _parts((*path, key), declared.get(key), found.get(key))
    elif isinstance(declared, list) and isinstance(found, list) and len(declared) == len(found):
        for index, (one, other) in enumerate(zip(declared, found, strict=True)):
            yield from _parts((*path, index), one, other)
    else:
        yield path, declared, found


def replaced(value: Any, path: Path, new: Any) -> Any:
    """A copy of a value with another one under a path; parents that are missing are made, None takes it away."""
    if not path:
        return new
    step, *rest = path
    if isinstance(step, int):
        items = list(value) if isinstance(value, list) else []
        items += [None] * (step + 1 - len(items))
        items[step] = replaced(items[step], tuple(rest), new)
        return items
    fields = dict(value) if isinstance(value, Mapping) else {}
    fields[step] = replaced(fields.get(step), tuple(rest), new)
    return {key: item for key, item in fields.items() if item is not None}


def shown(path: Path, value: Any) -> str:
    """A value as a person reads it, in one line; secrets and what is named like one are hidden."""
    if value is None:
        return "not set"
    hidden = _hidden(value, sensitive=any(_SENSITIVE.search(name) for name in names_of(path)))
    text = hidden if isinstance(hidden, str) else json.dumps(hidden, ensure_ascii=False, sort_keys=True)
    text = " ".join(text.split()) or '""'
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _hidden(value: Any, *, sensitive: bool) -> Any:
    if sensitive or is_secret(value):
        return SECRET
    if isinstance(value, Mapping):
        return {key: _hidden(item, sensitive=bool(_SENSITIVE.search(key))) for key, item in value.items()}
    return [_hidden(item, sensitive=False) for item in value] if isinstance(value, list) else value
