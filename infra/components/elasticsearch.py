"""Elastic Cloud: the deployment, who may reach it, and the names and secrets that clients and operators are handed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_ec as ec
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.dns import TTL_SECONDS
from infra.components.elasticsearch_snapshots import ElasticsearchSnapshots, ElasticsearchSnapshotsArgs
from infra.components.foundation import Foundation
from infra.components.inventory import StoreRecord
from infra.components.private_endpoint import PrivateEndpoint, private_endpoint
from infra.components.secrets import Secrets
from infra.derive.elasticsearch import PLUGINS, ElasticsearchPlan, TierPlan

_DEPLOYMENT_MINUTES = 120
"""A change moves every node's data, one after the other; a large index takes its time."""

_UNUSED_TIERS = ("warm", "cold", "frozen", "ml")


@dataclass(frozen=True)
class ElasticsearchArgs:
    """What the store is built from."""

    plan: ElasticsearchPlan
    foundation: Foundation


class Elasticsearch(Component):
    """One deployment that only the endpoint of our own network reaches, and the operators' ranges where any are named.

    A deployment without a filter is open to the internet. So the filter is made before it and given to it at creation,
    and `traffic_filters` names the whole set: a filter attached elsewhere would be taken off as drift.
    """

    deployment: ec.Deployment

    def __init__(self, name: str, args: ElasticsearchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._base = args.foundation
        endpoint = private_endpoint(self, args.foundation, "elasticsearch", args.plan.service_attachment)
        self._private_names(endpoint)
        self.deployment = self._deployment(self._filters(endpoint))
        if args.plan.snapshots:
            ElasticsearchSnapshots(
                "elasticsearch-snapshots",
                ElasticsearchSnapshotsArgs(args.plan.snapshots, self.deployment, args.foundation),
                self.inside(),
            )
        self._secrets()
        self.register_outputs({"hosts": args.plan.hosts, "deploymentId": self.deployment.id})

    @property
    def record(self) -> StoreRecord:
        """The store in the inventory."""
        plan = self._args.plan
        return StoreRecord(
            store="elasticsearch",
            engine=f"Elastic Cloud, {plan.template}",
            version=plan.version,
            size=f"{plan.hot.zones} × {plan.hot.size}" + (f" up to {plan.hot.limit}" if plan.hot.limit else ""),
            location=plan.region,
            high_availability=f"{plan.hot.zones} zones",
            backup="Elastic's own snapshots"
            + (f", and those the schema step sends to gs://{plan.snapshots.bucket}" if plan.snapshots else ""),
            encryption_key="Elastic's own key (ADR 0012)",
            endpoints={"search": f"{plan.hosts['es']}:443", "kibana": f"{plan.hosts['kb']}:443"},
            owner=self._base.owner,
        )

    def _private_names(self, endpoint: PrivateEndpoint) -> None:
        """Let the partner's private names lead to the endpoint, for this network alone."""
        plan = self._args.plan
        zone = gcp.dns.ManagedZone(
            "elasticsearch-zone",
            name=plan.name,
            dns_name=f"{plan.domain}.",
            description="Elastic Cloud's private names, answered by our own endpoint",
            visibility="private",
            private_visibility_config={"networks": [{"network_url": self._base.network.network_id}]},
            opts=self.inside(self._base.services["dns"]),
        )
        gcp.dns.RecordSet(
            "elasticsearch-names",
            name=f"*.{plan.domain}.",
            managed_zone=zone.name,
            type="A",
            ttl=TTL_SECONDS,
            rrdatas=[endpoint.address],
            opts=self.inside(),
        )

    def _filters(self, endpoint: PrivateEndpoint) -> list[ec.DeploymentTrafficFilter]:
        plan = self._args.plan
        filters = [
            self._filter(
                "endpoint",
                "gcp_private_service_connect_endpoint",
                [{"source": endpoint.connection_id, "description": "The private endpoint of the platform's network"}],
            )
        ]
        if plan.ranges:
            operators = [{"source": cidr, "description": "Operators"} for cidr in plan.ranges]
            filters.append(self._filter("operators", "ip", operators))
        return filters

    def _filter(self, key: str, kind: str, rules: Sequence[Any]) -> ec.DeploymentTrafficFilter:
        plan = self._args.plan
        return ec.DeploymentTrafficFilter(
            f"elasticsearch-filter-{key}",
            name=f"{plan.name}-{key}",
            description=f"Who reaches {plan.name}: {key}",
            region=plan.region,
            type=kind,
            # Only the deployments that name it: other teams' new deployments stay as they are.
            include_by_default=False,
            rules=list(rules),
            opts=self.inside(),
        )

    def _deployment(self, filters: Sequence[ec.DeploymentTrafficFilter]) -> ec.Deployment:
        plan = self._args.plan
        return ec.Deployment(
            "elasticsearch-deployment",
            name=plan.name,
            alias=plan.alias,
            version=plan.version,
            region=plan.region,
            deployment_template_id=plan.template,
            elasticsearch=_elasticsearch(plan),
            kibana={"size": plan.kibana.size, "size_resource": "memory", "zone_count": plan.kibana.zones},
            traffic_filters=[each.id for each in filters],
            tags=dict(self._base.labels),
            # Where Elastic enlarges the tier itself, a smaller declared size must not shrink it again.
            opts=self.inside(
                ignore_changes=["elasticsearch.hot.size"] if plan.hot.limit else [], minutes=_DEPLOYMENT_MINUTES
            ),
        )

    def _secrets(self) -> None:
        """Hand clients the endpoint, and keep the operators' password; it is told once, at creation.

        No program reads the password: programs get an API key from the schema step.
        """
        plan, keeper = self._args.plan, Secrets(self, self._base)
        search, kibana = (f"https://{plan.hosts[part]}:443" for part in ("es", "kb"))
        keeper.put("elasticsearch-endpoint", search, *plan.clients)
        operator = pulumi.Output.all(self.deployment.elasticsearch_username, self.deployment.elasticsearch_password)
        keeper.put(
            "elasticsearch-operator",
            pulumi.Output.secret(
                operator.apply(
                    lambda pair: json.dumps(
                        {"endpoint": search, "kibana": kibana, "username": pair[0], "password": pair[1]}
                    )
                )
            ),
        )


def _elasticsearch(plan: ElasticsearchPlan) -> Any:
    """The cluster: `autoscaling` must be there for every tier named, also when nothing scales by itself.

    Where something does, every tier that the template could make must be named, or the provider refuses its own result;
    a limit of nothing keeps a tier from being made.
    """
    return {
        "autoscale": plan.hot.limit is not None,
        "hot": _hot(plan.hot),
        **({tier: {"autoscaling": _limit("0g")} for tier in _UNUSED_TIERS} if plan.hot.limit else {}),
        "config": {"plugins": list(PLUGINS)},
        "strategy": plan.strategy,
    }


def _hot(tier: TierPlan) -> Any:
    return {
        "size": tier.size,
        "size_resource": "memory",
        "zone_count": tier.zones,
        "autoscaling": _limit(tier.limit) if tier.limit else {},
    }


def _limit(size: str) -> dict[str, str]:
    return {"max_size": size, "max_size_resource": "memory"}
