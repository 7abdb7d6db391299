"""The provider of Timescale Cloud."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp
import pulumi_timescale as timescale

from infra.components.secrets import made_by_hand
from infra.derive.timescale import TimescalePlan


def timescale_provider(plan: TimescalePlan, google: gcp.Provider) -> pulumi.ProviderResource:
    """Make the provider; its client credentials are read from Secret Manager, so no settings and no shell hold them.

    The two secrets are made by hand once: the vendor's console shows the credentials a single time (docs/adr/0013).
    """
    reading = pulumi.InvokeOutputOptions(provider=google)
    return timescale.Provider(
        "timescale-cloud",
        project_id=plan.project_id,
        access_key=made_by_hand(plan.access_key, reading),
        secret_key=made_by_hand(plan.secret_key, reading),
    )
