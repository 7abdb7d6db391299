"""Wrong settings from a table: each is refused before anything is built, with its path, the reason and the fix."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.derive.platform import derive
from infra.settings import Problem, SettingsError, load
from infra.settings.engine_yaml import EngineLoader
from tests.stacks import declared

TABLES = Path(__file__).with_name("bad_settings")


def _cases(kind: str) -> list[dict[str, Any]]:
    """The cases of every subject's table."""
    tables = [
        yaml.load(file.read_text(encoding="utf-8"), Loader=EngineLoader)  # noqa: S506  safe, with the engine's scalars
        for file in sorted(TABLES.glob("*.yaml"))
    ]
    return [case for table in tables for case in table.get(kind) or []]


def named(case: dict[str, Any]) -> str:
    changes = [f"{place}={value}" for place, value in case.get("change", {}).items()]
    return " ".join([*changes, *(f"no {place}" for place in case.get("remove", []))])


def changed(case: dict[str, Any]) -> dict[str, Any]:
    raw = deepcopy(declared("prod"))
    for place, value in case.get("change", {}).items():
        group, name = below(raw, place)
        group[name] = value
    for place in case.get("remove", []):
        group, name = below(raw, place)
        del group[name]
    return raw


def below(raw: dict[str, Any], place: str) -> tuple[dict[str, Any], str]:
    *groups, name = place.split("/")
    for group in groups:
        raw = raw.setdefault(group, {})
    return raw, name


def assert_told(problems: tuple[Problem, ...], case: dict[str, Any]) -> None:
    problem = next((found for found in problems if found.path == case["path"]), None)
    assert problem is not None, [found.path for found in problems]
    assert case["reason"] in problem.allowed
    assert case["fix"] in problem.fix
    assert problem.given
    assert {found.path for found in problems} == {case["path"], *case.get("also", [])}


@pytest.mark.parametrize("case", _cases("settings"), ids=named)
def test_a_wrong_value_is_refused_by_the_settings(case: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        load(changed(case))
    assert_told(caught.value.problems, case)


@pytest.mark.parametrize("case", _cases("derived"), ids=named)
def test_values_that_cannot_stand_together_are_refused_by_what_follows(case: dict[str, Any]) -> None:
    settings = load(changed(case))
    with pytest.raises(SettingsError) as caught:
        derive(settings)
    assert_told(caught.value.problems, case)


def test_production_itself_is_right() -> None:
    assert derive(load(changed({}))).environment == "prod"
