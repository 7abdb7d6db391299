"""What a plan declares as boxes and flows, before anything has a place: see diagram.yaml for the rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from infra import catalog
from infra.catalog.words import Words
from ops.report.page.diagram_rows import BoxRow, FlowRow, OfRow, Place, Via, table

_VALUE = re.compile(r"\{([\w.]*)(#?)(?:/(\d+))?\}")


class Resource(Protocol):
    """A resource of the in-process plan (`sandbox.plan.PlannedResource`)."""

    @property
    def type(self) -> str:
        """Pulumi's type token."""

    @property
    def name(self) -> str:
        """Pulumi's name."""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What is declared."""


@dataclass(frozen=True)
class Box:
    """What is drawn of one or more resources; `names` are what the cloud calls them."""

    key: str
    place: Place
    title: Words
    details: tuple[Words, ...]
    resources: tuple[str, ...]
    region: str
    zone: str
    dashed: bool
    names: tuple[str, ...]

    @property
    def id(self) -> str:
        """What tells it from the others of its kind."""
        return f"{self.key}/{self.resources[0]}"


@dataclass(frozen=True)
class Flow:
    """A flow of data; flows of one number are one sentence of the list below the picture."""

    number: int
    words: Words
    source: Box
    target: Box
    via: Via


@dataclass(frozen=True)
class Region:
    """A region of Google Cloud; `network` are the lines that its part of the network is labelled with."""

    name: str
    network: tuple[str, ...]

    @property
    def label(self) -> str:
        """The region with its place, where the catalogue knows it."""
        row = catalog.regions().get(self.name)
        return f"{self.name} ({row.place})" if row else self.name


@dataclass(frozen=True)
class Scene:
    """Everything that is drawn: regions with the main one first, boxes and flows in the order of diagram.yaml."""

    regions: tuple[Region, ...]
    boxes: tuple[Box, ...]
    flows: tuple[Flow, ...]


def scene(resources: Sequence[Resource]) -> Scene:
    """Read a plan's resources; what is not declared is not drawn."""
    rows = table()
    main = next((each.inputs["region"] for each in resources if each.name == rows.networks.main), "")
    boxes = tuple(box for row in rows.boxes for box in _boxes(row, resources, main))
    names = dict.fromkeys([main, *(box.region for box in boxes)])
    regions = tuple(Region(name, _network(name, resources)) for name in names if name)
    return Scene(regions, boxes, tuple(_flows(rows.flows, boxes, resources)))


def value(inputs: Any, path: str) -> Any:
    """The value at a path such as `settings.tier` or `specs.0.size`; None where there is none."""
    for step in path.split("."):
        if isinstance(inputs, Mapping):
            inputs = inputs.get(step)
        elif isinstance(inputs, Sequence) and not isinstance(inputs, str) and step.isdigit():
            inputs = inputs[int(step)] if int(step) < len(inputs) else None
        else:
            return None
    return inputs


def _boxes(row: BoxRow, resources: Sequence[Resource], main: str) -> Iterator[Box]:
    found = [each for each in resources if _is(row.of[0], each)]
    others = [each for of in row.of[1:] for each in resources if _is(of, each)]
    groups: Iterable[list[Resource]]
    if row.each:
        groups = ([each, *others] for each in found)
    else:
        groups = ([*group, *others] for group in _by_region(row, found))
    for group in groups:
        where = _where(row, group[0])
        region = _region(where[0]) if where else ""
        if row.region and (row.region == "main") != (region == main):
            continue
        yield Box(
            key=row.key,
            place=row.place,
            title=row.title,
            details=tuple(line for each in row.details if (line := _line(each, group))),
            resources=tuple(each.name for each in group),
            region=region,
            zone=where[0] if where and row.place == "zone" else "",
            dashed=row.dashed,
            names=tuple(str(each.inputs["name"]) for each in group if "name" in each.inputs),
        )


def _is(of: OfRow, resource: Resource) -> bool:
    return (
        resource.type == of.type
        and resource.name.startswith(of.name)
        and all(value(resource.inputs, path) == wanted for path, wanted in of.when.items())
    )


def _by_region(row: BoxRow, found: Sequence[Resource]) -> Iterable[list[Resource]]:
    """One box for all is one box a region."""
    groups: dict[str, list[Resource]] = {}
    for each in found:
        where = _where(row, each)
        groups.setdefault(_region(where[0]) if where else "", []).append(each)
    return groups.values()


def _where(row: BoxRow, resource: Resource) -> tuple[str, ...]:
    place = value(resource.inputs, row.at) if row.at else None
    if place is None:
        return ()
    return (place,) if isinstance(place, str) else tuple(place)


def _region(place: str) -> str:
    """The region of a zone; a region as it is, in Google's small letters."""
    place = place.lower()
    return next((name for name, row in catalog.regions().items() if place in row.zones), place)


def _line(words: Words, group: Sequence[Resource]) -> Words | None:
    """A line of details with its values; None where one is missing."""
    values = [_shown(match, group) for text in (words.en, words.ja) for match in _VALUE.finditer(text)]
    if None in values:
        return None
    filled = iter(str(each) for each in values)
    return Words(*(_VALUE.sub(lambda _: next(filled), text) for text in (words.en, words.ja)))


def _shown(match: re.Match[str], group: Sequence[Resource]) -> object:
    path, counted, divisor = match.groups()
    if not path:
        return sum(each.type == group[0].type for each in group)
    found = next((each for each in (value(one.inputs, path) for one in group) if each is not None), None)
    if found is None:
        return None
    if divisor:
        return int(found) // int(divisor)
    return len(found) if counted else found


def _network(region: str, resources: Sequence[Resource]) -> tuple[str, ...]:
    rows = table().networks
    subnets = [each for each in resources if each.type == rows.subnet and each.inputs.get("region") == region]
    if not subnets:
        return ()
    networks = [each.inputs["name"] for each in resources if each.type == rows.network]
    return (*networks, *(f"{each.inputs['name']} {each.inputs['ipCidrRange']}" for each in subnets))


def _flows(rows: Sequence[FlowRow], boxes: Sequence[Box], resources: Sequence[Resource]) -> Iterator[Flow]:
    number = 0
    for row in rows:
        needed = [each for each in resources if each.type == row.needs]
        if (row.needs and not needed) or any(box.key == row.without for box in boxes):
            continue
        named = {str(value(each.inputs, row.names)).rpartition(":")[2] for each in needed} if row.names else None
        pairs = [
            (source, target)
            for source in boxes
            for target in boxes
            if source.key == row.from_ and target.key == row.to and (named is None or named & set(target.names))
        ]
        number += bool(pairs)
        yield from (Flow(number, row.words, *pair, row.via) for pair in pairs)
