"""Every rule refuses what it is there for, and nothing at its edge (refusals/, accepted/: a file a service).

A row of accepted/ says `stays` where the cloud keeps what is deleted, and `adopts` where a creation finds it there.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sandbox.cloud import CloudError
from sandbox.cloud.catalogue import rules
from sandbox.cloud.expressions import short_type

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent


def _rows(folder: str) -> list[dict[str, Any]]:
    return [row for file in sorted((HERE / folder).glob("*.yaml")) for row in yaml.safe_load(file.read_text())]


REFUSALS = _rows("refusals")
ACCEPTED = _rows("accepted")
RULES = {rule.id: rule for rule in rules()}


def _name(case: dict[str, Any]) -> str:
    changes = ",".join(case.get("set", {}))
    return f"{case.get('rule', case['of'])}-{case.get('at', '')}-{changes}"


def _inputs(world: Any, case: dict[str, Any]) -> dict[str, Any]:
    changes = dict(case.get("set", {}))
    if "many_labels" in case:
        changes["labels"] = {f"label{number}": "x" for number in range(case["many_labels"])}
    if "long_text" in case:
        changes[case["long_text"]] = "x" * 300_000
    inputs: dict[str, Any] = world.changed(case["of"], changes)
    return inputs


def _prepare(world: Any, case: dict[str, Any]) -> None:
    for step in case.get("after", []):
        match step:
            case {"create": name}:
                world.create(world.resources[name]["type"], world.changed(name, {**_fresh(step), **step["set"]}))
            case {"remove": name}:
                world.remove(name, **step.get("state", {}))
            case {"edit": name}:
                kind = world.kind(name)
                for path, value in step["set"].items():
                    world.cloud.edit(kind, world.ids[name], path, value)
            case {"advance": days}:
                world.cloud.state.advance(days)


def _fresh(step: dict[str, Any]) -> dict[str, Any]:
    """An address made beside the example's must not take the example's range."""
    return {"address": None} if step["create"] == "address" else {}


def _operation(world: Any, case: dict[str, Any], at: str) -> Callable[[], Any]:
    of = case["of"]
    provider = replace(world.provider, **case.get("provider", {}))
    token, inputs = world.resources[of]["type"], _inputs(world, case)
    if "type" in case:  # a type of which no example can be made
        token, inputs = case["type"], case["inputs"]
    if at == "delete":
        return lambda: world.remove(of, **case.get("state", {}))
    checked = world.cloud.check(token, inputs, provider=provider, proposed_name="automatic-0123456")
    assert not checked.failures
    if at == "update":
        return lambda: world.cloud.update(token, world.ids[of], checked.inputs, world.outputs[of], provider=provider)
    return lambda: world.cloud.create(token, checked.inputs, provider=provider)


@pytest.mark.parametrize("case", REFUSALS, ids=_name)
def test_refused(world: Any, case: dict[str, Any]) -> None:
    rule = RULES[case["rule"]]
    _prepare(world, case)
    at = case.get("at", rule.stages[0])
    assert at in rule.stages
    before = world.cloud.state.all()
    if at == "check":
        token = world.resources[case["of"]]["type"]
        found = world.cloud.check(token, _inputs(world, case), provider=world.provider).failures
        assert rule.id in [failure.rule for failure in found]
        failure = next(failure for failure in found if failure.rule == rule.id)
        assert failure.property == case.get("property", failure.property)
        message = failure.reason
    else:
        act = _operation(world, case, at)
        with pytest.raises(CloudError) as refused:
            act()
        assert refused.value.rule == rule.id
        message = str(refused.value)
    assert case.get("message", "") in message
    assert "${" not in message
    assert "\n" not in message
    assert world.cloud.state.all() == before, "a refused operation leaves nothing behind"


@pytest.mark.parametrize("case", ACCEPTED, ids=_name)
def test_accepted(world: Any, case: dict[str, Any]) -> None:
    _prepare(world, case)
    kind, at = short_type(case.get("type") or world.resources[case["of"]]["type"]), case.get("at", "create")
    before = world.cloud.state.all()
    done = _operation(world, case, at)()
    if at == "delete":
        left = world.cloud.state.get(kind, world.ids[case["of"]])
        assert (left is not None) == case.get("stays", False)
    else:
        assert world.cloud.state.get(kind, done.id).outputs == done.outputs
        stood = done.id in [record.id for record in before if record.type == kind]
        assert stood == (at == "update" or case.get("adopts", False))


def test_every_rule_has_a_refused_case() -> None:
    assert set(RULES) == {case["rule"] for case in REFUSALS}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_rule_has_its_source_and_wording(rule: Any) -> None:
    assert rule.source.strip()
    assert rule.message.strip()
    assert [other.id for other in rules()].count(rule.id) == 1
