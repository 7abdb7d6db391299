"""The JSON schema of a stack's levels, and what of them does not keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema

from policies.kit.rule import Level
from policies.levels import levels, stacks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.kit import Rule


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
        name = f"policies/levels/{stack}.json"
        try:
            rows = levels(stack)
        except ValueError as error:
            found.append(f"{name}: is not JSON: {error}")
            continue
        for wrong in validator.iter_errors(rows):
            where = ".".join(str(part) for part in wrong.absolute_path) or "the file"
            found.append(f"{name}: {where}: {wrong.message}")
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
