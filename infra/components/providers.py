"""The providers of a stack: Google always, a partner's only where its store is switched on.

The credentials of MongoDB Atlas (MONGODB_ATLAS_CLIENT_ID, MONGODB_ATLAS_CLIENT_SECRET) and Elastic Cloud (EC_API_KEY)
come from the environment of the deployment, so that neither the program nor the state holds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_ec as ec
import pulumi_gcp as gcp
import pulumi_mongodbatlas as mongodbatlas
import pulumi_random as random

from infra.components.foundation import Foundation
from infra.components.timescale_provider import timescale_provider
from infra.derive.platform import PlatformPlan


def providers(plan: PlatformPlan) -> list[pulumi.ProviderResource]:
    """Every provider that the stack's resources need."""
    google = _google("google", plan.gcp_project, plan.region, plan.labels)
    found: list[pulumi.ProviderResource] = [google]
    if plan.mongodb:
        found.append(mongodbatlas.Provider("mongodb-atlas"))
    if plan.elasticsearch:
        found.append(ec.Provider("elastic-cloud"))
    if plan.dashboards and plan.dashboards.grafana:
        # Its SDK is loaded by stacks that have a Grafana alone.
        from infra.components.grafana import grafana_provider  # noqa: PLC0415

        found.append(grafana_provider(plan.dashboards.grafana, google))
    if plan.timescale:
        found.append(timescale_provider(plan.timescale, google))
    if _makes_passwords(plan):
        found.append(random.Provider("random"))
    return found


def billing_provider(foundation: Foundation, owner: pulumi.Resource) -> gcp.Provider:
    """A provider of Google's that names the project that its calls are counted for.

    The Billing Budgets API refuses whoever signs in as a person without one (SDK 10.2.0, Budget). The other APIs know
    the project of what they are asked for, and would want a further permission of everybody with it.
    """
    return _google(
        "google-billing",
        foundation.gcp_project,
        foundation.region,
        foundation.labels,
        billing_project=foundation.gcp_project,
        user_project_override=True,
        opts=pulumi.ResourceOptions(parent=owner),
    )


def _google(name: str, project: str, region: str, labels: Mapping[str, str], **more: Any) -> gcp.Provider:
    return gcp.Provider(
        name,
        project=project,
        region=region,
        default_labels=labels,
        # Pulumi's own label would differ from what the stack declares on every labelled resource.
        add_pulumi_attribution_label=False,
        **more,
    )


def _makes_passwords(plan: PlatformPlan) -> bool:
    """Whether anything signs in with a password that the program makes."""
    pooled = plan.postgres is not None and any(user.is_pooled for user in plan.postgres.users)
    federated = plan.bigquery is not None and plan.bigquery.federation is not None
    return plan.timescale is not None or federated or pooled or bool(plan.postgres and plan.postgres.pooler)
