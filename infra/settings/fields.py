"""What a place in the settings stands for: its model, its field, the form of its value and an example."""

from __future__ import annotations

from ipaddress import IPv4Network
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from infra.settings.constraints import Between, Switch, Text, Whole
from infra.settings.model import SettingsModel
from infra.settings.scalar import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo


def submodel(annotation: Any) -> tuple[type[SettingsModel] | None, bool]:
    """Return the settings model inside a field's annotation, and whether it stands behind freely chosen names."""
    origin = get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, SettingsModel):
        return annotation, False
    if origin is dict:
        return submodel(get_args(annotation)[1])[0], True
    if origin is Annotated:
        return submodel(get_args(annotation)[0])
    if origin in (UnionType, Union):
        found = [submodel(member) for member in get_args(annotation)]
        return next((pair for pair in found if pair[0] is not None), (None, False))
    return None, False


def model_at(root: type[SettingsModel], loc: tuple[int | str, ...]) -> type[SettingsModel] | None:
    """Return the model at a place, None when there is a plain value or nothing known."""
    model: type[SettingsModel] | None = root
    parts = list(loc)
    while parts and model is not None:
        field = _field(model, parts.pop(0))
        model, named = submodel(field.annotation) if field else (None, False)
        if named and not parts:
            return None
        if named:
            parts.pop(0)
    return model


def field_at(root: type[SettingsModel], loc: tuple[int | str, ...]) -> FieldInfo | None:
    """Return the field at a place, None when nothing is known of it."""
    model = model_at(root, loc[:-1])
    return _field(model, loc[-1]) if model and loc else None


def _field(model: type[SettingsModel], key: int | str) -> FieldInfo | None:
    return next((field for name, field in model.model_fields.items() if key == (field.alias or name)), None)


def form_of(field: FieldInfo) -> str:
    """Return the allowed form of a field's value, in words."""
    model, named = submodel(field.annotation)
    if model is not None:
        return "names of your choice, each with a group of settings" if named else "a group of settings"
    return ", ".join(dict.fromkeys(_forms(field.annotation, field.metadata)))


def example_of(field: FieldInfo) -> str:
    """Return a value the field accepts, as it is written in YAML."""
    if field.examples:
        example = field.examples[0]
        return str(example).lower() if isinstance(example, bool) else str(example)
    return next(_examples(field.annotation, field.metadata), "…")


def _forms(annotation: Any, metadata: list[Any]) -> Iterator[str]:
    for member, bounds in _members(annotation, metadata):
        if get_origin(member) is Literal:
            yield " or ".join(str(choice) for choice in get_args(member))
        elif get_origin(member) is list:
            yield f"a list of {' and '.join(_forms(get_args(member)[0], []))}".replace(" or ", " and ")
        elif get_origin(member) is dict:
            yield "names with a text, a number, or on/off"
        elif texts := [bound.form for bound in bounds if isinstance(bound, Text)]:
            yield from texts
        elif allowed := [bound.allowed for bound in bounds if isinstance(bound, Whole | Between)]:
            yield from allowed
        elif any(isinstance(bound, Switch) for bound in bounds):
            yield "true or false"
        elif isinstance(member, type) and issubclass(member, Scalar):
            yield member.FORM
        elif member is IPv4Network:
            yield "a private IPv4 range in CIDR form"


def _examples(annotation: Any, metadata: list[Any]) -> Iterator[str]:
    for member, bounds in _members(annotation, metadata):
        if get_origin(member) is Literal:
            yield str(get_args(member)[0])
        elif get_origin(member) is list:
            yield f"[{next(_examples(get_args(member)[0], []), '')}]"
        elif texts := [bound.example for bound in bounds if isinstance(bound, Text)]:
            yield from texts
        elif spans := [bound.low for bound in bounds if isinstance(bound, Between)]:
            yield from spans
        elif isinstance(member, type) and issubclass(member, Scalar):
            yield member.EXAMPLE
        elif member is IPv4Network:
            yield "10.10.0.0/20"


def _members(annotation: Any, metadata: list[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """Yield each type an annotation allows, with the constraints that stand on it; None is left out."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        yield from _members(inner, [*metadata, *more])
    elif origin in (UnionType, Union):
        for member in get_args(annotation):
            yield from _members(member, metadata)
    elif annotation is not type(None):
        yield annotation, metadata
