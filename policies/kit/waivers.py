"""Waivers: a finding that is accepted for a while, by somebody, for a reason.

`policies/waivers.yaml` holds them for every pack, the gate and the second opinion. A waiver names its resource: `*` may
stand for a part of the name, never for a type. Once expired it waives nothing and is itself a violation.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

FILE = Path(__file__).resolve().parents[1] / "waivers.yaml"
_URN = re.compile(r"urn:pulumi:(?P<stack>[^:*]+)::[^:*]+::(?P<type>[^*]+)::(?P<name>.+)")
_LEAST_LITERAL_CHARACTERS = 4

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class WaiversError(Exception):
    """The waivers' file cannot be used."""


class Waiver(BaseModel):
    """One row: the rule, the URN it is waived for, why, who answers for it, and the last day (UTC) it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: Text
    urn: Text
    reason: Annotated[Text, Field(min_length=20)]
    owner: Text
    expires: dt.date

    @field_validator("urn")
    @classmethod
    def _names_a_resource(cls, urn: str) -> str:
        found = _URN.fullmatch(urn)
        if not found:
            raise ValueError(
                "must be a URN, urn:pulumi:<stack>::<project>::<type>::<name>, with * in its name at most: "
                "a waiver for a whole type or stack is refused"
            )
        if len(found["name"].replace("*", "")) < _LEAST_LITERAL_CHARACTERS:
            raise ValueError(f"at least {_LEAST_LITERAL_CHARACTERS} letters of the name must be written out")
        return urn

    @cached_property
    def stack(self) -> str:
        """The stack that the URN belongs to."""
        return self.urn.split("::", 1)[0].rpartition(":")[2]

    def covers(self, rule: str, urn: str) -> bool:
        """Whether the finding of a rule about a resource is waived, were the waiver in force."""
        # A URN may hold brackets, which are no pattern here.
        return self.rule == rule and fnmatchcase(urn, self.urn.replace("[", "[[]"))

    def expired(self, today: dt.date) -> bool:
        """Whether its last day has passed."""
        return today > self.expires

    def __str__(self) -> str:
        return f"{self.rule} for {self.urn} until {self.expires} ({self.owner}: {self.reason})"


@dataclass(frozen=True)
class Waivers:
    """The rows of the file, on a day."""

    rows: tuple[Waiver, ...]
    today: dt.date

    def covering(self, rule: str, urn: str) -> Waiver | None:
        """The waiver in force for a finding, or None."""
        return next((row for row in self.rows if row.covers(rule, urn) and not row.expired(self.today)), None)

    def of(self, rules: set[str], stack: str) -> list[Waiver]:
        """The waivers of these rules in a stack, expired ones too."""
        return [row for row in self.rows if row.rule in rules and row.stack == stack]


def today() -> dt.date:
    """The day in UTC."""
    return dt.datetime.now(dt.UTC).date()


def load(file: Path = FILE, day: dt.date | None = None) -> Waivers:
    """Read the file; raises WaiversError naming every row that cannot be used."""
    content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    rows = content.get("waivers") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        raise WaiversError(f"{file.name}: must hold a list `waivers`; an empty one is []")
    waivers: list[Waiver] = []
    problems: list[str] = []
    for index, row in enumerate(rows, start=1):
        try:
            waivers.append(Waiver.model_validate(row))
        except ValidationError as error:
            problems += [f"{file.name}: row {index}: {_said(each)}" for each in error.errors()]
    if problems:
        raise WaiversError("\n".join(problems))
    return Waivers(tuple(waivers), day or today())


def _said(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    return f"{where}: {error['msg'].removeprefix('Value error, ')} (given: {error['input']!r})"
