"""The functions of Workflows' standard library that the platform's sources call; a further one is a row here."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sandbox.workflows.errors import RaisedError

Function = Callable[..., Any]
_Kinds = tuple[type, ...]
_ANY: _Kinds = (object,)
_TEXT: _Kinds = (str,)
_WHOLE: _Kinds = (int,)
_NUMBER: _Kinds = (int, float)


def functions(now: Callable[[], float], environment: Mapping[str, str]) -> dict[str, Function]:
    """Functions by dotted name; `now` are seconds since 1970, the environment is what `sys.get_env` knows."""
    bound: Mapping[str, tuple[tuple[_Kinds, ...], Function]] = {
        "sys.now": ((), now),
        "sys.get_env": ((_TEXT,), environment.__getitem__),
    }
    return {name: _checked(name, kinds, function) for name, (kinds, function) in {**_FUNCTIONS, **bound}.items()}


def _checked(name: str, kinds: tuple[_Kinds, ...], function: Function) -> Function:
    """The function with the errors of Workflows for wrong arguments."""

    def call(*given: Any) -> Any:
        is_right = len(given) == len(kinds) and all(
            allowed == _ANY or type(value) in allowed for value, allowed in zip(given, kinds, strict=True)
        )
        if not is_right:
            raise RaisedError.tagged("TypeError", f"{name} does not take {given}")
        try:
            return function(*given)
        except (ValueError, KeyError, IndexError) as error:
            # A JSONDecodeError is a ValueError.
            tag = next(kind.__name__ for kind in (ValueError, KeyError, IndexError) if isinstance(error, kind))
            raise RaisedError.tagged(tag, f"{name}: {error}") from error

    return call


def _safe_get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _substring(source: str, start: int, end: int) -> str:
    if not 0 <= start <= end <= len(source):
        raise IndexError(f"{start} to {end} of {len(source)} characters")
    return source[start:end]


_FUNCTIONS: Mapping[str, tuple[tuple[_Kinds, ...], Function]] = {
    "default": ((_ANY, _ANY), lambda value, otherwise: otherwise if value is None else value),
    "int": (((int, float, str),), int),
    "json.decode": (((bytes,),), json.loads),
    "json.encode": ((_ANY,), lambda data: json.dumps(data).encode()),
    "json.encode_to_string": ((_ANY,), json.dumps),
    "len": (((str, list, dict),), len),
    "list.concat": (((list,), _ANY), lambda objects, value: [*objects, value]),
    "map.get": ((_ANY, _TEXT), _safe_get),
    "text.encode": ((_TEXT,), str.encode),
    "text.replace_all": ((_TEXT, _TEXT, _TEXT), str.replace),
    "text.split": ((_TEXT, _TEXT), str.split),
    "text.substring": ((_TEXT, _WHOLE, _WHOLE), _substring),
    "text.url_encode": ((_TEXT,), lambda source: quote(source, safe="")),
    "time.format": (
        (_NUMBER,),
        lambda seconds: datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    ),
}
"""Arguments and what is done with them, by name."""
