"""What a computed verdict is told as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.catalog.words import Words
    from ops.report.model import Evidence


@dataclass(frozen=True)
class Finding:
    """Whether it holds (None: no plan can tell), in words with its figure, and what that rests on."""

    holds: bool | None
    found: Words
    evidence: tuple[Evidence, ...]
