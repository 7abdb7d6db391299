"""No shape of input makes a rule crash or fall silent."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from policies.all import RULES
from policies.kit import Case, Rule
from policies.kit.values import UNKNOWN, Secret
from tests.policies.harness import Given, given, given_case, judge

WRONG: tuple[Any, ...] = (
    None,
    "",
    0,
    1.5,
    True,
    "text",
    [],
    {},
    [1],
    ["text"],
    [None],
    {"a": {"b": 1}},
    [{"a": 1}],
    UNKNOWN,
    Secret(UNKNOWN),
)


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


def subjects(rule: Rule, case: Case, substitutes: tuple[Any, ...]) -> Iterator[list[Given]]:
    """A case's resources, with one input of one of them replaced."""
    if not case.stack:
        for inputs in variants(dict(case.inputs), substitutes):
            if isinstance(inputs, dict):
                yield given_case(rule, Case(inputs, case.type, case.protect, case.ignore_changes, case.provider))
        return
    for name, (type_, declared) in case.stack.items():
        for inputs in variants(dict(declared), substitutes):
            if isinstance(inputs, dict):
                changed = {**case.stack, name: (type_, inputs)}
                yield [given(each, values, name=other) for other, (each, values) in changed.items()]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_crashes_on_no_shape(rule: Rule) -> None:
    for case in (*rule.good, *rule.bad):
        for resources in subjects(rule, case, WRONG):
            crashed = [each.message for each in judge(resources, [rule]) if "itself failed" in each.message]
            assert not crashed, (crashed, [each.properties for each in resources])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_an_unknown_does_not_silence_a_rule(rule: Rule) -> None:
    silent = [
        resources for case in rule.bad for resources in subjects(rule, case, (UNKNOWN,)) if not judge(resources, [rule])
    ]
    assert not [[each.properties for each in resources] for resources in silent]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_message_shows_a_secret(rule: Rule) -> None:
    for case in (*rule.good, *rule.bad):
        for resources in subjects(
            rule, case, (Secret("hunter2"), Secret(["hunter2"]), Secret({"password": "hunter2"}))
        ):
            assert not [each.message for each in judge(resources, [rule]) if "hunter2" in each.message]
