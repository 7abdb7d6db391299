"""What Workflows would refuse to deploy is refused here, with its place."""

from typing import Any

import pytest
import yaml

from infra.catalog.workflow_rows import postgres_export, redis_export
from sandbox.workflows.checks import load
from sandbox.workflows.errors import SourceError
from sandbox.workflows.library import functions

LIBRARY = frozenset(functions(lambda: 0.0, {}))


def source(*steps: Any, **others: Any) -> str:
    rows = [{f"step{number}": body} for number, body in enumerate(steps)]
    return yaml.safe_dump({"main": {"params": ["args"], "steps": rows}, **others})


@pytest.mark.parametrize("text", [postgres_export(), redis_export()])
def test_the_deployed_sources_are_taken(text: str) -> None:
    assert "main" in load(text, LIBRARY)


SUB = {"params": ["x"], "steps": [{"done": {"return": "${x}"}}]}
RETRY = {"predicate": "${nobody}", "max_retries": 1, "backoff": {"initial_delay": 1, "max_delay": 1, "multiplier": 1}}
SLEEP = {"call": "sys.sleep", "args": {"seconds": 1}}
LOOP = {"value": "each", "in": "${args}", "steps": [{"inner": {"assign": [{"y": "${each}"}]}}]}


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([{"assign": [{"y": 1}], "colour": 1}], "main/.*/colour: Extra inputs"),
        ([{"parallel": {}}], "no step that is known here"),
        ([{}], "no step that is known here"),
        ([[]], "no step that is known here"),
        ([{"return": "${y}"}], "main/step0: variable y is not set here"),
        ([{"return": "${floor(1)}"}], "there is no function floor"),
        ([{"return": {"deep": ["${1 +}"]}}], "main/step0: .*Unexpected"),
        ([{"return": "a ${args}"}], "among other text"),
        ([{"call": "http.put", "args": {}}], "there is no http.put to call"),
        ([{"call": "nobody"}], "there is no nobody to call"),
        ([{"call": "sys.log", "args": {"message": "x"}}], "sys.log has no argument message"),
        ([{"call": "sub", "args": {"z": 1}}], "sub takes x"),
        ([{"call": "sub"}], "sub takes x"),
        ([{**SLEEP, "next": "nowhere"}], "there is no step nowhere"),
        ([{**SLEEP, "next": "continue"}], "there is no step continue"),
        ([{"for": LOOP}, {"return": "${y}"}], "main/step1: variable y is not set here"),
        ([{"for": LOOP}, {"return": "${each}"}], "variable each is not set here"),
        ([{"for": {"value": "each", "range": [1, 2], "steps": [{"a": SLEEP}]}}], "for/in: Field required"),
        ([{"try": SLEEP, "except": {"as": "e", "steps": [{"a": SLEEP}]}}, {"return": "${e}"}], "variable e is not set"),
        ([{"try": SLEEP, "except": {"steps": [{"a": SLEEP}]}}], "except/as: Field required"),
        ([{"try": SLEEP, "retry": RETRY}], "there is no predicate"),
        ([{"try": SLEEP, "retry": "${http.sometimes}"}], "there is no policy"),
        ([{"try": SLEEP, "retry": {**RETRY, "backoff": {}}}], "backoff/initial_delay: Field required"),
        ([{"switch": [{"condition": True, "assign": []}]}], "no step that is known here"),
        ([{"switch": [{"next": "step0"}]}], "a row of a switch has a condition"),
        ([{"switch": [{"condition": True, "next": "away"}]}], "there is no step away"),
        ([{"switch": [{"condition": True, "next": "end"}] * 51}], "at most 50 items"),
        ([{"assign": [{"y": 1}] * 51}], "at most 50 items"),
        ([{"steps": [{"step0": SLEEP}]}], "two steps are named step0"),
        ([{"return": "x" * 140_000}], "131072 bytes at most"),
    ],
)
def test_a_refused_source_names_the_place(steps: list[Any], why: str) -> None:
    with pytest.raises(SourceError, match=why):
        load(source(*steps, sub=SUB), LIBRARY)


@pytest.mark.parametrize(
    "text", ["[]", "sub: {steps: []}", "main: {steps: {}}", "main: {steps: [x]}", "main: {stepps: []}"]
)
def test_what_is_no_workflow_at_all(text: str) -> None:
    with pytest.raises(SourceError):
        load(text, LIBRARY)
