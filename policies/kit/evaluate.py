"""Runs one rule and says what came of it; nothing that happens inside a rule can make its verdict disappear."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from policies.kit.resource import Resource, Stack, Undecided
from policies.kit.values import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.kit.rule import Rule


class Kind(Enum):
    """What a finding is: broken, not decidable before the update, or the rule itself has failed."""

    VIOLATION = "violation"
    UNDECIDED = "undecided"
    CRASH = "crash"


@dataclass(frozen=True)
class Finding:
    """What a rule says about one resource; `urn` is empty when it is about the stack."""

    rule: Rule
    urn: str
    message: str
    kind: Kind = Kind.VIOLATION

    @property
    def explained(self) -> str:
        """What, why and how to mend it."""
        return f"{self.message}\nWhy: {self.rule.reason}\nFix: {self.rule.fix}"


def evaluate(rule: Rule, subject: Resource | Stack, parameters: Mapping[str, Any]) -> Iterator[Finding]:
    """Run a rule on a resource, or on the stack when it looks at whole stacks.

    What it has found before it met an unknown or failed is kept.
    """
    urn = subject.urn if isinstance(subject, Resource) else ""
    try:
        for found in rule.check(subject, **parameters):
            about, message = found if rule.whole_stack else (None, found)
            yield Finding(rule, about.urn if about else urn, _without_secrets(message, subject))
    except Undecided as undecided:
        yield Finding(
            rule, urn, f"not decided: {undecided}; `pulumi policy analyze` decides it after the update", Kind.UNDECIDED
        )
    except Exception as error:  # noqa: BLE001 # whatever goes wrong in a rule must not let its resource pass
        # The message of an error may hold a value, so only its kind and place are told.
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{place.filename.rpartition('/')[2]}:{place.lineno}"
        yield Finding(rule, urn, f"rule {rule.id} itself failed: {type(error).__name__} at {where}", Kind.CRASH)


def _without_secrets(message: str, subject: Resource | Stack) -> str:
    """The message without the text of any secret: a rule may show a value without thinking of it."""
    for resource in (subject,) if isinstance(subject, Resource) else subject:
        for text in _secret_texts(resource.values, secret=False):
            message = message.replace(text, "[secret]")
    return message


def _secret_texts(value: Any, *, secret: bool) -> Iterator[str]:
    if isinstance(value, Secret):
        yield from _secret_texts(value.value, secret=True)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _secret_texts(item, secret=secret)
    elif isinstance(value, list):
        for item in value:
            yield from _secret_texts(item, secret=secret)
    elif secret and isinstance(value, (str, int, float)) and not isinstance(value, bool) and str(value):
        yield str(value)


def defaults(rule: Rule) -> dict[str, Any]:
    """A rule's parameters as it declares them."""
    return {name: parameter.default for name, parameter in rule.parameters.items()}
