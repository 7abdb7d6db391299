"""The part of MongoDB's `$jsonSchema` that validators here use: draft 4 of JSON Schema with `bsonType`.

Every other word is refused: those that MongoDB does not support (`$ref`, `default`, `format`, `definitions` and unknown
ones), and those that no file needs yet (`anyOf`, `patternProperties` and their like). Source:
mongodb.com/docs/manual/reference/operator/query/jsonSchema, read 2026-11-26.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

BsonType = Literal[
    "array",
    "binData",
    "bool",
    "date",
    "decimal",
    "double",
    "int",
    "long",
    "null",
    "number",
    "object",
    "objectId",
    "string",
]
_NUMBERS = frozenset({"decimal", "double", "int", "long", "number"})
_BOUNDS = {
    "minimum": "maximum",
    "min_length": "max_length",
    "min_items": "max_items",
    "min_properties": "max_properties",
}
_APPLIES_TO: Mapping[str, frozenset[str]] = {
    "minimum": _NUMBERS,
    "maximum": _NUMBERS,
    **dict.fromkeys(("min_length", "max_length", "pattern"), frozenset({"string"})),
    **dict.fromkeys(("min_items", "max_items", "unique_items", "items"), frozenset({"array"})),
    **dict.fromkeys(
        ("min_properties", "max_properties", "required", "properties", "additional_properties"), frozenset({"object"})
    ),
}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class Strict(BaseModel):
    """A frozen model; an unknown key is refused, and nothing is converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=_camel)


class JsonSchema(Strict):
    """One schema: of a document, or of a field in it."""

    bson_type: list[BsonType] = Field(default=[], min_length=1)
    enum: list[Any] = Field(default=[], min_length=1)
    required: list[str] = Field(default=[], min_length=1)
    properties: dict[str, "JsonSchema"] = Field(default={}, min_length=1)
    additional_properties: Literal[False] | None = None
    items: "JsonSchema | None" = None
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = Field(default=None, ge=0)
    max_length: int | None = Field(default=None, ge=0)
    pattern: str | None = None
    min_items: int | None = Field(default=None, ge=0)
    max_items: int | None = Field(default=None, ge=0)
    unique_items: Literal[True] | None = None
    min_properties: int | None = Field(default=None, ge=0)
    max_properties: int | None = Field(default=None, ge=0)

    @field_validator("bson_type", mode="before")
    @classmethod
    def _as_list(cls, given: Any) -> Any:
        return [given] if isinstance(given, str) else given

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        said = self.model_fields_set
        types = frozenset(self.bson_type)
        for word in sorted(said & _APPLIES_TO.keys()):
            if not types & _APPLIES_TO[word]:
                raise ValueError(f"{_camel(word)} needs a bsonType of {', '.join(sorted(_APPLIES_TO[word]))}")
        for low, high in _BOUNDS.items():
            if {low, high} <= said and getattr(self, low) > getattr(self, high):
                raise ValueError(f"{_camel(low)} is above {_camel(high)}")
        if unknown := sorted(set(self.required) - self.properties.keys()):
            raise ValueError(f"required names what is not among the properties: {', '.join(unknown)}")
        if not said & {"bson_type", "enum"}:
            raise ValueError("neither bsonType nor enum says what it may be")
        return self

    def fields(self, path: str = "") -> Iterator[tuple[str, "JsonSchema"]]:
        """Every field with its path as indexes and queries write it: `entries.place.name`, arrays left out."""
        if self.items is not None:
            yield from self.items.fields(path)
        for name, schema in self.properties.items():
            below = f"{path}.{name}" if path else name
            yield below, schema
            yield from schema.fields(below)


class Validator(Strict):
    """What a collection demands of its documents."""

    json_schema: JsonSchema = Field(alias="$jsonSchema")
