"""The google resources of a plan as Terraform, for a scanner that reads nothing else.

Names, lists, maps and blocks come from the SDK's own types; what those do not say is in `terraform.yaml`. Whatever
cannot be told is an error: a property that is left out would be one the scanner never sees.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.cloud import CloudError
from sandbox.cloud.catalogue import resource_type
from sandbox.cloud.shape import Kind, Shape
from sandbox.plan import PlannedResource

CATALOGUE = Path(__file__).with_name("terraform.yaml")
PROVIDER = "pulumi:providers:gcp"
_PACKAGE = "gcp:"
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+")
_NOT_IN_A_LABEL = re.compile(r"[^A-Za-z0-9_-]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "${": "$${", "%{": "%%{"}
_ESCAPED = re.compile("|".join(re.escape(each) for each in _ESCAPES))


class RenderError(Exception):
    """Something of the plan has no known form in Terraform."""


@dataclass(frozen=True)
class Rendered:
    """Terraform text, and the URN behind each address such as `google_sql_database_instance.postgres-primary`."""

    text: str
    urns: Mapping[str, str]


@dataclass(frozen=True)
class _Catalogue:
    """`terraform.yaml`; its comments say what each part is for."""

    modules: Mapping[str, str]
    types: Mapping[str, str]
    names: Mapping[str, str]
    lists: Mapping[str, str]
    unchanged: Sequence[str]
    references: Mapping[str, Mapping[str, str]]


@functools.cache
def _catalogue() -> _Catalogue:
    return _Catalogue(**yaml.safe_load(CATALOGUE.read_text(encoding="utf-8")))


def render(resources: Iterable[PlannedResource]) -> Rendered:
    """Every gcp resource and provider of a plan as Terraform.

    Raises RenderError naming the type or property that has no known form.
    """
    planned = list(resources)
    addresses = _addresses(planned)
    blocks = [
        _resource(each, addresses[each.urn], _references(each, planned, addresses))
        for each in planned
        if each.urn in addresses
    ]
    providers = [_block("provider", ("google",), _provider(each)) for each in planned if each.type == PROVIDER]
    urns = {address: urn for urn, address in addresses.items()}
    return Rendered("\n\n".join(["\n".join(lines) for lines in (*providers, *blocks)]) + "\n", urns)


def terraform_type(token: str) -> str:
    """Terraform's name of a type, such as google_compute_url_map; raises RenderError for one that cannot be told."""
    catalogue = _catalogue()
    if token in catalogue.types:
        return catalogue.types[token]
    _, module, name = token.split(":")
    word = catalogue.modules.get(module.partition("/")[0])
    if word is None:
        raise RenderError(f"{token}: its module has no row in {CATALOGUE.name}, so its Terraform type is not known")
    return f"google_{word}_{_snake(name)}"


def quoted(text: str) -> str:
    """A text as a Terraform literal, in which nothing is evaluated."""
    return f'"{_ESCAPED.sub(lambda found: _ESCAPES[found[0]], text)}"'


def _addresses(planned: Iterable[PlannedResource]) -> dict[str, str]:
    """URN → address, unique: two resources of a type may share a name under different parents."""
    addresses: dict[str, str] = {}
    taken: set[str] = set()
    for each in planned:
        if not each.custom or not each.type.startswith(_PACKAGE):
            continue
        label = _NOT_IN_A_LABEL.sub("_", each.name)
        base = f"{terraform_type(each.type)}.{label if label[0].isalpha() else '_' + label}"
        number, address = 1, base
        while address in taken:
            number += 1
            address = f"{base}-{number}"
        taken.add(address)
        addresses[each.urn] = address
    return addresses


def _references(
    resource: PlannedResource, planned: Iterable[PlannedResource], addresses: Mapping[str, str]
) -> dict[str, str]:
    """Property → expression, for the properties whose target checkov wants to follow and the plan declares."""
    found: dict[str, str] = {}
    for name, target_type in _catalogue().references.get(resource.type, {}).items():
        value = resource.inputs.get(name)
        for target in planned:
            if value and target.type == target_type and value in (target.identifier, target.inputs.get("name")):
                found[name] = f"{addresses[target.urn]}.{'id' if value == target.identifier else 'name'}"
    return found


