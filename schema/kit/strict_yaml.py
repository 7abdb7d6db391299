"""YAML of the schema's files, read so that nothing of it is lost."""

from typing import Any

import yaml

from schema.kit.errors import SchemaError
from schema.kit.files import File

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc] # the C loader where PyYAML was built with it
    """A safe loader that refuses a key written twice, of which the first would be lost without a word."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, dict | list):
            raise yaml.constructor.ConstructorError(None, None, f"{key} is no key", key_node.start_mark)
        if key in made:
            raise yaml.constructor.ConstructorError(None, None, f"{key} is written twice", key_node.start_mark)
        made[key] = loader.construct_object(value_node, deep=True)
    return made


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(file: File) -> Any:
    """What a file holds; raises SchemaError with the line when it is no YAML or has a key twice."""
    try:
        return yaml.load(file.content, Loader=_Loader)  # noqa: S506 # a subclass of the safe loader
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise SchemaError(file.path.as_posix(), f"is no YAML: {told}", fix="mend the line") from None
