"""A stack's YAML file, read as the engine reads it, with the line of every value.

The engine follows YAML 1.2 for plain words and numbers; PyYAML's own rules are 1.1, where `18:00` is the number 1080 and
`on` is true. The rules here are 1.2's core schema, so that both ways to the settings see the same values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from infra.settings.problems import Problem, SettingsError
from infra.settings.settings import Settings
from infra.settings.translate import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMESPACE = "triptrip"
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc]  # the C loader where PyYAML was built with it
    """A safe loader with the plain scalars of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  PyYAML's own registry


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN"),
    # A leading zero is no number here: the engine would read 010 as eight.
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))
_Loader.yaml_implicit_resolvers.setdefault("", []).append(("tag:yaml.org,2002:null", re.compile("^$")))


@dataclass(frozen=True)
class StackFile:
    """The subjects of one stack file (`triptrip:<subject>`), and where each value stands."""

    name: str
    subjects: Mapping[str, object]
    lines: Mapping[str, int]

    @classmethod
    def read(cls, path: Path | str) -> StackFile:
        """Read a file; raises SettingsError when it is no stack file or has keys that no program reads."""
        path = Path(path)
        name = path.name
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = "no such file" if isinstance(error, FileNotFoundError) else "it cannot be read as UTF-8 text"
            raise SettingsError(
                [Problem(str(path), reason, "a stack file, Pulumi.<stack>.yaml", "name an existing stack file")]
            ) from None
        try:
            root = yaml.compose(text, Loader=_Loader)
        except yaml.YAMLError as error:
            raise SettingsError([_syntax(name, error)]) from None
        return cls._from_node(name, root)

    @classmethod
    def _from_node(cls, name: str, root: yaml.Node | None) -> StackFile:
        config = _child(root, "config")
        if not isinstance(config, yaml.MappingNode):
            given = "no config" if config is None else "something else"
            fix = (
                f"add config: with the keys {', '.join(f'{NAMESPACE}:{subject}' for subject in Settings.model_fields)}"
            )
            raise SettingsError([Problem("config", given, "a group of settings named config", fix, name)])
        problems = [
            Problem(
                path,
                "written twice",
                "every name once, because the engine refuses a repeated one",
                f"remove one of the two (the other is on line {first})",
                f"{name}:{line}",
            )
            for path, first, line in _repeated(root)
        ]
        if problems:
            raise SettingsError(problems)
        prefix = f"{NAMESPACE}:"
        nodes = {key.value: (key, value) for key, value in config.value}
        subjects = {key.removeprefix(prefix): pair for key, pair in nodes.items() if key.startswith(prefix)}
        unknown = [
            replace(unknown_subject(key), location=f"{name}:{pair[0].start_mark.line + 1}")
            for key, pair in subjects.items()
            if key not in Settings.model_fields
        ]
        if unknown:
            raise SettingsError(unknown)
        lines = {"": config.start_mark.line + 1}
        for subject, (key, value) in subjects.items():
            lines |= dict(_lines(subject, key, value))
        loader = _Loader("")
        try:
            values = {subject: loader.construct_document(value) for subject, (_, value) in subjects.items()}
        except (yaml.YAMLError, ValueError) as error:
            raise SettingsError([_syntax(name, error)]) from None
        finally:
            loader.dispose()
        return cls(name, values, lines)

    def location(self, path: str) -> str:
        """Return "file:line" of a path, or of the nearest group above it that the file has."""
        while path and path not in self.lines:
            path = re.sub(r"(\.[^.\[]*|\[\d+\]|^[^.\[]*)$", "", path)
        return f"{self.name}:{self.lines[path]}"


def _child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def _lines(path: str, key: yaml.Node, value: yaml.Node) -> Iterator[tuple[str, int]]:
    yield path, key.start_mark.line + 1
    if isinstance(value, yaml.MappingNode):
        for name, child in value.value:
            yield from _lines(f"{path}.{name.value}", name, child)
    elif isinstance(value, yaml.SequenceNode):
        for index, child in enumerate(value.value):
            yield from _lines(f"{path}[{index}]", child, child)


def _repeated(node: yaml.Node | None, path: str = "") -> Iterator[tuple[str, int, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for name, child in node.value:
            here, line = f"{path}.{name.value}" if path else str(name.value), name.start_mark.line + 1
            if name.value in seen:
                yield here.removeprefix("config.").removeprefix(f"{NAMESPACE}:"), seen[name.value], line
            seen[name.value] = line
            yield from _repeated(child, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield from _repeated(child, f"{path}[{index}]")


def unknown_subject(key: str) -> Problem:
    """Return the problem of a config key that no model reads."""
    known = list(Settings.model_fields)
    near = nearest(key, known)
    return Problem(
        key,
        "an unknown subject",
        f"one of {', '.join(known)}",
        f"did you mean {NAMESPACE}:{near}?" if near else "remove it",
    )


def _syntax(name: str, error: Exception) -> Problem:
    mark = getattr(error, "problem_mark", None)
    return Problem(
        "config",
        str(getattr(error, "problem", None) or "a value that YAML cannot read"),
        "a YAML file: names and values, two spaces for each level, text with special characters in quotes",
        "correct the line, or the one above it",
        f"{name}:{mark.line + 1}" if mark else name,
    )
