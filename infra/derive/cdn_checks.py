"""What cannot be built of the cdn settings, and what deserves a second look."""

from collections.abc import Iterator

from infra import catalog
from infra.catalog.cdn_rows import waf_rules
from infra.derive import cdn_routes
from infra.derive.cdn import domain_name, endpoint_group_name
from infra.derive.findings import Advice
from infra.derive.names import names_for
from infra.settings import Problem, Settings
from infra.settings.cdn import CdnSettings

_NAME_LENGTH = 63
"""Longest name of a resource (compute v1 and certificatemanager v1, `name`)."""


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the cdn settings; nothing when the store is off."""
    cdn = settings.cdn
    if cdn is None:
        return
    yield from _private_paths()
    yield from _domains(cdn, settings)
    yield from _backend(cdn, settings)
    for rule in cdn.firewall.rules:
        if rule not in waf_rules():
            yield Problem(
                "cdn.firewall.rules",
                rule,
                f"one of {', '.join(waf_rules())}",
                "choose one of them, or add a row to infra/catalog/waf_rules.yaml",
            )


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about the cdn settings."""
    cdn = settings.cdn
    if cdn is not None and cdn.firewall.preview and cdn.firewall.rules and settings.project.environment == "prod":
        yield Advice("cdn.firewall.preview", "the rule sets only log what they find and refuse nothing")


def _private_paths() -> Iterator[Problem]:
    """The routes force the cache on whatever they match: none may match what is private (CACHE-EP)."""
    for cached, private in cdn_routes.shadowed():
        yield Problem(
            "cdn",
            f"{cached.path} is kept at the edge",
            f"no path that is also {private.method} {private.path}, which is private",
            "take the edge's time from one of the rows in infra/catalog/endpoints.yaml, or change its path",
        )


def _domains(cdn: CdnSettings, settings: Settings) -> Iterator[Problem]:
    names = names_for(settings.project)
    taken: dict[str, str] = {}
    for domain in cdn.domains:
        name = domain_name(domain, names)
        if len(name) > _NAME_LENGTH:
            yield Problem(
                "cdn.domains",
                domain,
                f"a name of at most {_NAME_LENGTH - len(names.of(''))} characters: its certificate is called {name}",
                "choose a shorter name",
            )
        if taken.setdefault(name, domain) != domain:
            yield Problem(
                "cdn.domains",
                domain,
                f"names that differ in more than dots and hyphens: {taken[name]} has the same resource name",
                "leave one of them out",
            )
        inner = settings.network.dns_domain
        if domain == inner or domain.endswith(f".{inner}"):
            yield Problem(
                "cdn.domains",
                domain,
                f"a public name outside network.dnsDomain ({inner}), which only the private network can resolve",
                "name it in the public zone",
            )


def _backend(cdn: CdnSettings, settings: Settings) -> Iterator[Problem]:
    backend = cdn.backend
    if backend.service is None:
        return
    region = backend.region or settings.project.region
    if backend.region is not None and region not in catalog.regions():
        yield Problem(
            "cdn.backend.region",
            region,
            f"one of {', '.join(catalog.regions())}",
            "choose one of them, or add a row to infra/catalog/regions.yaml",
        )
    name = endpoint_group_name(backend, region, names_for(settings.project))
    if len(name) > _NAME_LENGTH:
        yield Problem(
            "cdn.backend.service",
            backend.service,
            f"a name of at most {_NAME_LENGTH - len(name) + len(backend.service)} characters: its endpoint group is "
            f"called {name}",
            "give the service a shorter name",
        )
