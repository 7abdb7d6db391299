"""A collection as its file says it is to be: validator, level, action and indexes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from schema.mongodb.jsonschema import Strict, Validator

TEXT = "text"
EVERY_FIELD = "$**"
DEFAULT_LANGUAGE_OVERRIDE = "language"
"""The field of a document that a text index takes the language from, unless the index names another."""

Requirements = Annotated[list[Annotated[str, StringConstraints(pattern=r"^[A-Z]+(-[A-Z0-9]+)+$")]], Field(min_length=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


def _no_truth(given: Any) -> Any:
    """Python's `true` equals 1; to the server it is no kind of key."""
    if isinstance(given, bool):
        raise ValueError("true and false are no kind of key")  # noqa: TRY004 # what pydantic collects
    return given


Kind = Annotated[Literal[1, -1, "text", "2dsphere"], BeforeValidator(_no_truth)]
_TEXT_ONLY = ("weights", "default_language", "language_override")


class Index(Strict):
    """An index; every option that the file leaves out has the server's default."""

    requirements: Requirements
    keys: dict[str, Kind] = Field(min_length=1)
    unique: bool = False
    hidden: bool = False
    partial_filter_expression: dict[str, Any] | None = None
    expire_after_seconds: int | None = Field(default=None, ge=0, le=2147483647)
    weights: dict[str, Annotated[int, Field(ge=1, le=99999)]] = Field(default={})
    # The server's own names, which are not in camel case.
    default_language: str | None = Field(default=None, alias="default_language")
    language_override: str | None = Field(default=None, alias="language_override")

    @property
    def is_text(self) -> bool:
        """Whether it is the collection's text index."""
        return TEXT in self.keys.values()

    @model_validator(mode="after")
    def _options_fit_the_keys(self) -> Self:
        if not self.is_text and (wrong := [name for name in _TEXT_ONLY if name in self.model_fields_set]):
            raise ValueError(f"{', '.join(wrong)}: only for an index with a key of type text")
        if self.is_text and self.unique:
            raise ValueError("a text index cannot be unique")
        if self.expire_after_seconds is not None and (len(self.keys) > 1 or "_id" in self.keys or self.is_text):
            raise ValueError("expireAfterSeconds: only for an index of one key that is a date")
        texts = [key for key, kind in self.keys.items() if kind == TEXT]
        if EVERY_FIELD in self.keys and texts != [EVERY_FIELD]:
            raise ValueError(f'"{EVERY_FIELD}" goes with type text, and with no other text key')
        if unknown := sorted(self.weights.keys() - texts):
            raise ValueError(f"weights names what is no text key: {', '.join(unknown)}")
        return self

    def specification(self, name: str) -> Mapping[str, Any]:
        """The document that createIndexes takes."""
        options: dict[str, Any] = {"key": dict(self.keys), "name": name}
        for field in ("unique", "hidden"):
            if getattr(self, field):
                options[field] = True
        if self.partial_filter_expression is not None:
            options["partialFilterExpression"] = self.partial_filter_expression
        if self.expire_after_seconds is not None:
            options["expireAfterSeconds"] = self.expire_after_seconds
        for field in _TEXT_ONLY:
            if value := getattr(self, field):
                options[field] = value
        return options


class CollectionFile(Strict):
    """The content of a file; `retired` names indexes that are to be dropped when they are in the database."""

    requirements: Requirements
    validation_level: Literal["off", "moderate", "strict"]
    validation_action: Literal["warn", "error"]
    validator: Validator
    indexes: dict[Name, Index] = Field(default={})
    retired: list[Name] = Field(default=[])

    @model_validator(mode="after")
    def _indexes_fit_together(self) -> Self:
        if both := sorted(self.indexes.keys() & set(self.retired)):
            raise ValueError(f"indexes that are both wanted and retired: {', '.join(both)}")
        texts = [name for name, index in self.indexes.items() if index.is_text]
        if len(texts) > 1:
            raise ValueError(f"a collection has one text index, these are {len(texts)}: {', '.join(texts)}")
        seen: dict[str, str] = {}
        for name, index in self.indexes.items():
            first = seen.setdefault(repr((list(index.keys.items()), index.partial_filter_expression)), name)
            if first != name:
                raise ValueError(f"indexes {first} and {name} have the same keys and the same filter")
        return self

    @model_validator(mode="after")
    def _keys_are_fields(self) -> Self:
        fields = dict(self.validator.json_schema.fields())
        for name, index in self.indexes.items():
            named = {*index.keys, *(index.partial_filter_expression or {})} - {EVERY_FIELD, "_id"}
            if unknown := sorted(key for key in named if key not in fields and not key.startswith("$")):
                raise ValueError(f"index {name}: {', '.join(unknown)}: no field of the validator")
            expired = next(iter(index.keys)) if index.expire_after_seconds is not None else None
            if expired and fields[expired].bson_type != ["date"]:
                raise ValueError(f"index {name}: {expired} is no date, so that nothing would expire by it")
            override = index.language_override or DEFAULT_LANGUAGE_OVERRIDE
            if index.is_text and any(path.split(".")[-1] == override for path in fields):
                raise ValueError(
                    f"index {name}: the field {override} would choose the words' language, and documents in one that "
                    "text indexes do not know, such as Japanese, would be refused; name another in language_override"
                )
        return self


@dataclass(frozen=True)
class Collection:
    """A collection of the database; `validator` is the document that the server is given, `fields` the paths in it."""

    name: str
    validator: Mapping[str, Any]
    level: str
    action: str
    indexes: Mapping[str, Index]
    retired: Sequence[str]
    fields: frozenset[str]
