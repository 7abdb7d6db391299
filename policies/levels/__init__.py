"""Levels and parameters of a stack: `<stack>.json`, given to the engine by `--policy-pack-config`.

A row is a rule's id with its `enforcementLevel` and parameters; a rule without a row keeps what it declares. Every row
says its level, because the engine hands the whole file to each pack and knows no default for another pack's rule.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema

from policies.kit.rule import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.kit import Rule

FOLDER = Path(__file__).resolve().parent


def stacks() -> list[str]:
    """The stacks that have a file."""
    return sorted(file.stem for file in FOLDER.glob("*.json"))


@cache
def levels(stack: str) -> dict[str, dict[str, Any]]:
    """The rows of a stack's file."""
    content: dict[str, dict[str, Any]] = json.loads((FOLDER / f"{stack}.json").read_text(encoding="utf-8"))
    return content


def level_of(rule: Rule, stack: str) -> Level:
    """What a violation of the rule does in a stack."""
    return Level(levels(stack).get(rule.id, {}).get("enforcementLevel", rule.level))


def parameters_of(rule: Rule, stack: str) -> dict[str, Any]:
    """The rule's figures in a stack."""
    row = levels(stack).get(rule.id, {})
    return {name: row.get(name, parameter.default) for name, parameter in rule.parameters.items()}


def schema(rules: Sequence[Rule]) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a stack's file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Levels and parameters of the policy rules in one stack",
        "type": "object",
        "additionalProperties": False,
        "properties": {rule.id: _row(rule) for rule in sorted(rules, key=lambda rule: rule.id)},
    }


def problems(rules: Sequence[Rule]) -> list[str]:
    """What is wrong in the stacks' files, one line each."""
    validator = jsonschema.Draft202012Validator(schema(rules))
    found = []
    for stack in stacks():
        for error in validator.iter_errors(levels(stack)):
            where = ".".join(str(part) for part in error.absolute_path) or "the file"
            found.append(f"policies/levels/{stack}.json: {where}: {error.message}")
    return sorted(found)


def _row(rule: Rule) -> dict[str, Any]:
    possible = [level for level in Level if level != Level.REMEDIATE or rule.remedy]
    return {
        "description": rule.title,
        "type": "object",
        "additionalProperties": False,
        "required": ["enforcementLevel"],
        "properties": {
            "enforcementLevel": {"enum": [str(level) for level in possible]},
            **{name: parameter.schema() for name, parameter in rule.parameters.items()},
        },
    }
