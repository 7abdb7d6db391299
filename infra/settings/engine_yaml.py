"""YAML as Pulumi's engine reads it (go-yaml 3), so that a stack file means the same here and there.

PyYAML follows YAML 1.1, where `18:00` is the number 1080 and `on` is true; the engine keeps both as text. Notations in
which a number is easily misread (010 is eight to the engine) are marked for `is_odd_number`, so they can be refused.
Measured with the engine 3.250.0: `pulumi config get` of one object with each notation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ENGINE_MIDNIGHT = " 00:00:00 +0000 UTC"
"""What the engine appends to a date that stands without quotes."""

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DATE_TAG = "!date"
_ODD_NUMBER_TAG = "!odd-number"


class EngineLoader(_BASE):  # type: ignore[misc]  # the C loader where PyYAML was built with it
    """A safe loader with the engine's plain scalars."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  PyYAML's own registry


_PLAIN = (
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL", "~nN"),
    ("tag:yaml.org,2002:int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?",
        "-+.0123456789",
    ),
    ("tag:yaml.org,2002:merge", r"<<", "<"),
    (_DATE_TAG, r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", "0123456789"),
    (
        _ODD_NUMBER_TAG,
        r"[-+]?(?:0[0-9]+(?:\.[0-9]*)?|0[xob][0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_]*(?:\.[0-9]*)?|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
)
for _tag, _pattern, _first in _PLAIN:
    EngineLoader.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$"), list(_first))
EngineLoader.yaml_implicit_resolvers[""] = [("tag:yaml.org,2002:null", re.compile("^$"))]
EngineLoader.add_constructor(_DATE_TAG, lambda loader, node: f"{loader.construct_scalar(node)}{ENGINE_MIDNIGHT}")


def is_odd_number(node: yaml.Node) -> bool:
    """Whether a number is written so that readers disagree about it: 010, 0x10, 1_000, .inf."""
    return bool(node.tag == _ODD_NUMBER_TAG)


def walk(
    path: str, key: yaml.Node, value: yaml.Node, above: tuple[yaml.Node, ...] = ()
) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    """Yield every place below a value as (path, the node that names it, its value), in the file's order.

    Raises yaml.YAMLError for a value that contains itself through an alias.
    """
    if any(value is node for node in above):
        raise yaml.constructor.ConstructorError(None, None, "a value that contains itself", key.start_mark)
    yield path, key, value
    above = (*above, value)
    if isinstance(value, yaml.MappingNode):
        for name, child in value.value:
            yield from walk(f"{path}.{name.value}", name, child, above)
    elif isinstance(value, yaml.SequenceNode):
        for index, child in enumerate(value.value):
            yield from walk(f"{path}[{index}]", child, child, above)
