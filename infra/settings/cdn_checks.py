"""What contradicts itself inside the CDN settings alone; what needs a catalogue is checked in `infra.derive`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.settings.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.settings.cdn import CdnSettings
    from infra.settings.cdn_parts import BackendSettings


def contradictions(cdn: CdnSettings) -> Iterator[Finding]:
    """Yield every contradiction; paths are relative to `cdn`."""
    yield from _backend(cdn.backend)
    for path, values in (
        ("domains", cdn.domains),
        ("backend.groups", cdn.backend.groups),
        ("firewall.rules", cdn.firewall.rules),
    ):
        if len(set(values)) != len(values):
            yield Finding(path, ", ".join(values), "each once", "remove the repetition")
    limit = cdn.rate_limit
    if (limit.action == "ban") != (limit.ban is not None):
        yield Finding(
            "rateLimit.ban",
            limit.ban or "missing",
            "a duration exactly when rateLimit.action is ban",
            "write how long, e.g. 10 minutes" if limit.ban is None else "remove the line, or write action: ban",
        )
    if cdn.log_sampling.of_ram:
        yield Finding("logSampling", cdn.log_sampling, "a plain percentage", 'remove "of RAM"')


def _backend(backend: BackendSettings) -> Iterator[Finding]:
    serverless = backend.kind == "serverless"
    own = {"serverless": {"service": "triptrip-api"}, "instance-group": {"groups": "", "healthPath": "/healthz"}}
    given = {
        "service": backend.service,
        "region": backend.region,
        "groups": backend.groups,
        "portName": backend.port_name,
        "protocol": backend.protocol,
        "healthPath": backend.health_path,
        "timeout": backend.timeout,
        "drain": backend.drain,
    }
    for name, example in own[backend.kind].items():
        if not given[name]:
            yield Finding(
                f"backend.{name}",
                "missing",
                f"required with kind {backend.kind}",
                f"add {name}: {example}" if example else f"add {name}: with one or more self links",
            )
    for name, value in given.items():
        if value and (name in ("service", "region")) != serverless:
            shown = ", ".join(value) if isinstance(value, list) else value
            yield Finding(
                f"backend.{name}",
                shown,
                f"absent with kind {backend.kind}: {_REASONS.get(name, 'it means nothing there')}",
                f"remove the line, or write kind: {'instance-group' if serverless else 'serverless'}",
            )


# Compute Engine API, backend services of serverless network endpoint groups: terraform-google-lb-http#358 (timeout),
# #448 (named port), #149 (health check).
_REASONS = {
    "timeout": "Google refuses a timeout for a Cloud Run service, whose own holds",
    "portName": "Google refuses a named port for a Cloud Run service",
    "healthPath": "Google refuses a health check of a Cloud Run service",
}
