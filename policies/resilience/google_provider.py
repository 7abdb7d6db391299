"""The Google provider itself: no release that loses changes."""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

from policies.kit import Case, Parameter, Resource, Severity, rule
from policies.kit.types import GOOGLE_PROVIDER
from policies.resilience.reading import version


@cache
def _sdk() -> str:
    """The version of the SDK beside this pack: a pack runs in the program's own environment (PulumiPolicy.yaml)."""
    try:
        return installed("pulumi-gcp")
    except PackageNotFoundError:
        return ""


@rule(
    "st-provider-floor",
    title="The Google provider sends every change that it reports",
    severity=Severity.HIGH,
    types=[GOOGLE_PROVIDER],
    sources=["NIST 800-53: SI-2", "pulumi/pulumi-gcp#3970"],
    reason="pulumi-gcp 9.35.0 to 9.36.0 reported changes of Cloud SQL settings as done and did not send them",
    fix="raise pulumi-gcp in pyproject.toml, and the plugin with it",
    parameters={"oldest": Parameter("9.36.1", "Oldest version of pulumi-gcp that is allowed")},
    good=[Case({"version": "10.2.0"}), Case({"version": "9.36.1"}), Case({})],
    bad=[Case({"version": "9.35.0"}), Case({"version": "9.36.0"}), Case({"version": "8.40.0"})],
)
def provider_floor(provider: Resource, oldest: str) -> Iterator[str]:
    # The engine keeps the plugin's version among a provider's inputs (deploy/providers/registry.go).
    found = provider.text("version") or _sdk()
    if version(found)[:3] < version(oldest):
        yield f"version is {found or 'not known'}; at least {oldest} is needed"
