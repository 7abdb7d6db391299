"""Plain values on both sides of the wire.

The engine speaks protobuf structs in which numbers are floats, unknowns are one reserved string and secrets are wrapped
objects (Pulumi `docs/architecture/deployment-execution/resource-registration`, SDK `pulumi.runtime.rpc`).
Inside the simulated cloud a value is plain JSON: whole numbers are `int`, an unknown is `UNKNOWN`, and secrecy is kept
beside the value as a set of paths, so that no rule and no comparison ever trips over a wrapper.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

Path = tuple[str | int, ...]

UNKNOWN: str = rpc.UNKNOWN
"""The value of a property that is not known yet (in previews)."""

DEFAULTS = "__defaults"
"""The input in which a bridged provider notes which properties it named itself (pulumi-terraform-bridge)."""

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's marker of a secret, not a secret
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def decode(struct: struct_pb2.Struct) -> tuple[dict[str, Any], frozenset[Path]]:
    """Plain values of a wire struct, and the paths whose values are secret."""
    secrets: set[Path] = set()
    plain = {key: _plain(value, (key,), secrets) for key, value in struct.fields.items()}
    return plain, frozenset(secrets)


def _plain(value: struct_pb2.Value, path: Path, secrets: set[Path]) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        if _SIGNATURE in fields and fields[_SIGNATURE].string_value == _SECRET:
            secrets.add(path)
            return _plain(fields["value"], path, secrets)
        return {key: _plain(item, (*path, key), secrets) for key, item in fields.items()}
    if kind == "list_value":
        return [_plain(item, (*path, index), secrets) for index, item in enumerate(value.list_value.values)]
    if kind == "number_value":
        return int(value.number_value) if value.number_value.is_integer() else value.number_value
    return None if kind in (None, "null_value") else getattr(value, kind)


def encode(plain: Mapping[str, Any], secrets: Iterable[Path] = ()) -> struct_pb2.Struct:
    """The wire struct of plain values; every value whose path is in `secrets` is wrapped as a secret."""
    hidden = frozenset(secrets)
    struct = struct_pb2.Struct()
    for key, value in plain.items():
        _wire(struct.fields[key], value, (key,), hidden)
    return struct


def _wire(target: struct_pb2.Value, value: Any, path: Path, secrets: frozenset[Path]) -> None:
    if path in secrets and value is not None:
        target.struct_value.fields[_SIGNATURE].string_value = _SECRET
        target = target.struct_value.fields["value"]
    match value:
        case None:
            target.null_value = struct_pb2.NULL_VALUE
        case bool():
            target.bool_value = value
        case int() | float():
            target.number_value = float(value)
        case str():
            target.string_value = value
        case Mapping():
            target.struct_value.SetInParent()
            for key, item in value.items():
                _wire(target.struct_value.fields[key], item, (*path, key), secrets)
        case _:
            target.list_value.SetInParent()
            for index, item in enumerate(value):
                _wire(target.list_value.values.add(), item, (*path, index), secrets)


def without_marks(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs without the provider's own note."""
    return {key: value for key, value in inputs.items() if key != DEFAULTS}


def has_unknown(value: Any) -> bool:
    """Whether an unknown stands anywhere in the value."""
    # Texts first: most values are, and whether something is a mapping is slow to ask.
    if isinstance(value, str):
        return value == UNKNOWN
    if isinstance(value, Mapping):
        return any(map(has_unknown, value.values()))
    return isinstance(value, list) and any(map(has_unknown, value))


def lookup(value: Any, path: str) -> Iterator[tuple[Path, Any]]:
    """Every set value under a dotted path in which `[*]` stands for each element of a list."""
    found: list[tuple[Path, Any]] = [((), value)]
    for step in path.replace("[*]", ".*").split("."):
        found = [(where, inner) for before, item in found for where, inner in _step(before, item, step)]
    yield from ((where, item) for where, item in found if item is not None)


def _step(before: Path, item: Any, step: str) -> list[tuple[Path, Any]]:
    if step == "*" and isinstance(item, list):
        return [((*before, index), element) for index, element in enumerate(item)]
    if isinstance(item, Mapping) and step in item:
        return [((*before, step), item[step])]
    return [(before, UNKNOWN)] if isinstance(item, str) and item == UNKNOWN else []


def place(target: dict[str, Any], path: str, value: Any, *, create: bool = False) -> bool:
    """Set a dotted path; without `create`, only where every parent is there. Tells whether it was set."""
    *parents, last = path.split(".")
    for parent in parents:
        if target.get(parent) is None and create:
            target[parent] = {}
        inner = target.get(parent)
        if not isinstance(inner, dict):
            return False
        target = inner
    target[last] = value
    return True


def merge(base: Any, over: Any) -> Any:
    """`over` laid on `base`: objects merge key by key, everything else is replaced; a null leaves the base."""
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return {key: merge(base.get(key), over[key]) if key in over else base[key] for key in {**base, **over}}
    return base if over is None else over


def project(shape: Any, value: Any) -> Any:
    """What `value` now says about the properties that `shape` names.

    A resource's inputs after a refresh are the cloud's values for what the program had set, no more (terraform-bridge,
    `extractInputsFromOutputs`): a default the cloud added is no change of the program's.
    """
    if isinstance(shape, Mapping) and isinstance(value, Mapping):
        return {key: project(shape[key], value[key]) for key in shape if key in value}
    if isinstance(shape, list) and isinstance(value, list) and len(shape) == len(value):
        return [project(one, other) for one, other in zip(shape, value, strict=True)]
    return value


def path_text(path: Path) -> str:
    """A property path as Pulumi writes it: `settings.databaseFlags[0].value`, `labels["a-b"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _IDENTIFIER.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text
