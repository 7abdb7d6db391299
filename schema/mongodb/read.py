"""Reading the collections' files; every mistake in all of them is told at once."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from schema.kit import File, SchemaError, read_yaml, unordered_files
from schema.mongodb.collection import Collection, CollectionFile

FOLDER = Path(__file__).parent / "collections"


def collections(folder: Path = FOLDER) -> tuple[Collection, ...]:
    """The collections of a folder by name; raises one SchemaError for all mistakes."""
    made: list[Collection] = []
    mistakes: list[str] = []
    files = unordered_files(folder, ".yaml")
    for file in files:
        try:
            made.append(_collection(file))
        except SchemaError as error:
            mistakes.append(f"{error.where}: {error.given}")
        except ValidationError as error:
            mistakes += _mistakes(file, error)
    if mistakes:
        count = len(mistakes)
        raise SchemaError(
            "collections",
            "\n  ".join([f"{count} mistake{'' if count == 1 else 's'}", *mistakes]),
            fix="correct the files; schema/mongodb/collection.py and jsonschema.py tell what they may say",
        )
    return tuple(made)


def _collection(file: File) -> Collection:
    content = read_yaml(file)
    read = CollectionFile.model_validate(content)
    return Collection(
        name=file.name,
        validator=content["validator"],
        level=read.validation_level,
        action=read.validation_action,
        indexes=read.indexes,
        retired=read.retired,
        fields=frozenset(path for path, _ in read.validator.json_schema.fields()),
    )


def _mistakes(file: File, error: ValidationError) -> Iterator[str]:
    content: Mapping[str, Any] = read_yaml(file)
    for details in error.errors(include_url=False):
        path = _path(content, details["loc"])
        message = details["msg"].removeprefix("Value error, ")
        given = details["input"]
        shown = "" if isinstance(given, dict | list) or details["type"] == "missing" else f"{given!r}: "
        yield f"{file.path.as_posix()}: {path or 'the file'}: {shown}{message}"


def _path(content: Any, location: Sequence[Any]) -> str:
    """The place in the file; pydantic's names for members of a union and for keys are no places."""
    parts: list[str] = []
    for position, part in enumerate(location):
        if isinstance(content, dict | list) and _has(content, part):
            content = content[part]
        elif position < len(location) - 1 or part == "[key]":
            continue
        parts.append(str(part))
    return ".".join(parts)


def _has(content: dict[Any, Any] | list[Any], part: int | str) -> bool:
    return part in content if isinstance(content, dict) else isinstance(part, int) and part < len(content)
