"""The load balancer and CDN in front of the API (CACHE-EP, CACHE-LAYERS).

Which endpoint is cached, and for how long, is no setting: it is the document's table, infra/catalog/endpoints.yaml.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings.cdn_checks import contradictions
from infra.settings.cdn_parts import BackendSettings, FirewallSettings, RateLimitSettings
from infra.settings.constraints import Between, Text
from infra.settings.forms import DnsName
from infra.settings.model import StoreSettings, refuse_all
from infra.settings.units import Duration, Share

PathPrefix = Annotated[
    str, Text(r"(?:/[a-z0-9][a-z0-9._-]{0,30}){1,3}", "a path of one to three parts without a final slash", "/api/v1")
]


class CdnSettings(StoreSettings):
    """The load balancer and CDN in front of the API (CACHE-EP, CACHE-LAYERS)."""

    domains: Annotated[list[DnsName], Field(min_length=1, max_length=20)] = Field(
        description="Public names of the API, each with its own managed certificate. Their zone is not ours: the "
        "records its owner must create are in the stack's inventory."
    )
    path_prefix: PathPrefix = Field(
        default="/api",
        description="What stands before the paths of the endpoint table (CACHE-EP: /api). Nothing else is cached.",
    )
    backend: BackendSettings = Field(description="The API behind the load balancer.")
    rate_limit: RateLimitSettings = Field(description="Requests an address may make (Cloud Armor).")
    firewall: FirewallSettings = Field(
        default_factory=FirewallSettings, description="Rules against known attacks (Cloud Armor)."
    )
    min_tls: Literal["TLS_1_2", "TLS_1_3"] = Field(
        default="TLS_1_2",
        description="Oldest TLS version that clients may use; the cipher profile follows (MODERN, or RESTRICTED, the "
        "only one Google allows with TLS_1_3).",
    )
    hsts: Annotated[Duration, Between("1 day", "730 days", "1 day")] = Field(
        default=Duration.parse("365 days"),
        description="How long browsers remember to come by HTTPS only (Strict-Transport-Security).",
    )
    log_sampling: Share = Field(
        default=Share.parse("100 %"),
        description="Share of requests in the load balancer's log (hit rate: CACHE-LAYERS).",
    )

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        backend = self.backend
        behind = f"Cloud Run {backend.service}" if backend.kind == "serverless" else f"{len(backend.groups)} groups"
        limit = self.rate_limit
        return (
            f"{', '.join(self.domains)}{self.path_prefix} → {behind}, {limit.action} over "
            f"{limit.requests_per_minute} requests a minute, {len(self.firewall.rules)} firewall rule sets"
        )

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse_all(list(contradictions(self)))
        return self
