"""Blocks of bash: whether the shell takes them, and the commands in them, those inside $(…) and loops too."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

_PARSER = Parser(Language(tree_sitter_bash.language()))
_SHELLCHECK = Path(sys.executable).with_name("shellcheck")
_PROGRAMS_OWN = "TRIPTRIP_"


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


def functions(text: str) -> frozenset[str]:
    """Names of the script's own functions."""
    nodes = _below(_PARSER.parse(text.encode()).root_node)
    names = (node.child_by_field_name("name") for node in nodes if node.type == "function_definition")
    return frozenset((name.text or b"").decode() for name in names if name is not None)


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
    """Variables that are set for the shell and never used; our own programs read theirs from the environment."""
    tree = _PARSER.parse(text.encode())
    set_there = dict.fromkeys(_set(tree.root_node))
    for name in set_there:
        if not name.startswith(_PROGRAMS_OWN) and not re.search(rf"\$\{{?{name}\b", text):
            yield f"{name} is set and never used"


def _set(root: Node) -> Iterator[str]:
    """Names that are assigned to, but for those of a single command."""
    for node in _below(root):
        name = node.child_by_field_name("name")
        if node.type == "variable_assignment" and name is not None and node.parent and node.parent.type != "command":
            yield (name.text or b"").decode()
