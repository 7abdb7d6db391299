"""Typed rows of conformance/*.yaml and promises.yaml: how it is seen whether a stack keeps a requirement."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from infra.catalog import Row, read
from infra.catalog.words import Words

FILES = ("targets", "postgres", "stores", "caching", "operations")
"""The chapters' files, in the document's order."""

COMPARISONS = ("equals", "least", "most", "includes", "one_of")


class PromiseRow(Row):
    """What a provider promises of a service: availability in percent, None where no figure is known."""

    source: str
    date: dt.date
    confidence: Literal["A", "B", "C"]
    percent: Decimal | None = None


class CheckRow(Row):
    """One thing that can be seen.

    Of the plan: `resource` (a pattern of names, or several with `|` between them; all that fit are held to it) and a
    property of its inputs. Of the project: `file`, and a property when it is YAML, else a text in it. `alerts`: every
    alert of the catalogue that names the requirement is declared. Without a comparison it is enough that it is there,
    `count` times.
    """

    resource: str = ""
    file: str = ""
    alerts: bool = False
    property: str = ""
    equals: Any = None
    least: Decimal | None = None
    most: Decimal | None = None
    includes: Any = None
    one_of: tuple[Any, ...] | None = None
    count: int = 1

    @model_validator(mode="after")
    def _about_one_thing(self) -> Self:
        if sum((bool(self.resource), bool(self.file), self.alerts)) != 1:
            raise ValueError("name a resource, a file, or alerts")
        if sum(getattr(self, name) is not None for name in COMPARISONS) > 1:
            raise ValueError(f"compare once: {', '.join(COMPARISONS)}")
        return self


class RemedyRow(Row):
    """Settings that close a gap, laid over a stack file's subjects; without `closes` they make it smaller."""

    words: Words
    settings: Mapping[str, Any]
    closes: bool = True


class ConformanceRow(Row):
    """How a requirement is judged.

    `checks` are all to hold; `computed` names what works it out of the settings; `undecided` says what will tell once
    the stack stands, because no plan can. `gap` is told when it is not met.
    """

    checks: tuple[CheckRow, ...] = ()
    computed: str = ""
    undecided: Words | None = None
    gap: Words | None = None
    remedies: tuple[RemedyRow, ...] = Field(default=())

    @model_validator(mode="after")
    def _judged(self) -> Self:
        if not (self.checks or self.computed or self.undecided):
            raise ValueError("nothing judges it: give checks, computed or undecided")
        return self


@cache
def conformance() -> Mapping[str, ConformanceRow]:
    """How each requirement is judged, in the document's order."""
    return {name: ConformanceRow(**row) for file in FILES for name, row in read(f"conformance/{file}.yaml").items()}


@cache
def promises() -> Mapping[str, PromiseRow]:
    """Providers' promises by service."""
    return {name: PromiseRow(**row) for name, row in read("promises.yaml").items()}


class RecoveryRow(Row):
    """What a failure costs: seconds of data (None: it depends on the settings), seconds until all is back."""

    takes: int
    source: str
    date: dt.date
    lost: int | None = None


@cache
def recoveries() -> Mapping[str, RecoveryRow]:
    """What failures of PostgreSQL cost, by the means against them."""
    return {name: RecoveryRow(**row) for name, row in read("recoveries.yaml").items()}
