"""The settings of the stack that is being deployed; the only place of the project that reads Pulumi's config."""

import json
from collections.abc import Mapping

import pulumi
from pulumi.runtime import config as runtime_config

from infra.settings.load import load
from infra.settings.problems import SettingsError
from infra.settings.secrets import secured
from infra.settings.settings import Settings
from infra.settings.stack_file import NAMESPACE, unknown_subject


def from_pulumi() -> Settings:
    """Read the settings of the running stack.

    Raises SettingsError with every problem, as `infra.settings.load.load` does.
    """
    config = pulumi.Config(NAMESPACE)
    everything = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    given = [key.removeprefix(f"{NAMESPACE}:") for key in everything if key.startswith(f"{NAMESPACE}:")]
    encrypted = {
        *runtime_config.get_config_secret_keys_env(),
        *(config.full_key(key) for key in given if runtime_config.is_config_secret(config.full_key(key))),
    }
    problems = [unknown_subject(key) for key in given if key not in Settings.model_fields]
    problems += [secured(key) for key in given if config.full_key(key) in encrypted]
    if problems:
        raise SettingsError(problems)
    return load({key: _value(config, key) for key in Settings.model_fields if key in given})


def _value(config: pulumi.Config, key: str) -> object:
    """Return a key's value; the engine hands over groups as JSON, and `load` refuses what is no group."""
    text = config.get(key)
    try:
        value: Mapping[str, object] = json.loads(text or "null")
    except ValueError:
        return text
    return value
