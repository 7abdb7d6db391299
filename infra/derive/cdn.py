"""The load balancer and CDN as they will be declared: backends, routes with their cache policies, firewall, names.

Every path goes to the backend without a cache, except the cacheable ones of the endpoint table (CACHE-EP).
"""

from dataclasses import dataclass

from infra.derive import cdn_routes
from infra.derive.cdn_routes import Route
from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.cdn import CdnSettings
from infra.settings.cdn_parts import BackendSettings
from infra.settings.units import Duration

_TIMEOUT, _DRAIN = Duration.parse("30 s"), Duration.parse("60 s")

# First come, first served: known attacks are refused before they use up an address's share.
_FIREWALL_PRIORITY = 1_000
_LIMIT_PRIORITY = 10_000
DEFAULT_PRIORITY = 2_147_483_647
"""The rule that every policy must have (compute v1, SecurityPolicy.rules)."""


@dataclass(frozen=True)
class ServerlessPlan:
    """A Cloud Run service; `name` is that of its network endpoint group."""

    name: str
    region: str
    service: str


@dataclass(frozen=True)
class InstanceGroupsPlan:
    """Instance groups behind a health check; times in seconds."""

    health_check: str
    groups: tuple[str, ...]
    port_name: str
    protocol: str
    health_path: str
    timeout: int
    drain: int


@dataclass(frozen=True)
class FirewallRule:
    """A rule of the security policy that refuses what a preconfigured rule set finds."""

    priority: int
    expression: str
    description: str
    preview: bool


@dataclass(frozen=True)
class LimitPlan:
    """Requests a minute and address; `ban` in seconds, None where what is over the limit is only refused."""

    priority: int
    requests: int
    ban: int | None


@dataclass(frozen=True)
class DomainPlan:
    """A public name of the API; `name` is what its certificate, its authorization and its map entry are called."""

    domain: str
    name: str


@dataclass(frozen=True)
class CdnPlan:
    """The whole store; `hsts` in seconds, `log_sampling` from 0 to 1."""

    name: str
    cached_name: str
    redirect_name: str
    domains: tuple[DomainPlan, ...]
    path_prefix: str
    backend: ServerlessPlan | InstanceGroupsPlan
    routes: tuple[Route, ...]
    uncached_examples: tuple[str, ...]
    firewall: tuple[FirewallRule, ...]
    limit: LimitPlan
    min_tls: str
    tls_profile: str
    hsts: int
    log_sampling: float


def cdn_plan(cdn: CdnSettings, settings: Settings, names: Names) -> CdnPlan:
    """Work the store out from settings that `infra.derive.checks` has accepted."""
    return CdnPlan(
        name=names.of("api"),
        cached_name=names.of("api", "cached"),
        redirect_name=names.of("api", "redirect"),
        domains=tuple(DomainPlan(domain, domain_name(domain, names)) for domain in sorted(cdn.domains)),
        path_prefix=cdn.path_prefix,
        backend=_backend(cdn.backend, settings, names),
        routes=cdn_routes.routes(cdn.path_prefix),
        uncached_examples=cdn_routes.uncached_examples(cdn.path_prefix),
        firewall=_firewall(cdn),
        limit=LimitPlan(
            _LIMIT_PRIORITY,
            cdn.rate_limit.requests_per_minute,
            cdn.rate_limit.ban.seconds if cdn.rate_limit.ban else None,
        ),
        min_tls=cdn.min_tls,
        # compute v1, SslPolicy.minTlsVersion: TLS_1_3 goes with RESTRICTED alone.
        tls_profile="RESTRICTED" if cdn.min_tls == "TLS_1_3" else "MODERN",
        hsts=cdn.hsts.seconds,
        log_sampling=cdn.log_sampling.fraction,
    )


def domain_name(domain: str, names: Names) -> str:
    """What the resources of a public name are called."""
    return names.of(domain.replace(".", "-"))


def endpoint_group_name(backend: BackendSettings, region: str, names: Names) -> str:
    """What the endpoint group of a Cloud Run service is called.

    Nothing of a group can be changed and none can be deleted while it is used: service and region are part of the name,
    so that another service gets a new group beside the old one.
    """
    return names.of(backend.service or "", region)


def _backend(backend: BackendSettings, settings: Settings, names: Names) -> ServerlessPlan | InstanceGroupsPlan:
    if backend.service is not None:
        region = backend.region or settings.project.region
        return ServerlessPlan(endpoint_group_name(backend, region, names), region, backend.service)
    return InstanceGroupsPlan(
        health_check=names.of("api"),
        groups=tuple(backend.groups),
        port_name=backend.port_name or "http",
        protocol=backend.protocol or "HTTP",
        health_path=backend.health_path or "/",
        timeout=(backend.timeout or _TIMEOUT).seconds,
        drain=(backend.drain or _DRAIN).seconds,
    )


def _firewall(cdn: CdnSettings) -> tuple[FirewallRule, ...]:
    return tuple(
        FirewallRule(
            _FIREWALL_PRIORITY + 10 * index,
            f"evaluatePreconfiguredWaf('{rule}', {{'sensitivity': {cdn.firewall.sensitivity}}})",
            f"refuse {rule}",
            cdn.firewall.preview,
        )
        for index, rule in enumerate(cdn.firewall.rules)
    )
