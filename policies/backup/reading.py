"""What several rules of this pack read alike: durations and Atlas' retentions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.kit import Node

DAY = 86400
"""Seconds of a day."""

_SECONDS = re.compile(r"(\d+)(\.\d+)?s")
_DAYS_OF = {"days": 1, "weeks": 7, "months": 30, "years": 365}


def seconds(node: Node, path: str) -> int:
    """A duration as the API writes it, such as 86400s; 0 when there is none."""
    found = _SECONDS.fullmatch(node.text(path))
    return int(found[1]) if found else 0


def days_kept(item: Node) -> float:
    """How long snapshots of an Atlas policy item are kept, in days; 0 when the item does not say."""
    return (item.number("retentionValue") or 0) * _DAYS_OF.get(item.text("retentionUnit"), 0)


def days_must_reach(node: Node, path: str, least: float) -> Iterator[str]:
    """The retention of the Atlas policy item there is at least so many days."""
    found = days_kept(node.node(path))
    if found < least:
        yield f"{f'{node.where}.' if node.where else ''}{path} keeps {found:g} days; at least {least:g} days are needed"
