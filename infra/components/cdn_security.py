"""The security policy (Cloud Armor) in front of both backend services."""

from __future__ import annotations

from typing import Any

import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.derive.cdn import DEFAULT_PRIORITY, CdnPlan, FirewallRule, LimitPlan

_ANYBODY = {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}}


def security_policy(owner: Component, foundation: Foundation, plan: CdnPlan) -> gcp.compute.SecurityPolicy:
    """Known attacks are refused, then each address has its share of requests, then everybody is let in."""
    return gcp.compute.SecurityPolicy(
        "cdn-security",
        name=plan.name,
        description="The API's firewall: known attacks, requests a minute and address",
        type="CLOUD_ARMOR",
        rules=[
            *(_firewall_rule(rule) for rule in plan.firewall),
            _limit_rule(plan.limit),
            {
                "priority": DEFAULT_PRIORITY,
                "action": "allow",
                "description": "everybody else",
                "match": _ANYBODY,
            },
        ],
        opts=owner.inside(foundation.services["compute"]),
    )


def _firewall_rule(rule: FirewallRule) -> dict[str, Any]:
    return {
        "priority": rule.priority,
        "action": "deny(403)",
        "description": rule.description,
        "preview": rule.preview,
        "match": {"expr": {"expression": rule.expression}},
    }


def _limit_rule(limit: LimitPlan) -> dict[str, Any]:
    options: dict[str, Any] = {
        "enforce_on_key": "IP",
        "conform_action": "allow",
        "exceed_action": "deny(429)",
        "rate_limit_threshold": {"count": limit.requests, "interval_sec": 60},
    }
    if limit.ban is not None:
        options["ban_duration_sec"] = limit.ban
    return {
        "priority": limit.priority,
        "action": "throttle" if limit.ban is None else "rate_based_ban",
        "description": "requests a minute and address",
        "match": _ANYBODY,
        "rate_limit_options": options,
    }
