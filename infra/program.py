"""Settings in, platform out: what the entry point and the in-process plan both run."""

from dataclasses import fields

import pulumi
from pydantic.alias_generators import to_camel

from infra.derive.platform import derive
from infra.platform import Platform
from infra.settings import Settings


def declare(settings: Settings) -> None:
    """Declare the whole platform and export its outputs.

    Raises SettingsError before the first resource when the settings cannot be built.
    """
    plan = derive(settings)
    for finding in plan.advice:
        pulumi.log.warn(str(finding))
    outputs = Platform(plan).outputs
    for field in fields(outputs):
        value = getattr(outputs, field.name)
        if value is not None:
            pulumi.export(to_camel(field.name), value)