def _resource(resource: PlannedResource, address: str, references: Mapping[str, str]) -> list[str]:
    shape = _shape(resource.type)
    where = _Place(shape, resource.type.split(":")[1], resource.urn)
    rest = {key: value for key, value in resource.inputs.items() if key not in references}
    body = [f"  {_snake(key)} = {expression}" for key, expression in references.items()]
    body += _indented(where.object(shape.root, rest, ()))
    if resource.options.get("protect"):
        body += ["  lifecycle {", "    prevent_destroy = true", "  }"]
    return [f"resource {' '.join(quoted(part) for part in address.split('.'))} {{", *body, "}"]


def _provider(resource: PlannedResource) -> list[str]:
    """The provider's properties; Pulumi hands every one but text over as JSON in a text."""
    shape = _shape(resource.type)
    inputs = {
        key: value if shape.inputs.get(key, {}).get("type") == "string" else json.loads(value)
        for key, value in resource.inputs.items()
        if key != "addPulumiAttributionLabel"  # the one that Terraform has not
    }
    return list(_Place(shape, "provider", resource.urn).object(shape.root, inputs, ()))


def _shape(token: str) -> Shape:
    try:
        return resource_type(token).shape
    except CloudError as error:
        raise RenderError(f"{token}: {error}") from error


@dataclass(frozen=True)
class _Place:
    """Where values are rendered: the shape that types them, the type's path for the catalogue, the URN for errors."""

    shape: Shape
    type: str
    urn: str

    def object(self, kind: str, values: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
        """The lines of a block's inside."""
        declared = self.shape.classes[kind]
        for key, value in values.items():
            here = (*path, key)
            if key not in declared:
                raise self._error(here, "the SDK has no such property")
            if value is not None:
                yield from self._property(declared[key]["type"], value, here)

    def _property(self, kind: Kind, value: Any, path: tuple[str, ...]) -> Iterator[str]:
        match kind, value:
            case {"object": str(inner)}, dict():
                yield from _block(_snake(path[-1]), (), self.object(inner, value, path))
            case {"list": {"object": str(inner)}}, list():
                for item in value:
                    if not isinstance(item, dict):
                        raise self._error(path, f"a block is expected, not {type(item).__name__}")
                    yield from _block(self._list_name(path), (), self.object(inner, item, path))
            case {"list": _}, list():
                yield f"{self._list_name(path)} = [{', '.join(self._literal(item, path) for item in value)}]"
            case {"map": _}, dict():
                yield f"{_snake(path[-1])} = {{"
                yield from (f"  {quoted(key)} = {self._literal(item, path)}" for key, item in value.items())
                yield "}"
            case _:
                yield f"{_snake(path[-1])} = {self._literal(value, path)}"

    def _literal(self, value: Any, path: tuple[str, ...]) -> str:
        match value:
            case bool():
                return "true" if value else "false"
            case int() | float():
                return repr(value)
            case str():
                return quoted(value)
        raise self._error(path, f"{type(value).__name__} is a shape that has no form here")

    def _list_name(self, path: tuple[str, ...]) -> str:
        catalogue = _catalogue()
        listed = catalogue.lists.get(".".join((self.type, *path)), catalogue.lists.get(path[-1]))
        if listed is None and path[-1] not in catalogue.unchanged:
            raise self._error(path, f"a list that has no row in {CATALOGUE.name}, so its Terraform name is not known")
        return listed or _snake(path[-1])

    def _error(self, path: tuple[str, ...], problem: str) -> RenderError:
        return RenderError(f"{self.urn}: {'.'.join(path)}: {problem}")


def _block(name: str, labels: Sequence[str], body: Iterable[str]) -> list[str]:
    head = " ".join([name, *(quoted(label) for label in labels)])
    lines = list(_indented(body))
    return [f"{head} {{", *lines, "}"] if lines else [f"{head} {{}}"]


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _snake(name: str) -> str:
    return _catalogue().names.get(name) or "_".join(word.lower() for word in _WORDS.findall(name))
