"""The invalidation worker as a service of Cloud Run: what it is told, what it may reach and do."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.catalog.invalidation_rows import purge_permissions
from infra.derive.cache import CERTIFICATE_PATH, cache_plan
from infra.derive.cdn import cdn_plan
from infra.derive.images import RepositoryPlan, repository_of
from infra.derive.names import Names
from infra.derive.ways_out import WayOutPlan, to_google
from infra.settings import Settings
from infra.settings.cache import CacheSettings
from infra.settings.invalidation import InvalidationSettings
from infra.settings.invalidation_service import InvalidationServiceSettings

TAG = "invalidator"
"""The network tag that the firewall knows the worker by."""

PORT = 8080
"""Where the worker listens, and where the collector beside it looks for figures."""

_ANSWER_SECONDS = 5
"""What is left of the time that Pub/Sub waits for the answer to reach it; it waits 10 s at least."""


@dataclass(frozen=True)
class PurgeRolePlan:
    """What the worker's account may do to the CDN."""

    role_id: str
    permissions: tuple[str, ...]


@dataclass(frozen=True)
class InvalidationServicePlan:
    """The service; `variables` are plain, `secrets` and `files` name the secrets' keys, without the names' prefix.

    What only other resources tell, the cache's port and versions of secrets, is filled in by the component. `role` is
    None where no CDN is purged.
    """

    name: str
    program: str
    region: str
    image: str
    collector: str
    repositories: tuple[RepositoryPlan, ...]
    audience: str
    least: int
    most: int
    events_at_once: int
    cpu: str
    memory: str
    timeout: str
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    files: Mapping[str, str]
    role: PurgeRolePlan | None
    ways: tuple[WayOutPlan, ...]
    denied_name: str


def audience(invalidation: InvalidationSettings, settings: Settings) -> str:
    """Whom the tokens of pushed events are for.

    Cloud Run takes a name of ours beside its own address, which is not known before the service is there and has to be
    told what to expect ("Custom audiences", read 2026-11-27).
    """
    push = invalidation.push
    if push and (push.audience or push.endpoint):
        return push.audience or push.endpoint or ""
    return f"https://{invalidation.worker}.{settings.network.dns_domain}"


def service_plan(
    invalidation: InvalidationSettings, settings: Settings, names: Names, dead_letters: str
) -> InvalidationServicePlan | None:
    """Work the service out; None where the stack runs no worker of its own, which `infra.derive.checks` lets stand."""
    service, cache, push = invalidation.service, settings.cache, invalidation.push
    if service is None or cache is None or push is None:
        return None
    purges = service.purge_cdn and settings.cdn is not None
    return InvalidationServicePlan(
        name=names.of(invalidation.worker),
        program=invalidation.worker,
        region=settings.project.region,
        image=service.image,
        collector=service.collector,
        repositories=tuple(dict.fromkeys(map(repository_of, (service.image, service.collector)))),
        audience=audience(invalidation, settings),
        least=service.instances.least,
        most=service.instances.most,
        events_at_once=service.events_at_once,
        cpu=str(service.cpu),
        memory=f"{service.memory.mib}Mi",
        # Pub/Sub waits for an answer as long as this and then delivers again.
        timeout=f"{invalidation.ack_deadline.seconds}s",
        variables={
            "PUSH_AUDIENCE": audience(invalidation, settings),
            "PUSH_ACCOUNT": f"{names.of(push.account)}@{settings.project.gcp_project}.iam.gserviceaccount.com",
            "DEAD_LETTER_TOPIC": f"projects/{settings.project.gcp_project}/topics/{dead_letters}",
            # Through the global address a request can arrive in a region that may not store events.
            "PUBSUB_API": f"https://{settings.project.region}-pubsub.googleapis.com",
            "IN_HAND": str(service.events_at_once),
            "REQUEST_SECONDS": str(invalidation.ack_deadline.seconds - _ANSWER_SECONDS),
            **_redis(cache, settings, names),
            **_cdn(service, settings, names, purges=purges),
        },
        secrets={"REDIS_AUTH": "cache-auth"} if cache.engine == "redis" else {},
        files={CERTIFICATE_PATH: "cache-server-ca"},
        role=PurgeRolePlan(names.role("purge", "cdn"), purge_permissions()) if purges else None,
        ways=_ways(cache, settings, names),
        denied_name=names.of("data", "deny", TAG),
    )


def _redis(cache: CacheSettings, settings: Settings, names: Names) -> Mapping[str, str]:
    """Where the cache is written; Valkey signs its clients in by their accounts' tokens."""
    return {
        "REDIS_HOST": cache_plan(cache, settings, names).hosts["write"],
        "REDIS_CA": CERTIFICATE_PATH,
        # An event is acknowledged when one replica has the purge too: a failover cannot take it back.
        "REDIS_REPLICAS": str(min(cache.replicas, 1)),
        "REDIS_SIGN_IN": "password" if cache.engine == "redis" else "iam",
    }


def _cdn(service: InvalidationServiceSettings, settings: Settings, names: Names, *, purges: bool) -> Mapping[str, str]:
    if not purges or settings.cdn is None:
        return {"CDN_URL_MAP": ""}
    return {
        "CDN_PROJECT": settings.project.gcp_project,
        "CDN_URL_MAP": cdn_plan(settings.cdn, settings, names).name,
        "CDN_PATH_PREFIX": settings.cdn.path_prefix,
        "CDN_SECOND_PURGE_SECONDS": str(service.second_purge.seconds),
    }


def _ways(cache: CacheSettings, settings: Settings, names: Names) -> tuple[WayOutPlan, ...]:
    """Memorystore for Redis has a range of its own; Valkey's endpoints lie in the subnet."""
    network, name = settings.network, names.of("data", "allow", TAG)
    held = network.cache_range if cache.engine == "redis" and network.cache_range else network.subnet_range
    return (
        to_google(name),
        WayOutPlan("cache", f"{name}-cache", "Memorystore", (held,), ()),
    )
