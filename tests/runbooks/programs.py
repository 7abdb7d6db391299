"""Commands against what there is: our own parsers, the Makefile, and the tables of commands.yaml for other programs."""

import argparse
import contextlib
import io
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import typer
import yaml
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from infra.settings import __main__ as settings_command
from ops.__main__ import application as ops_command
from policies import __main__ as policies_command
from schema.command import app as schema_command
from tests.runbooks.alerts import ROOT
from tests.runbooks.shell import Command
from tests.runbooks.tables import Table

_DATA: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("commands.yaml").read_text(encoding="utf-8"))
_TABLES = {name: Table.read(row) for name, row in _DATA["programs"].items()}
_KNOWN = frozenset(_DATA["known"])
_REDIS = frozenset(_DATA["redis"])
_MODULES: Mapping[str, typer.Typer | Callable[[], argparse.ArgumentParser]] = {
    "ops": ops_command,
    "schema": schema_command,
    "infra.settings": settings_command.parser,
    "policies": policies_command.parser,
}
_CACHE = ("cache", "redis-cli")
"""Redis' own client, and the shell's word for it that docs/runbooks/cache.md makes."""
_ASSIGNMENT = re.compile(r"([A-Za-z_]+)=")


def problems(command: Command, *, whole: bool = True) -> Iterator[str]:
    """Why a command could not be given; one that is not `whole` may leave out what it acts on."""
    program, *words = command.words
    program = Path(program).name
    if program in _TABLES:
        found = list(_TABLES[program].problems(words, whole=whole))
    elif program == "python":
        found = list(_python(words, whole=whole))
    elif program == "make":
        found = list(_make(words))
    elif program in _CACHE:
        found = list(_redis(words))
    else:
        found = [] if program in _KNOWN else ["no known program"]
    yield from (f"{command}: {problem}" for problem in found)


def _redis(words: Sequence[str]) -> Iterator[str]:
    """The first word in capitals is the command of Redis; without one the client does something of its own."""
    asked = next((word for word in words if re.fullmatch(r"[A-Z]+", word)), None)
    if asked is not None and asked not in _REDIS:
        yield f"{asked} is none of {', '.join(sorted(_REDIS))} (tests/runbooks/commands.yaml)"


def _python(words: Sequence[str], *, whole: bool) -> Iterator[str]:
    if len(words) < 2 or words[0] != "-m" or words[1] not in _MODULES:
        yield f"python -m is followed by one of {', '.join(_MODULES)}"
        return
    module = _MODULES[words[1]]
    if not isinstance(module, typer.Typer):
        yield from _argparse(module(), words[2:])
    else:
        yield from _typer(get_command(module), list(words[2:]), whole=whole)


def _argparse(parser: argparse.ArgumentParser, words: Sequence[str]) -> Iterator[str]:
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            parser.parse_args(words)
    except SystemExit:
        yield said.getvalue().strip().splitlines()[-1]


def _typer(command: Any, words: list[str], *, whole: bool) -> Iterator[str]:
    """Its parts come from typer's own copy of click, whose classes have no public names."""
    while isinstance(command, TyperGroup):
        name = words.pop(0) if words else ""
        if name not in command.commands:
            yield f"there is no {name!r} among {', '.join(command.commands)}"
            return
        command = command.commands[name]
    try:
        command.make_context(command.name, words)
    except TyperException as error:
        if whole or not error.format_message().startswith("Missing "):
            yield error.format_message()


def _make(words: Sequence[str]) -> Iterator[str]:
    targets, variables = _makefile()
    for word in words:
        given = _ASSIGNMENT.match(word)
        if given and given[1] not in variables:
            yield f"the Makefile knows no {given[1]}"
        if not given and word not in targets:
            yield f"the Makefile has no target {word}"


@cache
def _makefile() -> tuple[frozenset[str], frozenset[str]]:
    """Its targets, as make itself knows them, and the variables that they use."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    words = ("make", "--print-data-base", "--question", "--no-builtin-rules", "help")
    shown = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False).stdout  # noqa: S603 # ours
    targets = re.findall(r"^([a-z][\w-]*):", shown.partition("\n# Files")[2], re.MULTILINE)
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return frozenset(targets), frozenset(re.findall(r"\$\(([A-Z_]+)[:)]", text))
