"""What the launcher must know of the Pulumi CLI's arguments (``pulumi --help`` of v3.250.0), and no more.

The CLI runs in a copy of the project, so a path given relative to the user's working directory is made absolute, and
the launcher must tell which stack a command is about and whether it talks to a cloud. Everything else passes through.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.engine.errors import LauncherError

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOUD_COMMANDS = frozenset(
    {"destroy", "dn", "do", "down", "import", "pre", "preview", "refresh", "up", "update", "watch"}
)
"""Commands that call a provider, with their aliases."""

STACK_COMMANDS = CLOUD_COMMANDS | {"cancel", "config", "logs", "policy", "stack", "state"}
"""Commands about a stack of this project; the others (version, login, plugin, about...) need none."""

PATH_FLAGS = frozenset(
    {
        "--config-file",
        "--event-log",
        "--file",
        "--generate-resources",
        "--import-file",
        "--installation-configuration",
        "--mappings",
        "--out",
        "--path",
        "--plan",
        "--policy-pack",
        "--policy-pack-config",
        "--profiling",
        "--readme",
        "--save-plan",
    }
)
"""Flags whose value is a path of the user's. ``--plan`` and ``--event-log`` are hidden in the CLI's help."""

SWITCHES = {"config": frozenset({"--path"})}
"""What is a flag with a path elsewhere and a switch in these commands: `config set --path` takes the key for a path."""

SHORT_PATH_FLAGS = {"import": frozenset({"-f", "-o"})}
"""One-letter path flags by command; elsewhere the same letters mean other things (``up -f`` skips the preview)."""

PATH_OPERANDS = frozenset({("stack", "graph"), ("logs", "decrypt"), ("schema", "check")})
"""Commands whose operands are paths."""

VALUE_FLAGS = PATH_FLAGS | frozenset(
    {
        "--color",
        "--config",
        "--cwd",
        "--dest",
        "--memprofilerate",
        "--message",
        "--otel-traces",
        "--parallel",
        "--source",
        "--stack",
        "--tracing",
        "--verbose",
        "-C",
        "-c",
        "-m",
        "-p",
        "-s",
        "-v",
    }
)
"""Flags that take the next word as their value: that word is no command and no operand."""

FORBIDDEN_FLAGS = frozenset({"--cwd", "-C"})
JOINED_SHORT_FLAGS = frozenset({"-C", "-s"})
"""One-letter flags that the launcher must read even when their value follows without a space (``-sprod``)."""

HELP_FLAGS = frozenset({"--help", "-h", "--version"})
STANDARD_STREAM = "-"


@dataclass(frozen=True)
class Command:
    """One command line of the CLI, understood as far as the launcher needs.

    ``arguments`` are the CLI's, with paths made absolute; ``words`` are the command, its sub-command and its operands;
    ``stack`` is the short name of the stack that the arguments name, or None; ``asks_help`` also when there is no word.
    """

    arguments: tuple[str, ...]
    words: tuple[str, ...]
    stack: str | None
    asks_help: bool

    @property
    def needs_cloud(self) -> bool:
        """Whether a provider may be called."""
        return not self.asks_help and self.words[0] in CLOUD_COMMANDS

    @property
    def needs_stack(self) -> bool:
        """Whether the stack must exist in the sandbox before the command runs."""
        if self.asks_help or self.words[0] not in STACK_COMMANDS:
            return False
        # Making or removing a stack is the user's own step, listing is about all of them.
        return self.words[:2] not in {("stack", step) for step in ("init", "new", "rm", "remove", "ls", "list")}


def understand(arguments: list[str], *, working_directory: Path, root: Path, project: Path) -> Command:
    """Read the CLI's ``arguments``.

    ``working_directory`` is what the user's relative paths start from; a path of the repository ``root``'s own project
    or stack file means its copy in ``project``. Raises LauncherError for ``--cwd``, which would leave the copy.
    """

    def absolute(value: str) -> str:
        return ",".join(_absolute(part, working_directory, root, project) for part in value.split(","))

    rewritten: list[str] = []
    words: list[str] = []
    flags: dict[str, str] = {}
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            rewritten += [argument, *rest]
        elif _is_word(argument):
            words.append(argument)
            rewritten.append(absolute(argument) if _is_path_operand(words) else argument)
        else:
            switches = SWITCHES.get(words[0], frozenset()) if words else frozenset()
            path_flags = (PATH_FLAGS | _short_path_flags(words)) - switches
            name, value, separator = _split(argument, rest, (VALUE_FLAGS | path_flags) - switches)
            flags[name] = value or ""
            if value and name in path_flags:
                value = absolute(value)
            # A flag and its value stay one word or two, as the user wrote them.
            if value is None:
                rewritten.append(name)
            else:
                rewritten += [name, value] if separator is None else [f"{name}{separator}{value}"]
    for name in FORBIDDEN_FLAGS & flags.keys():
        raise LauncherError(
            f"{name} {flags[name]}: the sandbox runs this repository's own project, from any working directory; "
            f"leave {name} out"
        )
    stack = (
        flags.get("--stack") or flags.get("-s") or (words[2] if words[:2] == ["stack", "select"] and words[2:] else "")
    )
    return Command(
        tuple(rewritten), tuple(words), stack.rsplit("/", 1)[-1] or None, not words or bool(HELP_FLAGS & flags.keys())
    )


def _is_word(argument: str) -> bool:
    return not argument.startswith("-") or argument == STANDARD_STREAM


def _split(argument: str, rest: Iterator[str], value_flags: frozenset[str]) -> tuple[str, str | None, str | None]:
    """Return a flag's name, its value, and what joins them in one word (None: two words, or a flag without a value)."""
    name, joined, value = argument.partition("=")
    if joined:
        return name, value, "="
    if name in value_flags:
        return name, next(rest, ""), None
    if name[:2] in JOINED_SHORT_FLAGS:
        return name[:2], name[2:], ""
    return name, None, None


def _short_path_flags(words: list[str]) -> frozenset[str]:
    return SHORT_PATH_FLAGS.get(words[0], frozenset()) if words else frozenset()


def _is_path_operand(words: list[str]) -> bool:
    return len(words) > len(("command", "sub-command")) and tuple(words[:2]) in PATH_OPERANDS


def _absolute(value: str, working_directory: Path, root: Path, project: Path) -> str:
    if value in {"", STANDARD_STREAM}:
        return value
    path = Path(working_directory, value)
    if path.suffix == ".yaml" and path.name.startswith("Pulumi.") and path.parent.resolve() == root:
        return str(project / path.name)
    return str(path)
