"""The shape of every resource, read from the installed SDK by reflection.

A Pulumi SDK carries each resource's inputs as the class `<Name>Args` and its state as `_<Name>State`, with nested Args
classes; from those come property names, types and which are required. A type of any module of any installed
`pulumi_<package>` or `pulumiverse_<package>` therefore works without code here.

Importing a whole SDK module costs up to 0.6 s (pulumi_gcp.compute), so what was read is kept as JSON in the user's
cache, by the versions it was read from: a warm run imports no SDK.
"""

from __future__ import annotations

import collections.abc
import contextlib
import difflib
import functools
import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import os
import tempfile
import types
import typing
import urllib.parse
import warnings
from pathlib import Path as FilePath
from typing import Any

from sandbox.cloud.errors import CheckFailure, UnknownTypeError
from sandbox.cloud.values import UNKNOWN, Path, path_text

Kind = str | dict[str, Any]
"""A property's type: string, integer, number, boolean, any, {"list": Kind}, {"map": Kind} or {"object": class}."""

_SCALARS: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_FORMAT = "3"


class Shape:
    """Input and state properties of one resource type.

    `classes` maps a class name to its properties, each `{"type": Kind, "required": bool, "enum": [], "pattern": ""}`;
    `root` is the class of the inputs, `state` that of the outputs.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.root: str = data["root"]
        self.state: str = data["state"]
        self.classes: dict[str, dict[str, dict[str, Any]]] = data["classes"]

    @property
    def inputs(self) -> dict[str, dict[str, Any]]:
        """The resource's input properties by name."""
        return self.classes[self.root]

    @property
    def outputs(self) -> dict[str, dict[str, Any]]:
        """The resource's state properties by name."""
        return self.classes[self.state]

    def check(self, inputs: dict[str, Any]) -> tuple[dict[str, Any], list[CheckFailure]]:
        """The inputs with numbers in their declared type, and everything in them that the SDK's types refuse.

        Stricter than the bridge in one way: a number or a boolean where text is declared is refused and not coerced,
        since the SDK's own types say so.
        """
        failures: list[CheckFailure] = []
        return self._object(self.root, inputs, (), failures), failures

    def _object(self, name: str, value: dict[str, Any], path: Path, failures: list[CheckFailure]) -> dict[str, Any]:
        properties = self.classes[name]
        checked: dict[str, Any] = {}
        for key, item in value.items():
            here = (*path, key)
            if key not in properties:
                close = difflib.get_close_matches(key, properties, n=1)
                hint = f"; did you mean '{close[0]}'?" if close else ""
                failures.append(CheckFailure(path_text(here), f"Invalid or unknown key '{key}'{hint}"))
            elif item is not None:
                checked[key] = self._value(properties[key], properties[key]["type"], item, here, failures)
        failures += [
            CheckFailure(path_text((*path, key)), f"Missing required property '{key}'")
            for key, declared in properties.items()
            if declared.get("required") and value.get(key) is None
        ]
        return checked

    def _value(self, declared: dict[str, Any], kind: Kind, value: Any, path: Path, failures: list[CheckFailure]) -> Any:
        if value == UNKNOWN or kind == "any":
            return value
        if isinstance(kind, dict):
            return self._container(declared, kind, value, path, failures)
        if not _fits(kind, value):
            failures.append(CheckFailure(path_text(path), f"expected {kind}, got {_named(value)}"))
            return value
        failures += _limits(declared, value, path)
        return float(value) if kind == "number" else value

    def _container(
        self, declared: dict[str, Any], kind: Any, value: Any, path: Path, failures: list[CheckFailure]
    ) -> Any:
        if "object" in kind and isinstance(value, dict):
            return self._object(kind["object"], value, path, failures)
        if "list" in kind and isinstance(value, list):
            return [self._value(declared, kind["list"], v, (*path, i), failures) for i, v in enumerate(value)]
        if "map" in kind and isinstance(value, dict):
            return {k: self._value(declared, kind["map"], v, (*path, k), failures) for k, v in value.items()}
        failures.append(CheckFailure(path_text(path), f"expected {next(iter(kind))}, got {_named(value)}"))
        return value

    def complete(self, values: Any, name: str | None = None, above: tuple[str, ...] = ()) -> Any:
        """The values with every unset property there: null, or an empty list or map, or an object of such.

        Rules can then name any property without asking first whether its block is set.
        """
        name = name or self.state
        if not isinstance(values, dict) or name in above:
            return values
        out = dict(values)
        for key, declared in self.classes[name].items():
            out[key] = self._complete(declared["type"], values.get(key), (*above, name))
        return out

    def _complete(self, kind: Kind, value: Any, above: tuple[str, ...]) -> Any:
        if not isinstance(kind, dict):
            return value
        if "object" in kind:
            return self.complete({} if value is None else value, kind["object"], above)
        if "list" in kind:
            return (
                [self._complete(kind["list"], item, above) for item in value]
                if isinstance(value, list)
                else value or []
            )
        return {} if value is None else value


