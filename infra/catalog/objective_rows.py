"""Typed rows of objectives.yaml: what is promised of the platform's own programs."""

from collections.abc import Mapping
from functools import cache

from infra.catalog.rows import Row, read


class ObjectiveRow(Row):
    """A promise; the keys are explained in objectives.yaml."""

    service: str
    title: str
    needs: tuple[str, ...]
    requirements: tuple[str, ...]
    metric: str
    resource: str
    where: Mapping[str, str]
    most: float
    goal: str
    days: int


@cache
def objectives() -> Mapping[str, ObjectiveRow]:
    """Promises by name."""
    return {name: ObjectiveRow(**row) for name, row in read("objectives.yaml").items()}
