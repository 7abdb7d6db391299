"""The functions of Workflows' standard library that the platform's sources call; a further one is a row here.

Arguments are checked against the annotations, and a wrong one raises what Workflows raises.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, get_args
from urllib.parse import quote

from sandbox.workflows.errors import RaisedError

Function = Callable[..., Any]


def functions(now: Callable[[], float], environment: Mapping[str, str]) -> dict[str, Function]:
    """Functions by dotted name; `now` are seconds since 1970, the environment is what `sys.get_env` knows."""
    bound: dict[str, Function] = {"sys.now": now, "sys.get_env": lambda name: _environment(environment, name)}
    return {name: _checked(name, function) for name, function in {**_FUNCTIONS, **bound}.items()}


def _checked(name: str, function: Function) -> Function:
    parameters = list(inspect.signature(function).parameters.values())
    least = sum(1 for parameter in parameters if parameter.default is parameter.empty)

    def call(*given: Any) -> Any:
        if not least <= len(given) <= len(parameters):
            raise RaisedError.tagged(
                "TypeError", f"{name} takes {least} to {len(parameters)} arguments, not {len(given)}"
            )
        for parameter, value in zip(parameters, given, strict=False):
            if not _fits(parameter.annotation, value):
                raise RaisedError.tagged("TypeError", f"{name}: {parameter.name} cannot be {value!r}")
        return function(*given)

    return call


def _fits(annotation: Any, value: Any) -> bool:
    kinds = get_args(annotation) or (annotation,)
    is_any = Any in kinds or inspect.Parameter.empty in kinds
    return is_any or type(value) in kinds or (type(value) is int and float in kinds)


def _environment(environment: Mapping[str, str], name: str) -> str:
    if name not in environment:
        raise RaisedError.tagged("KeyError", f"no environment variable {name}")
    return environment[name]


def _default(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value


def _length(value: str | list | dict) -> int:  # type: ignore[type-arg] # compared with the value's own type
    return len(value)


def _whole(value: str | float) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise RaisedError.tagged("ValueError", f"int: {value!r}") from error


def _string(value: str | float | bool) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _joined(objects: list, value: Any) -> list[Any]:  # type: ignore[type-arg] # as above
    return [*objects, value]


def _safe_get(value: Any, keys: str | list) -> Any:  # type: ignore[type-arg] # as above
    for key in [keys] if isinstance(keys, str) else keys:
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return value


def _json(data: Any) -> str:
    return json.dumps(data)


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise RaisedError.tagged("ValueError", f"json.decode: {error}") from error


def _encoded(source: str) -> bytes:
    return source.encode()


def _replaced(source: str, part: str, replacement: str) -> str:
    return source.replace(part, replacement)


def _substring(source: str, start: int, end: int) -> str:
    if not 0 <= start <= end <= len(source):
        raise RaisedError.tagged("IndexError", f"text.substring: {start} to {end} of {len(source)} characters")
    return source[start:end]


def _split(source: str, separator: str) -> list[str]:
    return source.split(separator)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _url_encoded(source: str) -> str:
    return quote(source, safe="")


_FUNCTIONS: Mapping[str, Function] = {
    "default": _default,
    "int": _whole,
    "json.decode": _decoded,
    "json.encode": lambda data: _json(data).encode(),
    "json.encode_to_string": _json,
    "len": _length,
    "list.concat": _joined,
    "map.get": _safe_get,
    "string": _string,
    "text.encode": _encoded,
    "text.replace_all": _replaced,
    "text.split": _split,
    "text.substring": _substring,
    "text.url_encode": _url_encoded,
    "time.format": _time,
}