def _fits(kind: str, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "string":
        return isinstance(value, str)
    return isinstance(value, int if kind == "integer" else (int, float)) and not isinstance(value, bool)


def _limits(declared: dict[str, Any], value: Any, path: Path) -> list[CheckFailure]:
    import re  # noqa: PLC0415 - only reached by the few properties with a pattern

    allowed = declared.get("enum")
    if allowed and value and value not in allowed:
        return [CheckFailure(path_text(path), f"expected {path_text(path)} to be one of {allowed}, got {value}")]
    pattern = declared.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        return [CheckFailure(path_text(path), f'"{path[-1]}" ("{value}") doesn\'t match regexp "^(?:{pattern})$"')]
    return []


def _named(value: Any) -> str:
    """A value's kind and, where short and harmless, the value: numbers and booleans; text may be a secret."""
    if isinstance(value, (bool, int, float)):
        return f"{'boolean' if isinstance(value, bool) else 'number'} {value}"
    return {"str": "string", "dict": "object"}.get(type(value).__name__, type(value).__name__)


# --- reading the SDK ------------------------------------------------------------------------------------------------


def load(token: str, document: dict[str, Any] | None = None) -> Shape:
    """The shape of a type token such as `gcp:sql/user:User`, from the cache or else from the installed SDK.

    `document` names the discovery schema whose enums and patterns hold for this type (see `documents.py`).
    Raises UnknownTypeError where no installed SDK declares the type.
    """
    package = _package(token)
    try:
        versions = [fingerprint(distribution_of(package)), version_of("google-api-python-client")]
    except importlib.metadata.PackageNotFoundError as error:
        raise UnknownTypeError(token, f"the Python package {error.name} is not installed") from error
    digest = hashlib.sha256(json.dumps([_FORMAT, token, versions, document], sort_keys=True).encode()).hexdigest()[:24]
    kept = cache_directory() / f"{digest}.json"
    if kept.is_file():
        return Shape(json.loads(kept.read_bytes()))
    data = reflect(token)
    if document:
        from sandbox.cloud import documents  # noqa: PLC0415 - the documents are megabytes, read once per SDK version

        documents.annotate(data, document)
    # A read-only home only costs the next run its head start.
    with contextlib.suppress(OSError):
        _keep(kept, data)
    return Shape(data)


@functools.cache
def distribution_of(package: str) -> str:
    """The Python package of a provider: Pulumi's own, else its community's (pulumiverse)."""
    own = f"pulumi-{package}"
    try:
        importlib.metadata.distribution(own)
    except importlib.metadata.PackageNotFoundError:
        return f"pulumiverse-{package}" if importlib.util.find_spec(f"pulumiverse_{package}") else own
    return own


version_of = functools.cache(importlib.metadata.version)
"""Looking for it reads the folders of all packages; a type is asked for a hundred times in a run."""


def _module(package: str) -> str:
    return distribution_of(package).replace("-", "_")


@functools.cache
def fingerprint(distribution: str) -> str:
    """What an SDK is read from: its version, and for one that lies in a folder beside us its files' content too."""
    found = importlib.metadata.distribution(distribution)
    origin = json.loads(found.read_text("direct_url.json") or "{}").get("url", "")
    folder = FilePath(urllib.parse.unquote(urllib.parse.urlsplit(origin).path))
    files = sorted(folder.glob("pulumi_*/*.py")) if origin.startswith("file:") else []
    return " ".join([found.version, *(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)])


def cache_directory() -> FilePath:
    """Where shapes are kept: the user's cache, never the source tree."""
    base = os.environ.get("XDG_CACHE_HOME") or FilePath.home() / ".cache"
    return FilePath(base) / "triptrip" / "shapes"


def _keep(kept: FilePath, data: dict[str, Any]) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=kept.parent, delete=False, suffix=".part") as file:
        json.dump(data, file)
    FilePath(file.name).replace(kept)


