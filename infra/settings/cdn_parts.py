"""The API backend, the firewall and the certificates' names of the load balancer."""

from typing import Annotated, Literal

from pydantic import Field

from infra.settings.constraints import Between, Switch, Text, Whole
from infra.settings.forms import Region
from infra.settings.model import SettingsModel
from infra.settings.units import Duration

ServiceName = Annotated[
    str,
    Text(
        r"[a-z](?:[a-z0-9-]{0,47}[a-z0-9])?",
        "the name of a Cloud Run service: 1 to 49 lower-case letters, digits and hyphens",
        "triptrip-api",
    ),
]
InstanceGroup = Annotated[
    str,
    Text(
        r"(?:https://www\.googleapis\.com/compute/v1/)?projects/[a-z][a-z0-9-]+/(?:zones|regions)/[a-z0-9-]+"
        r"/instanceGroups/[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
        "the self link of an instance group",
        "projects/triptrip-prod/zones/asia-northeast1-a/instanceGroups/api",
    ),
]
UrlPath = Annotated[
    str,
    Text(r"/[A-Za-z0-9._~/-]{0,200}", "an absolute path without query and wildcards", "/healthz"),
]
PortName = Annotated[
    str,
    Text(
        r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
        "the name of a named port: lower-case letters, digits and hyphens",
        "http",
    ),
]
WafRule = Annotated[
    str, Text(r"[a-z]+-v\d+-stable", "a preconfigured rule set of Cloud Armor in its stable version", "sqli-v33-stable")
]


class BackendSettings(SettingsModel):
    """The API behind the load balancer; it is deployed elsewhere, here it is only named."""

    kind: Literal["serverless", "instance-group"] = Field(
        description="serverless: a Cloud Run service; instance-group: instance groups with a named port."
    )
    service: ServiceName | None = Field(
        default=None,
        description="Name of the Cloud Run service; serverless only. Its ingress should be "
        "internal-and-cloud-load-balancing, or the run.app address goes around cache and firewall.",
    )
    region: Region | None = Field(
        default=None, description="Region of the Cloud Run service; serverless only; absent: project.region."
    )
    groups: Annotated[list[InstanceGroup], Field(max_length=20)] = Field(
        default_factory=list, description="Self links of the instance groups; instance-group only."
    )
    port_name: PortName | None = Field(
        default=None,
        description="Named port of the groups that serves the API, instance-group only; absent: http. The load "
        "balancer takes no number: the group maps the name, and the health check follows it.",
    )
    protocol: Literal["HTTP", "HTTPS", "HTTP2"] | None = Field(
        default=None, description="Protocol to the instances, instance-group only; absent: HTTP."
    )
    health_path: UrlPath | None = Field(
        default=None, description="Path that answers 200 while an instance is well; instance-group only."
    )
    timeout: Annotated[Duration, Between("1 s", "1 hour", "1 s")] | None = Field(
        default=None,
        description="How long an answer may take, instance-group only; absent: 30 s. A Cloud Run service has its own "
        "timeout, and Google refuses one here.",
    )
    drain: Annotated[Duration, Between("0 s", "1 hour", "1 s")] | None = Field(
        default=None,
        description="How long open requests may finish on an instance that is taken out, instance-group only; "
        "absent: 60 s.",
    )


class RateLimitSettings(SettingsModel):
    """How many requests one address may make; what the edge answers from its cache does not count."""

    requests_per_minute: Annotated[int, Whole(10, 10_000)] = Field(
        examples=[1_200], description="Requests one client address may make in a minute (Cloud Armor)."
    )
    action: Literal["throttle", "ban"] = Field(
        default="throttle",
        description="throttle: what is over the limit is answered with 429; ban: the address is refused altogether for "
        "`ban` (many people can share one address).",
    )
    ban: Annotated[Duration, Between("1 minute", "1 hour", "1 minute")] | None = Field(
        default=None, description="How long an address is banned; with action ban only."
    )


class FirewallSettings(SettingsModel):
    """Preconfigured rule sets against known attacks, asked before the rate limit."""

    rules: Annotated[list[WafRule], Field(max_length=15)] = Field(
        default_factory=list, description="Names of rule sets (infra/catalog/waf_rules.yaml), e.g. sqli-v33-stable."
    )
    sensitivity: Annotated[int, Whole(1, 4)] = Field(
        default=1, description="1: fewest false alarms; 4: every signature (OWASP paranoia level)."
    )
    preview: Annotated[bool, Switch()] = Field(
        default=False,
        description="Whether matches are only logged and nothing is refused: for a new rule's first days.",
    )
