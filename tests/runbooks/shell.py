"""Blocks of bash: whether the shell takes them, and the commands in them, those inside $(…) and loops too."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

_PARSER = Parser(Language(tree_sitter_bash.language()))
_SHELLCHECK = Path(sys.executable).with_name("shellcheck")
_EXPORTED = re.compile(r"(?:^|\s)([A-Z][A-Z_]*)=")
_READ_BY_PROGRAMS = frozenset({"PGPASSWORD", "PGOPTIONS"})
_PROGRAMS_OWN = re.compile(r"TRIPTRIP_")


@dataclass(frozen=True)
class Command:
    """A program and its arguments, without quotes; what the shell fills in stands as it is written."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.words)


def commands(text: str) -> Sequence[Command]:
    """Every command of a script, in order."""
    tree = _PARSER.parse(text.encode())
    return [Command(tuple(_words(node))) for node in _below(tree.root_node) if node.type == "command"]


def _below(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _below(child)


def _words(command: Node) -> Iterator[str]:
    for child in command.children:
        if child.type not in ("variable_assignment", "file_redirect", "herestring_redirect"):
            yield _unquoted((child.text or b"").decode())


def _unquoted(word: str) -> str:
    whole = len(word) > 1 and word[0] == word[-1] and word[0] in "'\""
    return word[1:-1] if whole else word.replace('"', "").replace("'", "")


def script_problems(text: str) -> Iterator[str]:
    """What shellcheck says of a script; a variable that nothing has set is one of these."""
    options = ("--shell=bash", "--enable=check-unassigned-uppercase", "--exclude=SC2155", "--format=json", "-")
    done = subprocess.run((_SHELLCHECK, *options), input=text, capture_output=True, text=True, check=False)  # noqa: S603 # ours
    if done.stderr:
        yield f"shellcheck: {done.stderr.strip()}"
    for found in json.loads(done.stdout or "[]"):
        yield f"SC{found['code']}, line {found['line']} of its blocks: {found['message']}"


def idle_variables(text: str) -> Iterator[str]:
    """Variables that are set and never used."""
    set_there = Counter(_EXPORTED.findall(text))
    for name in set_there:
        if name not in _READ_BY_PROGRAMS and not _PROGRAMS_OWN.match(name) and not re.search(rf"\$\{{?{name}\b", text):
            yield f"{name} is set and never used"
