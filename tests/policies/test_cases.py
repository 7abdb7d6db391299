"""Every rule's own cases, through the pack's server, without an engine."""

import pytest

from policies.all import RULES
from policies.kit import Case, Rule
from tests.policies.harness import given_case, judge

CASES = [
    pytest.param(rule, case, kind, id=f"{rule.id}-{kind}-{index}")
    for rule in RULES
    for kind, cases in (("good", rule.good), ("bad", rule.bad))
    for index, case in enumerate(cases)
]


@pytest.mark.parametrize(("rule", "case", "kind"), CASES)
def test_a_case_is_judged_as_it_says(rule: Rule, case: Case, kind: str) -> None:
    said = judge(given_case(rule, case), [rule])
    assert not [each.message for each in said if "itself failed" in each.message]
    assert not [each.message for each in said if "not decided" in each.message]
    assert bool(said) == (kind == "bad"), [each.message for each in said]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_all_its_parts(rule: Rule) -> None:
    assert rule.good
    assert rule.bad
    assert rule.reason
    assert rule.fix
    assert rule.id == rule.id.lower()
