"""No shape of input makes a rule crash or fall silent."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from policies.all import RULES
from policies.kit import Case, Resource, Rule, Stack
from policies.kit.evaluate import Finding, Kind, defaults, evaluate
from policies.kit.resource import Node
from policies.kit.values import UNKNOWN, Secret

WRONG: tuple[Any, ...] = (
    None,
    "",
    1.5,
    True,
    "text",
    [None, "text"],
    {"a": {"b": 1}},
    [{"a": 1}],
    UNKNOWN,
    Secret(UNKNOWN),
)


_VARIED = 2


def variants(value: Any, substitutes: tuple[Any, ...]) -> Iterator[Any]:
    """The value with each of its parts, and itself, replaced in turn."""
    yield from substitutes
    if isinstance(value, Mapping):
        for key, item in value.items():
            for changed in variants(item, substitutes):
                yield {**value, key: changed}
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for changed in variants(item, substitutes):
                yield [*value[:index], changed, *value[index + 1 :]]


def subjects(rule: Rule, case: Case, substitutes: tuple[Any, ...]) -> Iterator[list[Resource]]:
    """A case's resources as a rule reads them, with one input of one of them replaced."""
    if not case.stack:
        type_ = case.type or next(iter(rule.types), "")
        for inputs in variants(dict(case.inputs), substitutes) if type_ else ():
            if isinstance(inputs, dict):
                provider = Node(dict(case.provider), "provider")
                yield [Resource(inputs, "", "urn", type_, "case", case.protect, case.ignore_changes, provider)]
        return
    varied: Counter[str] = Counter()
    for name, (changed, declared) in case.stack.items():
        # A few resources of a type stand for the others.
        varied[changed] += 1
        if varied[changed] > _VARIED:
            continue
        for inputs in variants(dict(declared), substitutes):
            if isinstance(inputs, dict):
                yield [
                    Resource(inputs if other == name else dict(values), "", other, each, other)
                    for other, (each, values) in case.stack.items()
                ]


def said(rule: Rule, resources: list[Resource]) -> list[Finding]:
    """What a rule says of resources."""
    if rule.whole_stack:
        return list(evaluate(rule, Stack(resources), defaults(rule)))
    return [found for each in resources for found in evaluate(rule, each, defaults(rule))]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_crashes_on_no_shape(rule: Rule) -> None:
    for case in (*rule.good, *rule.bad):
        for resources in subjects(rule, case, WRONG):
            crashed = [each.message for each in said(rule, resources) if each.kind is Kind.CRASH]
            assert not crashed, (crashed, [each.values for each in resources])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_an_unknown_does_not_silence_a_rule(rule: Rule) -> None:
    silent = [
        [each.values for each in resources]
        for case in rule.bad
        for resources in subjects(rule, case, (UNKNOWN,))
        if not said(rule, resources)
    ]
    assert not silent


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_message_shows_a_secret(rule: Rule) -> None:
    hidden = (Secret("hunter2"), Secret(["hunter2"]), Secret({"password": "hunter2"}))
    for case in (*rule.good, *rule.bad):
        for resources in subjects(rule, case, hidden):
            assert not [each.message for each in said(rule, resources) if "hunter2" in each.message]
