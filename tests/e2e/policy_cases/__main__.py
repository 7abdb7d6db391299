"""Declares what a file lists: each resource's type, inputs and the options that policies see."""

import json
import os
from pathlib import Path
from typing import Any

import pulumi

SECRET = "[secret]"  # noqa: S105 # marks a secret in the file


def opened(value: Any) -> Any:
    """The value with its secrets made secrets of the engine."""
    if isinstance(value, dict):
        if SECRET in value:
            return pulumi.Output.secret(opened(value[SECRET]))
        return {key: opened(item) for key, item in value.items()}
    return [opened(item) for item in value] if isinstance(value, list) else value


providers: dict[str, pulumi.ProviderResource] = {}


def provider_of(case: dict[str, Any]) -> pulumi.ProviderResource:
    """One provider for each package and its inputs."""
    package = case["type"].split(":")[0]
    key = package + json.dumps(case["provider"], sort_keys=True)
    if key not in providers:
        providers[key] = pulumi.ProviderResource(package, f"provider-{len(providers)}", opened(case["provider"]))
    return providers[key]


for each in json.loads(Path(os.environ["POLICY_CASES"]).read_text(encoding="utf-8")):
    options = pulumi.ResourceOptions(
        protect=each["protect"], ignore_changes=each["ignore_changes"], provider=provider_of(each)
    )
    pulumi.CustomResource(each["type"], each["name"], opened(each["inputs"]), options)
