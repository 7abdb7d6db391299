"""How a bridge that serves any Terraform provider is told which one to become (pulumi-terraform-bridge, dynamic/).

`pulumi package add` sends arguments, a deployment the value that its SDK carries; both name a provider of a registry.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sandbox.cloud.errors import CloudError

REGISTRY = "registry.opentofu.org"
"""Where the bridge looks up a provider that names no registry."""


def from_arguments(arguments: Sequence[str]) -> tuple[str, str]:
    """Name and version of the package for `<organisation>/<provider> <version>`. Raises CloudError."""
    if len(arguments) != 2:  # noqa: PLR2004 - the real bridge finds the newest version in the registry, we have none
        raise CloudError(f"accepts a provider and its version, received {len(arguments)} arg(s)")
    return _package(f"{REGISTRY}/{arguments[0]}", arguments[1])


def from_value(value: bytes) -> tuple[str, str]:
    """Name and version of the package for the value that an SDK carries. Raises CloudError."""
    try:
        remote: Any = json.loads(value)["remote"]
        address, version = remote["url"], remote["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise CloudError('failed to parse parameterized value: must specify "remote" with url and version') from error
    return _package(address, version)


def _package(address: str, version: str) -> tuple[str, str]:
    registry, organisation, name = (["", "", "", *address.split("/")])[-3:]
    if not (registry and organisation and name and version):
        raise CloudError(f"failed to parse parameterized value: {address!r} names no provider of a registry")
    return name, version
