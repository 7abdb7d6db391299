"""Nothing that protects prod can be removed or weakened without a mandatory rule that refuses it."""

from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

from tests.policies.mutations import Mutation, uncaught

ROWS = yaml.safe_load(Path(__file__).with_name("uncaught.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def passed() -> Counter[Mutation]:
    found, tried = uncaught("prod")
    assert tried > 1000
    return found


def _covers(row: dict[str, str], mutation: Mutation) -> bool:
    wanted = ((row["type"], mutation.type), (row["path"], mutation.path), (row.get("kind", "*"), mutation.kind))
    return all(
        any(fnmatchcase(found, each.replace("[", "[[]")) for each in pattern.split(" | ")) for pattern, found in wanted
    )


def test_each_mutation_is_caught_or_explained(passed: Counter[Mutation]) -> None:
    unexplained = [each for each in sorted(passed) if not any(_covers(row, each) for row in ROWS)]
    assert not [f"{each.type}  {each.path}  {each.kind}" for each in unexplained]


def test_each_explanation_is_needed(passed: Counter[Mutation]) -> None:
    idle = [row for row in ROWS if not any(_covers(row, each) for each in passed)]
    assert not idle
    assert all(row["reason"] for row in ROWS)
