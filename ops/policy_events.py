"""What the policy packs said, from the engine's events."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.urn import name_of, type_of

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class PolicyFinding:
    """One thing that a rule said: `level` is mandatory or advisory, `message` has what, why and fix in its lines."""

    level: str
    severity: str
    rule: str
    urn: str
    message: str

    @property
    def refuses(self) -> bool:
        """Whether it stops a deployment."""
        return self.level == "mandatory"

    @property
    def name(self) -> str:
        """The resource's name, or the stack's."""
        return name_of(self.urn) or "the stack"


def policy_findings(lines: Iterable[str]) -> list[PolicyFinding]:
    """The findings in events, one JSON object a line; other lines are passed over, findings first that refuse."""
    found: list[PolicyFinding] = []
    for line in lines:
        event = json.loads(line).get("policyEvent") if line.startswith("{") else None
        if event:
            found.append(
                PolicyFinding(
                    event["enforcementLevel"],
                    event.get("severity", ""),
                    event["policyName"],
                    _resource(event.get("resourceUrn", "")),
                    event["message"].strip(),
                )
            )
    return sorted(found, key=lambda each: (not each.refuses, each.rule, each.urn))


def _resource(urn: str) -> str:
    """The resource's URN; a preview names the stack where an analysis of the state names nothing."""
    return "" if type_of(urn) == "pulumi:pulumi:Stack" else urn


def rules_run(lines: Iterable[str]) -> int:
    """How many different rules the engine says have run: a pack that asked nothing must not look green."""
    names: set[str] = set()
    for line in lines:
        if line.startswith("{") and "Summary" in line:
            event = json.loads(line)
            for kind in ("policyAnalyzeSummaryEvent", "policyAnalyzeStackSummaryEvent"):
                summary = event.get(kind) or {}
                names.update(summary.get("passed") or [], summary.get("failed") or [])
    return len(names)
