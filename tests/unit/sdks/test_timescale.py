"""The hand-kept SDK says what the provider documents (sdks/timescale/schema.yaml), by the names the bridge gives."""

import base64
import inspect
import json
import tomllib
from pathlib import Path
from typing import Any

import pulumi_timescale
import pytest
import yaml
from pulumi_timescale import _utilities
from pydantic.alias_generators import to_camel

from sandbox.cloud import shape
from sandbox.cloud.catalogue import force_new, type_row
from sandbox.cloud.expressions import short_type

SDK = Path(__file__).parents[3] / "sdks" / "timescale"
PROJECT = SDK.parents[1]
SCHEMA = yaml.safe_load((SDK / "schema.yaml").read_text())
TOKENS = {
    "timescale_service": "timescale:index/service:Service",
    "timescale_vpcs": "timescale:index/vpcs:Vpcs",
    "timescale_peering_connection": "timescale:index/peeringConnection:PeeringConnection",
    "timescale_metric_exporter": "timescale:index/metricExporter:MetricExporter",
    "timescale_log_exporter": "timescale:index/logExporter:LogExporter",
}
KINDS: dict[str, Any] = {
    "string": "string",
    "integer": "integer",
    "boolean": "boolean",
    "list of string": {"list": "string"},
}

Attributes = dict[str, list[str]]


def documented(resource: str) -> Attributes:
    """The attributes that are not deprecated, by Pulumi's names; a numeric id has a name of its own."""
    rows: Attributes = {}
    for name, words in SCHEMA["resources"][resource].items():
        numeric = name == "id" and words[0] == "integer"
        key = (
            f"{to_camel(resource.removeprefix('timescale_'))}Id"
            if numeric
            else ".".join(map(to_camel, name.split(".")))
        )
        if "deprecated" not in words and key != "id":
            rows[key] = words
    return rows


def declared(classes: dict[str, Any], name: str, above: str = "") -> dict[str, tuple[Any, bool]]:
    """Kind and need of every property of a class of the SDK, and of the blocks inside it."""
    found: dict[str, tuple[Any, bool]] = {}
    for key, one in classes[name].items():
        inner = one["type"].get("object") if isinstance(one["type"], dict) else None
        found[f"{above}{key}"] = ("block" if inner else one["type"], one.get("required", False))
        if inner:
            found |= declared(classes, inner, f"{above}{key}.")
    return found


def told(words: list[str]) -> tuple[Any, bool]:
    return KINDS.get(words[0], words[0]), "required" in words


@pytest.mark.parametrize("resource", TOKENS)
def test_the_inputs_are_the_providers(resource: str) -> None:
    reflected = shape.reflect(TOKENS[resource])
    settable = {key: words for key, words in documented(resource).items() if "read-only" not in words}
    assert declared(reflected["classes"], reflected["root"]) == {key: told(words) for key, words in settable.items()}


@pytest.mark.parametrize("resource", TOKENS)
def test_the_state_is_the_providers(resource: str) -> None:
    reflected = shape.reflect(TOKENS[resource])
    kinds = {key: kind for key, (kind, _) in declared(reflected["classes"], reflected["state"]).items()}
    assert kinds == {key: told(words)[0] for key, words in documented(resource).items()}


@pytest.mark.parametrize("resource", TOKENS)
def test_the_constructor_takes_every_input_and_the_class_has_every_output(resource: str) -> None:
    made = getattr(pulumi_timescale, TOKENS[resource].rpartition(":")[2])
    top = {key: words for key, words in documented(resource).items() if "." not in key}
    keywords = {to_camel(name) for name in inspect.signature(made.__init__).parameters}
    assert keywords - {"self", "resourceName", "opts"} == {key for key in top if "read-only" not in top[key]}
    outputs = {to_camel(name) for name in inspect.get_annotations(made)}
    assert outputs == {key for key in top if top[key][0] != "block"}


def test_the_providers_own_arguments() -> None:
    reflected = shape.reflect("pulumi:providers:timescale")
    wanted = {to_camel(name): told(words) for name, words in SCHEMA["provider"].items()}
    assert declared(reflected["classes"], reflected["root"]) == wanted


@pytest.mark.parametrize("resource", TOKENS)
def test_what_is_secret_and_what_replaces_is_known_to_the_simulated_cloud(resource: str) -> None:
    attributes = documented(resource)
    secret = {key for key, words in attributes.items() if {"sensitive", "write-only"} & set(words)}
    assert set(type_row(short_type(TOKENS[resource])).secrets) == secret
    replacing = {key for key, words in attributes.items() if "replaces" in words}
    assert {row["property"] for row in force_new()[TOKENS[resource]]} == replacing


def test_one_version_is_named_everywhere() -> None:
    package = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["packages"]["timescale"]
    plugin = json.loads((SDK / "pulumi_timescale" / "pulumi-plugin.json").read_text())
    parameter = json.loads(base64.b64decode(_utilities.PARAMETER))
    assert tomllib.loads((SDK / "pyproject.toml").read_text())["project"]["version"] == _utilities.VERSION
    assert package == {
        "source": _utilities.BRIDGE,
        "version": _utilities.BRIDGE_VERSION,
        "parameters": ["timescale/timescale", _utilities.VERSION],
    }
    assert plugin == {
        "resource": True,
        "name": _utilities.BRIDGE,
        "version": _utilities.BRIDGE_VERSION,
        "parameterization": {"name": "timescale", "version": _utilities.VERSION, "value": _utilities.PARAMETER},
    }
    assert parameter == {"remote": {"url": "registry.opentofu.org/timescale/timescale", "version": _utilities.VERSION}}
