"""A stack's YAML file: the values of its subjects, and the line of each."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from infra.settings.engine_yaml import EngineLoader, is_odd_number, walk
from infra.settings.problems import Problem, SettingsError
from infra.settings.secrets import shown
from infra.settings.settings import Settings
from infra.settings.translate import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMESPACE = "triptrip"


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
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = "no such file" if isinstance(error, FileNotFoundError) else "it cannot be read as UTF-8 text"
            raise SettingsError(
                [Problem(str(path), reason, "a stack file, Pulumi.<stack>.yaml", "name an existing stack file")]
            ) from None
        return cls.parse(path.name, text)

    @classmethod
    def parse(cls, name: str, text: str) -> StackFile:
        """Read the text of a file; `name` is what problems call it. Raises as `read` does."""
        try:
            return cls._from_node(name, yaml.compose(text, Loader=EngineLoader))
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise SettingsError([_syntax(name, error)]) from None

    @classmethod
    def _from_node(cls, name: str, root: yaml.Node | None) -> StackFile:
        config = _child(root, "config")
        if not isinstance(config, yaml.MappingNode):
            given = "no config" if config is None else "something else"
            fix = "add config: with the keys " + ", ".join(f"{NAMESPACE}:{key}" for key in Settings.model_fields)
            raise SettingsError([Problem("config", given, "a group of settings named config", fix, name)])
        if problems := [*_ambiguous(name, root), *_unknown_subjects(name, config)]:
            raise SettingsError(problems)
        pairs = [(_subject(key), key, value) for key, value in config.value if _is_ours(key)]
        lines = {"": config.start_mark.line + 1}
        for subject, key, value in pairs:
            lines |= {path: named.start_mark.line + 1 for path, named, _ in walk(subject, key, value)}
        loader = EngineLoader("")
        try:
            return cls(name, {subject: loader.construct_document(value) for subject, _, value in pairs}, lines)
        finally:
            loader.dispose()

    def location(self, path: str) -> str:
        """Return "file:line" of a path, or of the nearest group above it that the file has."""
        while path and path not in self.lines:
            path = re.sub(r"(\.[^.\[]*|\[\d+\]|^[^.\[]*)$", "", path)
        return f"{self.name}:{self.lines[path]}"


def _child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def _is_ours(key: yaml.Node) -> bool:
    return str(key.value).startswith(f"{NAMESPACE}:")


def _subject(key: yaml.Node) -> str:
    return str(key.value).removeprefix(f"{NAMESPACE}:")


def _unknown_subjects(name: str, config: yaml.MappingNode) -> Iterator[Problem]:
    for key, _ in config.value:
        if _is_ours(key) and _subject(key) not in Settings.model_fields:
            yield replace(unknown_subject(_subject(key)), location=f"{name}:{key.start_mark.line + 1}")


def _ambiguous(name: str, root: yaml.Node | None) -> Iterator[Problem]:
    """Yield what YAML readers disagree about: a name that is written twice, and a number in an odd notation."""
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    seen: Counter[str] = Counter()
    for top, below in pairs:
        for path, key, value in walk(str(top.value), top, below):
            seen[path] += 1
            place = path.removeprefix("config.").removeprefix(f"{NAMESPACE}:")
            location = f"{name}:{key.start_mark.line + 1}"
            if seen[path] == 2:  # noqa: PLR2004  the second time is the repetition
                yield Problem(place, "written twice", "every name once", "remove one of the two", location)
            if is_odd_number(value):
                yield Problem(
                    place,
                    shown(place, value.value),
                    "a number in plain decimal digits; the engine reads other notations differently",
                    "write plain digits without leading zeros, or put a text in quotes",
                    location,
                )


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
