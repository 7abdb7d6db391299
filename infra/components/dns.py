"""Private names of the stores: a failover or a restore moves a name, not every client."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation

TTL_SECONDS = 30
"""Short, since moving a name is how a failover or a restore reaches the clients (REC-REGION, REC-PITR)."""


def address_record(
    owner: Component, foundation: Foundation, key: str, host: str, addresses: Sequence[pulumi.Input[str]]
) -> None:
    """Give addresses a name in the platform's private zone; `host` is the whole name without a final dot."""
    gcp.dns.RecordSet(
        key,
        name=f"{host}.",
        managed_zone=foundation.network.dns_zone,
        type="A",
        ttl=TTL_SECONDS,
        rrdatas=list(addresses),
        opts=owner.inside(),
    )
