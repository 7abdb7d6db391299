"""Property values as the engine sends them to a policy pack: plain Python, with what is unknown or secret still marked.

Pulumi's own policy SDK unwraps secrets and makes every read of an unknown raise; a rule that knows both can tell a
password in plain text from a secret one, and that a key is set although its name is not known yet. Wire format:
`pkg/resource/plugin/rpc.go` of pulumi v3.250.0, signatures in `sdk/go/common/resource/sig`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.protobuf import struct_pb2

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 # marks a secret, is none
UNKNOWN_STRINGS = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


class Unknown(Enum):
    """A value that the cloud gives during the update."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


@dataclass(frozen=True)
class Secret:
    """A value that the engine keeps encrypted; it never shows itself."""

    value: Any = field(repr=False)

    def __str__(self) -> str:
        return "[secret]"


def decode(properties: struct_pb2.Struct) -> dict[str, Any]:
    """Turn a message into plain values; whole numbers become int, as JSON on the wire knows floats alone."""
    return {name: _decoded(value) for name, value in properties.fields.items()}


def _decoded(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in UNKNOWN_STRINGS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "struct_value":
        fields = decode(value.struct_value)
        return Secret(fields.get("value")) if fields.get(SIGNATURE) == SECRET_SIGNATURE else fields
    if kind == "list_value":
        return [_decoded(item) for item in value.list_value.values]
    return None


def encode(value: Any) -> Any:
    """Turn plain values back into what a message can be made from, with every mark in place."""
    if value is UNKNOWN:
        return "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET_SIGNATURE, "value": encode(value.value)}
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    return [encode(item) for item in value] if isinstance(value, list) else value
