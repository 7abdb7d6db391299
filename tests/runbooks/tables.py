"""A program's commands and options as a table: enough to tell a word that it does not know."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

Options = Mapping[str, str | list[str]]
"""Per option without its dashes: value, switch, or the values that it takes."""

_ARGUMENT = re.compile(r"\[?([A-Z][A-Z_]*)(\.\.\.)?\]?")


@dataclass(frozen=True)
class Row:
    """A command: how many arguments it takes at least and at most, and its options."""

    least: int
    most: float
    options: Options


@dataclass(frozen=True)
class Table:
    """The commands of a program by their words, and the options that each of them takes."""

    rows: Mapping[tuple[str, ...], Row]
    wide: Options

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The table as commands.yaml has it."""
        rows = {}
        for written, options in data["commands"].items():
            words = written.split()
            arguments = [word for word in words if _ARGUMENT.fullmatch(word)]
            path = tuple(words[: len(words) - len(arguments)])
            many = any("..." in word for word in arguments)
            least = sum(not word.startswith("[") for word in arguments)
            rows[path] = Row(least, float("inf") if many else len(arguments), options or {})
        return cls(rows, data["wide"])

    def problems(self, words: Sequence[str], *, whole: bool) -> Iterator[str]:
        """What the program would not take."""
        path = self._path(words)
        if path is None:
            yield "no such command in tests/runbooks/commands.yaml"
            return
        row = self.rows[path]
        arguments: list[str] = []
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if word == "--":
                break
            if word.startswith("--"):
                yield from self._option(word, rest, {**self.wide, **row.options})
            else:
                arguments.append(word)
        count = len(arguments) - len(path)
        if count > row.most or (whole and count < row.least):
            yield f"{count} arguments {arguments[len(path) :]}, where {row.least} to {row.most} are taken"

    def _path(self, words: Sequence[str]) -> tuple[str, ...] | None:
        """The longest known command that the words begin with; options of every command may stand before it."""
        names: list[str] = []
        rest = list(words)
        while rest:
            word = rest.pop(0)
            name, given, _ = word.removeprefix("--").partition("=")
            if not word.startswith("--"):
                names.append(word)
            elif name not in self.wide:
                break
            elif not given and self.wide[name] != "switch":
                rest = rest[1:]
        lengths = range(len(names), 0, -1)
        return next((tuple(names[:n]) for n in lengths if tuple(names[:n]) in self.rows), None)

    @staticmethod
    def _option(word: str, rest: list[str], options: Options) -> Iterator[str]:
        """One option; its value is taken out of the rest."""
        name, given, value = word.removeprefix("--").partition("=")
        kind = options.get(name) or ("switch" if options.get(name.removeprefix("no-")) == "switch" else None)
        if kind is None:
            yield f"no option --{name}"
            return
        if kind == "switch":
            if given:
                yield f"--{name} takes no value"
            return
        if not given:
            if not rest:
                yield f"--{name} has no value"
                return
            value = rest.pop(0)
        if isinstance(kind, list) and "$" not in value and value not in kind:
            yield f"--{name} takes {', '.join(kind)}, not {value}"
