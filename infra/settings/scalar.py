"""The base of values written in human words ("32 GB", "02:00 Asia/Tokyo"), and how pydantic reads them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic_core import PydanticCustomError, core_schema

if TYPE_CHECKING:
    from typing import Self

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue


class UnitError(ValueError):
    """A text is not a value of the unit; says what was given, the allowed form and how to fix it."""

    def __init__(self, given: object, allowed: str, fix: str) -> None:
        self.given = given
        self.allowed = allowed
        self.fix = fix
        super().__init__(f"{given!r} is not {allowed}; {fix}")


class Scalar(ABC):
    """A frozen value read from one YAML scalar and written back by `str()`.

    FORM says the allowed form in words, EXAMPLE shows one, PATTERN is its regular expression (JSON Schema dialect).
    """

    FORM: ClassVar[str]
    EXAMPLE: ClassVar[str]
    PATTERN: ClassVar[str]

    @classmethod
    @abstractmethod
    def parse(cls, text: object) -> Self:
        """Read one value; raises UnitError."""

    @classmethod
    def refused(cls, given: object, fix: str | None = None) -> UnitError:
        """Return the error for a text that is not of this unit's form."""
        return UnitError(given, f"{cls.FORM}, e.g. {cls.EXAMPLE}", fix or f"write it as {cls.EXAMPLE}")

    @classmethod
    def _read(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        try:
            return cls.parse(value)
        except UnitError as error:
            raise refusal(error.allowed, error.fix) from error

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: type[Any], _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(cls._read, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "pattern": cls.PATTERN, "examples": [cls.EXAMPLE], "description": cls.FORM}


def refusal(allowed: str, fix: str) -> PydanticCustomError:
    """Return the error a validator raises for one value; `infra.settings.translate` turns it into a Problem."""
    return PydanticCustomError("refused", "{allowed}; {fix}", {"allowed": allowed, "fix": fix})
