"""Levels and parameters of a stack: `<stack>.json`, given to the engine by `--policy-pack-config`.

A row is a rule's id with its `enforcementLevel` and parameters; a rule without a row keeps what it declares. Every row
says its level, because the engine hands the whole file to each pack and knows no default for another pack's rule.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policies.kit.rule import Level

if TYPE_CHECKING:
    from policies.kit import Rule

FOLDER = Path(__file__).resolve().parent


def stacks() -> list[str]:
    """The stacks that have a file."""
    return sorted(file.stem for file in FOLDER.glob("*.json"))


def file_of(stack: str) -> Path:
    """Where a stack's file is, or would be."""
    return FOLDER / f"{stack}.json"


@cache
def levels(stack: str) -> dict[str, dict[str, Any]]:
    """The rows of a stack's file."""
    content: dict[str, dict[str, Any]] = json.loads(file_of(stack).read_text(encoding="utf-8"))
    return content


def level_of(rule: Rule, stack: str) -> Level:
    """What a violation of the rule does in a stack."""
    return Level(levels(stack).get(rule.id, {}).get("enforcementLevel", rule.level))


def parameters_of(rule: Rule, stack: str) -> dict[str, Any]:
    """The rule's figures in a stack."""
    row = levels(stack).get(rule.id, {})
    return {name: row.get(name, parameter.default) for name, parameter in rule.parameters.items()}
