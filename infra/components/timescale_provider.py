"""The provider of Timescale Cloud."""

import pulumi
import pulumi_gcp as gcp

from infra.derive.timescale import TimescalePlan


def timescale_provider(plan: TimescalePlan, google: gcp.Provider) -> pulumi.ProviderResource:
    """Make the provider; its credentials are read from Secret Manager."""
    raise NotImplementedError
