"""What the simulated cloud says when it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.cloud.facade import Resource


@dataclass(frozen=True)
class CheckFailure:
    """One refused property: its path (`settings.tier`), why, and the id of the rule; none where the shape refuses."""

    property: str
    reason: str
    rule: str | None = None


class CloudError(Exception):
    """A refusal, in one sentence of the provider's or the API's own kind; `rule` is the id of the rule, if one."""

    def __init__(self, message: str, rule: str | None = None) -> None:
        super().__init__(message)
        self.rule = rule


class UnknownTypeError(CloudError):
    """A resource type that no installed SDK declares."""

    def __init__(self, token: str, why: str) -> None:
        super().__init__(f"unrecognized resource type: {token} ({why})")


class PartialFailureError(CloudError):
    """A resource that was made but did not become ready: the engine keeps it with its initErrors."""

    def __init__(self, resource: Resource, reason: str) -> None:
        super().__init__(reason)
        self.resource = resource
