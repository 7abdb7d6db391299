"""What both engines of the cache give: where to connect, whom to trust, and with what to sign in."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class CacheServer:
    """A running cache; addresses and ports by endpoint ("write", "read").

    `password` is a secret, and None where clients sign in by IAM; `exporter` is the identity that writes an export,
    None where the service makes backups by itself.
    """

    addresses: Mapping[str, pulumi.Output[str]]
    ports: Mapping[str, pulumi.Output[int]]
    certificates: pulumi.Output[str]
    password: pulumi.Output[str] | None
    version: str
    size: str
    backup: str
    exporter: pulumi.Output[str] | None = None