def _package(token: str) -> str:
    kind, module, name = token.split(":")
    return name if (kind, module) == ("pulumi", "providers") else kind


def reflect(token: str) -> dict[str, Any]:
    """The shape of a type token, straight from the SDK's classes."""
    package = _package(token)
    _, module, name = token.split(":")
    if token.startswith("pulumi:providers:"):
        path, name = f"{_module(package)}.provider", "Provider"
    else:
        inner = module.split("/")[0]
        path = _module(package) + ("" if inner == "index" else f".{inner}")
    try:
        with warnings.catch_warnings():
            # Importing a module tells of every deprecated name in it, used or not.
            warnings.simplefilter("ignore", DeprecationWarning)
            resource = getattr(importlib.import_module(path), name)
        declared = importlib.import_module(resource.__module__)
        inputs = getattr(declared, f"{name}Args")
    except (ImportError, AttributeError) as error:
        raise UnknownTypeError(token, f"{path} has no {name}") from error
    state = getattr(declared, f"_{name}State", inputs)
    classes: dict[str, Any] = {}
    for one in (inputs, state):
        _reflect_class(one, classes)
    return {"root": inputs.__name__, "state": state.__name__, "classes": classes}


def _reflect_class(cls: Any, classes: dict[str, Any]) -> None:
    from pulumi import _types  # noqa: PLC0415 - only when a shape is not in the cache

    if cls.__name__ in classes:
        return
    properties: dict[str, Any] = {}
    classes[cls.__name__] = properties
    names = _types.input_type_py_to_pulumi_names(cls)
    signature = inspect.signature(cls.__init__).parameters
    required = {names[key] for key, value in signature.items() if key in names and value.default is value.empty}
    for key, annotation in _types.input_type_types(cls).items():
        properties[key] = {"type": _kind(annotation, classes)}
        if key in required:
            properties[key]["required"] = True


def _kind(annotation: Any, classes: dict[str, Any]) -> Kind:
    """A property's Kind from its annotation, which may still carry Awaitable, Output and None arms."""
    from pulumi import Output, _types  # noqa: PLC0415 - only when a shape is not in the cache

    origin, arms = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        kinds = [
            _kind(arm, classes)
            for arm in arms
            if arm is not type(None) and typing.get_origin(arm) not in (Output, collections.abc.Awaitable)
        ]
        return kinds[0] if kinds and all(kind == kinds[0] for kind in kinds) else "any"
    if origin in (collections.abc.Sequence, list):
        return {"list": _kind(arms[0], classes)}
    if origin in (collections.abc.Mapping, dict):
        return {"map": _kind(arms[1], classes)}
    if isinstance(annotation, type) and _types.is_input_type(annotation):
        _reflect_class(annotation, classes)
        return {"object": annotation.__name__}
    return _SCALARS.get(annotation, "string" if isinstance(annotation, type) and issubclass(annotation, str) else "any")
