"""Typed rows of requirements/*.yaml and corrections.yaml: what Doc-DA-002 asks for, and where it is answered."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from infra.catalog.rows import Row, files, read
from infra.catalog.words import Words

_FOLDER = "requirements"

Correction = Annotated[str, Field(pattern=r"^COR-\d\d$")]


class RequirementRow(Row):
    """A requirement of the document; the keys are explained in requirements/1-targets.yaml."""

    chapter: int
    title: Words
    asks: Words
    corrections: tuple[Correction, ...] = ()
    resources: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    undeclared: Words | None = None
    tests: tuple[str, ...] = ()
    unproved: Words | None = None

    @model_validator(mode="after")
    def _is_answered(self) -> Self:
        if not (self.resources or self.settings or self.files or self.undeclared):
            raise ValueError("resources, settings or files say where it is declared, or undeclared says why it is not")
        if bool(self.tests) == bool(self.unproved):
            raise ValueError("either tests prove it, or unproved says why none does")
        return self


class CorrectionRow(Row):
    """Where the document cannot be built as it is written, and what is built instead."""

    document: Words
    built: Words


@cache
def chapters() -> Mapping[int, Words]:
    """The titles of the document's chapters that have requirements, by number; annex B is the seventh here."""
    return {part["chapter"]: Words(**part["title"]) for part in _parts()}


@cache
def requirements() -> Mapping[str, RequirementRow]:
    """Requirements by id, in the document's order."""
    return {
        id_: RequirementRow(chapter=part["chapter"], **row) for part in _parts() for id_, row in part["rows"].items()
    }


@cache
def corrections() -> Mapping[str, CorrectionRow]:
    """Corrections of the document by id."""
    return {id_: CorrectionRow(**row) for id_, row in read("corrections.yaml").items()}


def _parts() -> tuple[Mapping[str, Any], ...]:
    return tuple(read(path) for path in files(_FOLDER))
