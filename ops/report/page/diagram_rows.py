"""Typed rows of diagram.yaml: which resources are which box of the diagram, and how data flows between boxes."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from infra.catalog.words import Words

Place = Literal["edge", "front", "across", "zone", "beneath", "endpoint", "service", "partner"]
Via = Literal["right", "down", "up", "around", "over", "lane"]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OfRow(_Row):
    """Resources that a box stands for; the keys of the rows are explained in diagram.yaml."""

    type: str
    name: str = ""
    when: Mapping[str, bool | str] = {}


class BoxRow(_Row):
    """A kind of box."""

    key: str
    place: Place
    title: Words
    of: tuple[OfRow, ...]
    details: tuple[Words, ...]
    each: bool = False
    at: str | None = None
    region: Literal["main", "other"] | None = None
    dashed: bool = False


class FlowRow(_Row):
    """Who sends what to whom."""

    from_: str
    to: str
    via: Via
    words: Words
    without: str | None = None
    needs: str | None = None
    names: str | None = None


class NetworkRow(_Row):
    """The types that a region's part of the network is labelled with."""

    network: str
    subnet: str
    main: str


class Table(_Row):
    """The whole file."""

    boxes: tuple[BoxRow, ...]
    flows: tuple[FlowRow, ...]
    networks: NetworkRow


@cache
def table() -> Table:
    """The rows of diagram.yaml."""
    read = yaml.safe_load((Path(__file__).parent / "diagram.yaml").read_text(encoding="utf-8"))
    flows = [{**row, "from_": row["from"]} for row in read["flows"]]
    return Table(**{**read, "flows": [{key: row[key] for key in row if key != "from"} for row in flows]})
