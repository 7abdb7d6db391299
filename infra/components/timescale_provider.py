"""The provider of Timescale Cloud."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp
import pulumi_timescale as timescale

from infra.derive.timescale import TimescalePlan


def timescale_provider(plan: TimescalePlan, google: gcp.Provider) -> pulumi.ProviderResource:
    """Make the provider; its client credentials are read from Secret Manager, so no settings and no shell hold them.

    The two secrets are made by hand once: the vendor's console shows the credentials a single time (docs/adr/0013).
    """
    return timescale.Provider(
        "timescale-cloud",
        project_id=plan.project_id,
        access_key=_credential(plan.access_key, google),
        secret_key=_credential(plan.secret_key, google),
    )


def _credential(secret: str, google: gcp.Provider) -> pulumi.Output[str]:
    found = gcp.secretmanager.get_secret_version_access_output(
        secret=secret, opts=pulumi.InvokeOutputOptions(provider=google)
    )
    return pulumi.Output.secret(found.secret_data)
