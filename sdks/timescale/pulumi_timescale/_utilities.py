"""How every resource of the package reaches the engine: the package is the bridge, told which provider to become."""

import inspect
from collections.abc import Mapping
from typing import Any, TypeVar, dataclass_transform

import pulumi
import pulumi.runtime

VERSION = "2.13.3"
"""Of the Terraform provider."""

BRIDGE = "terraform-provider"
BRIDGE_VERSION = "1.1.3"

PARAMETER = (
    "eyJyZW1vdGUiOnsidXJsIjoicmVnaXN0cnkub3BlbnRvZnUub3JnL3RpbWVzY2FsZS90aW1lc2NhbGUiLCJ2ZXJzaW9uIjoiMi4xMy4zIn19"
)
"""What makes the bridge this provider: base64 of the JSON of its registry address and version."""


Arguments = TypeVar("Arguments")


@dataclass_transform(kw_only_default=True, field_specifiers=(pulumi.property,))
def input_type(declared: type[Arguments]) -> type[Arguments]:
    """Pulumi's own decorator, which makes a constructor of the annotations, told to type checkers."""
    return pulumi.input_type(declared)


async def get_package() -> str:
    """Register the package with the engine, once a deployment; returns the reference that resources carry."""
    return await pulumi.runtime.register_package(
        base_provider_name=BRIDGE,
        base_provider_version=BRIDGE_VERSION,
        base_provider_download_url="",
        package_name="timescale",
        package_version=VERSION,
        base64_parameter=PARAMETER,
    )


def properties(resource: type, arguments: type, given: Mapping[str, Any]) -> Any:
    """The inputs of a resource in their class, which carries the wire names, and its outputs as yet without a value.

    Any, since the engine's SDK takes such an instance and declares a mapping.
    """
    made: Any = object.__new__(arguments)
    made.__dict__.update({**dict.fromkeys(inspect.get_annotations(resource)), **given})
    return made


def secret(value: pulumi.Input[str] | None) -> pulumi.Output[str] | None:
    """A value that the state keeps encrypted."""
    return None if value is None else pulumi.Output.secret(value)


def options(opts: pulumi.ResourceOptions | None, secrets: list[str] | None = None) -> pulumi.ResourceOptions:
    """The program's options on top of the package's own: its version, and outputs that are always secret."""
    own = pulumi.ResourceOptions(version=VERSION, additional_secret_outputs=secrets)
    return pulumi.ResourceOptions.merge(own, opts)
