"""The files that say how a cluster is to be, read and checked; what differs between environments is filled in."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schema.kit import File, SchemaError, read_file, read_yaml, unordered_files

FOLDER = Path(__file__).parent
MANAGED_BY = "schema/elasticsearch"
"""The mark of what these files have made, where the cluster has a place for one."""

_PLACE = re.compile(r"\$\{([a-z_]+)\}")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Versioned(_Row):
    """An index whose documents we keep: former ones that stay beside it, and its share of the settings' index size."""

    kept: Annotated[int, Field(ge=0, le=3)]
    share: Annotated[float, Field(gt=0, le=1)]


class Definition(_Row):
    """One file: the requirements that ask for it, why, and the body as the API takes it.

    `needs` is what an environment must have for the file to apply: a bucket for snapshots.
    """

    asked_by: Annotated[list[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]+$")]], Field(min_length=1)]
    why: Annotated[str, Field(min_length=10)]
    body: dict[str, Any]
    versioned: Versioned | None = None
    needs: Literal["snapshots"] | None = None


def definitions(folder: Path) -> Mapping[str, Definition]:
    """The files of a folder by name; raises SchemaError for one that is no YAML or has other keys."""
    return {file.name: _definition(file) for file in unordered_files(folder, ".yaml")}


def client_roles(folder: Path = FOLDER) -> Mapping[str, str]:
    """The role of every program that may have an API key."""
    file = read_file(folder / "clients.yaml")
    table = read_yaml(file)
    if not isinstance(table, dict) or not all(isinstance(word, str) for pair in table.items() for word in pair):
        raise SchemaError(file.path.as_posix(), "is no table of client: role", fix="write a line for each client")
    return table


def filled(body: Any, values: Mapping[str, str | int], where: str) -> Any:
    """A body with every ${name} replaced; one that is a whole value keeps its type. Raises SchemaError for others."""
    if isinstance(body, dict):
        return {key: filled(value, values, where) for key, value in body.items()}
    if isinstance(body, list):
        return [filled(value, values, where) for value in body]
    if not isinstance(body, str):
        return body
    if unknown := [name for name in _PLACE.findall(body) if name not in values]:
        raise SchemaError(where, f"${{{unknown[0]}}} is nothing that an environment has", allowed=", ".join(values))
    if whole := _PLACE.fullmatch(body):
        return values[whole[1]]
    return _PLACE.sub(lambda found: str(values[found[1]]), body)


def checksum(content: Any) -> str:
    """SHA-256 of JSON content, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _definition(file: File) -> Definition:
    try:
        return Definition.model_validate(read_yaml(file))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SchemaError(
            file.path.as_posix(),
            f"{place}: {first['msg']}",
            allowed=f"the keys {', '.join(Definition.model_fields)}",
            fix="compare it with its neighbours",
        ) from None
