"""Annotations that bound one value and say, when it does not fit, what is allowed and how to fix it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import core_schema

from infra.settings.scalar import refusal
from infra.settings.units import Duration, Size

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue


@dataclass(frozen=True)
class Whole:
    """Annotation of an int: a whole number within bounds, also when Pulumi hands it over as 16.0 or "16"."""

    low: int
    high: int | None = None

    @property
    def allowed(self) -> str:
        """The bounds in words."""
        return (
            f"a whole number from {self.low} to {self.high}"
            if self.high is not None
            else f"a whole number ≥ {self.low}"
        )

    def read(self, value: object) -> int:
        """Return the number; raises the refusal that names the bounds."""
        number: int | None = None
        if isinstance(value, int) and not isinstance(value, bool):
            number = value
        elif (isinstance(value, float) and value.is_integer()) or (
            isinstance(value, str) and re.fullmatch(r"0|-?[1-9]\d{0,17}", value, flags=re.ASCII)
        ):
            number = int(value)
        if number is None:
            raise refusal(self.allowed, "write a plain number without unit, quotes or leading zero")
        if number < self.low:
            raise refusal(self.allowed, f"raise it to at least {self.low}")
        if self.high is not None and number > self.high:
            raise refusal(self.allowed, f"lower it to at most {self.high}")
        return number

    def __get_pydantic_core_schema__(self, source: type[Any], handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(
        self, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        bounds = {"minimum": self.low} | ({} if self.high is None else {"maximum": self.high})
        return {"type": "integer", **bounds}


@dataclass(frozen=True)
class Switch:
    """Annotation of a bool: true or false only, also when Pulumi hands it over as text."""

    def read(self, value: object) -> bool:
        """Return the switch; raises a refusal for "yes", "on", 1 and the like."""
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return value == "true"
        raise refusal("true or false", "write true or false")

    def __get_pydantic_core_schema__(self, source: type[Any], handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(
        self, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Text:
    """Annotation of a str: a pattern, said in words, with an example; names that are taken are refused."""

    pattern: str
    form: str
    example: str
    reserved: tuple[str, ...] = ()

    def read(self, value: object) -> str:
        """Return the text; raises a refusal that says the form."""
        allowed = f"{self.form}, e.g. {self.example}"
        if not isinstance(value, str) or not self._fits(value):
            near = str(value).strip().lower().replace("_", "-").replace(" ", "-")
            raise refusal(allowed, f"write {near}" if self._fits(near) else f"write it like {self.example}")
        if value in self.reserved:
            raise refusal(f"{allowed}; not one of {', '.join(self.reserved)}", f"{value} is taken: choose another name")
        return value

    def _fits(self, value: str) -> bool:
        return re.fullmatch(self.pattern, value, flags=re.ASCII) is not None

    def __get_pydantic_core_schema__(self, source: type[Any], handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(
        self, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$", "examples": [self.example]}


@dataclass(frozen=True)
class Between:
    """Annotation of a Size or Duration: its bounds, and the step that the cloud's own unit needs."""

    low: str
    high: str
    step: str

    @property
    def allowed(self) -> str:
        """The bounds in words."""
        return f"{self.low} to {self.high}, in steps of {self.step}"

    def __get_pydantic_core_schema__(self, source: type[Any], handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        low, high, step = (_amount(source.parse(text)) for text in (self.low, self.high, self.step))
        allowed = self.allowed

        def check(value: Size | Duration) -> Size | Duration:
            amount = _amount(value)
            if amount < low:
                raise refusal(allowed, f"raise it to at least {self.low}")
            if amount > high:
                raise refusal(allowed, f"lower it to at most {self.high}")
            if amount % step:
                raise refusal(allowed, f"round it to a multiple of {self.step}")
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(schema)


def _amount(value: Size | Duration) -> int:
    return value.bytes if isinstance(value, Size) else value.milliseconds
