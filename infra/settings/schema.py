"""The JSON Schema of a stack file, for editors: names, forms and descriptions while typing."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from infra.settings.scalar import Scalar
from infra.settings.settings import Settings
from infra.settings.stack_file import NAMESPACE

# What the engine itself writes beside the config (Pulumi, "Stack settings file reference").
_ENGINE_KEYS = {
    "encryptionsalt": "Written by the engine: salt of the stack's passphrase.",
    "encryptedkey": "Written by the engine: the stack's data key, encrypted by its secrets provider.",
    "secretsprovider": "The stack's secrets provider, e.g. gcpkms://….",
}


class _Generator(GenerateJsonSchema):
    """Defaults as a person writes them, names of maps checked, and no titles: editors show the names themselves."""

    def encode_default(self, dft: Any) -> Any:
        return str(dft) if isinstance(dft, Scalar) else super().encode_default(dft)

    def dict_schema(self, schema: Any) -> dict[str, Any]:
        result = super().dict_schema(schema)
        return result | {"additionalProperties": False} if "patternProperties" in result else result

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  the base class's signature
        return False


def stack_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12) of `Pulumi.<stack>.yaml`; other namespaces (gcp:, pulumi:) stay open."""
    model = Settings.model_json_schema(by_alias=True, schema_generator=_Generator)
    subjects = {f"{NAMESPACE}:{subject}": schema for subject, schema in model["properties"].items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack of the TripTrip data platform",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "description": "The stack's settings, one key a subject.",
                "properties": subjects,
                "patternProperties": {f"^(?!{NAMESPACE}:)": {}},
                "required": [f"{NAMESPACE}:{subject}" for subject in model["required"]],
                "additionalProperties": False,
            },
            **{key: {"type": "string", "description": text} for key, text in _ENGINE_KEYS.items()},
            "environment": {"description": "Pulumi ESC environments of the stack."},
        },
        "required": ["config"],
        "additionalProperties": False,
        "$defs": model["$defs"],
    }


def render() -> str:
    """Return the schema as the text of docs/reference/stack.schema.json."""
    return json.dumps(stack_schema(), indent=2, ensure_ascii=False) + "\n"
