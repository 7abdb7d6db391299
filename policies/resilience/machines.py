"""Machines of Cloud SQL and its flags, from the project's catalogue; loaded only by a stack that has PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.catalog import Flag
    from infra.derive.tiers import Tier


@cache
def machine(tier: str) -> Tier | None:
    """The machine of a tier, or None when Cloud SQL does not offer it."""
    from infra.derive.tiers import UnknownTierError, parse_tier  # noqa: PLC0415 # a pack starts without the catalogue

    try:
        return parse_tier(tier)
    except UnknownTierError:
        return None


@cache
def known_flags() -> Mapping[str, Flag]:
    """The flags that Cloud SQL for PostgreSQL offers, by name."""
    from infra import catalog  # noqa: PLC0415 # the same

    return catalog.flags()
