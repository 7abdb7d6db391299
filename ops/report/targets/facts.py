"""What verdicts are made of: the settings, what follows from them, and every resource of the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from infra.derive.cost import Estimate
    from infra.derive.platform import PlatformPlan
    from infra.settings import Settings
    from sandbox.plan import Plan


@dataclass(frozen=True)
class Facts:
    """One stack, worked out; `root` is where the project's files are."""

    settings: Settings
    platform: PlatformPlan
    plan: Plan
    month: Estimate
    root: Path
