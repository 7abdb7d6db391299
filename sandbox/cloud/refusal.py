"""Asking the rules: what provider or API refuse at one stage of one operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.cloud.catalogue import Rule, Stage, rules_of
from sandbox.cloud.errors import CheckFailure, CloudError
from sandbox.cloud.expressions import Scope
from sandbox.cloud.values import lookup, path_text


def refusals(kind: str, stage: Stage, scope: Scope) -> Iterator[CheckFailure]:
    """Everything the rules of a type refuse; a rule that depends on an unknown is not asked."""
    for rule in rules_of(kind, stage):
        for where, value, item in _targets(rule, scope.variables["self"]):
            asked = f"({rule.when}) && !({rule.require})"
            scope.look_at(asked, value=value, item=item)
            if not scope.depends_on_unknown(asked) and scope.evaluate(asked):
                scope.bind(value=value, item=item)
                yield CheckFailure(where, str(scope.render(rule.message)), rule.id)


def refuse(kind: str, stage: Stage, scope: Scope) -> None:
    """Raise CloudError for the first refusal, as an API answers."""
    for refusal in refusals(kind, stage, scope):
        raise CloudError(refusal.reason, refusal.rule)


def _targets(rule: Rule, own: Any) -> Iterator[tuple[str, Any, Any]]:
    """What a rule is asked about: the whole resource, or each set value of its property with the element around it."""
    if rule.of is None:
        yield rule.property, None, None
        return
    for where, value in lookup(own, rule.of):
        item = around = own
        for step in where:
            around = around[step]
            item = around if isinstance(step, int) else item
        yield path_text(where), value, item
