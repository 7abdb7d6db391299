"""The running stack's config gives the same settings as its file, and refuses what is encrypted or unknown."""

import json
from collections.abc import Mapping
from contextvars import copy_context
from pathlib import Path

import pytest
from pulumi.runtime.config import set_all_config

from infra.settings import Settings, SettingsError, from_stack_file
from infra.settings.pulumi_config import from_pulumi
from tests.stacks import declared

ROOT = Path(__file__).parents[4]
PROD = ROOT / "Pulumi.prod.yaml"


def as_config() -> dict[str, str]:
    return {f"triptrip:{subject}": json.dumps(value) for subject, value in declared("prod").items()}


def read(config: Mapping[str, str], encrypted: tuple[str, ...] = ()) -> Settings:
    def run() -> Settings:
        set_all_config(dict(config), list(encrypted))
        return from_pulumi()

    return copy_context().run(run)


def test_both_ways_give_the_same_settings() -> None:
    assert read(as_config()) == from_stack_file(PROD)


def test_keys_of_other_namespaces_are_left_alone() -> None:
    assert read({**as_config(), "gcp:project": "x", "pulumi:tags": "{}"}) == from_stack_file(PROD)


@pytest.mark.parametrize(
    ("changes", "path", "fix"),
    [
        ({"triptrip:posgres": "{}"}, "posgres", "did you mean triptrip:postgres?"),
        ({"triptrip:network": "10.0.0.0/8"}, "network", "indented"),
        ({"triptrip:network": "null"}, "network", "indented"),
    ],
)
def test_a_wrong_key_or_value_is_refused(changes: dict[str, str], path: str, fix: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read({**as_config(), **changes})
    (problem,) = caught.value.problems
    assert problem.path == path
    assert fix in problem.fix


def test_a_missing_subject_is_named() -> None:
    config = as_config()
    del config["triptrip:encryption"]
    with pytest.raises(SettingsError) as caught:
        read(config)
    assert [problem.path for problem in caught.value.problems] == ["encryption"]


def test_an_encrypted_subject_is_refused_without_its_content() -> None:
    with pytest.raises(SettingsError) as caught:
        read({**as_config(), "triptrip:network": '{"dnsDomain": "hunter2"}'}, encrypted=("triptrip:network",))
    assert [problem.path for problem in caught.value.problems] == ["network"]
    assert "hunter2" not in str(caught.value)


def test_an_encrypted_subject_is_also_known_from_the_engines_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(as_config()))
    monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", json.dumps(["triptrip:postgres"]))
    with pytest.raises(SettingsError) as caught:
        read({})
    assert [problem.path for problem in caught.value.problems] == ["postgres"]
