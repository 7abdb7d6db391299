"""The whole platform on one page: which component gets what from which."""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.encryption import Encryption, EncryptionArgs
from infra.components.network import Network, NetworkArgs
from infra.components.postgres import Postgres, PostgresArgs
from infra.components.postgres_access import PostgresAccess, PostgresAccessArgs
from infra.components.project_services import ProjectServices
from infra.derive.platform import PlatformPlan


@dataclass(frozen=True)
class PlatformOutputs:
    """What other stacks and people may rely on; the names are the stack's outputs in camelCase."""

    network_id: pulumi.Output[str]
    dns_domain: str
    postgres_hosts: dict[str, str]
    postgres_database: str
    postgres_connection_name: pulumi.Output[str]
    postgres_instances: dict[str, pulumi.Output[str]]
    postgres_connection_secrets: dict[str, pulumi.Output[str]]


class Platform(Component):
    """TripTrip's data platform in one environment; every resource hangs below it and uses its provider."""

    outputs: PlatformOutputs

    def __init__(self, plan: PlatformPlan) -> None:
        provider = gcp.Provider(
            "google",
            project=plan.gcp_project,
            region=plan.region,
            default_labels=plan.labels,
            # Pulumi's own label would differ from what the stack declares on every labelled resource.
            add_pulumi_attribution_label=False,
        )
        super().__init__("platform", pulumi.ResourceOptions(providers=[provider]))
        guarded = self.inside(protect=plan.protect)
        services = ProjectServices("services", plan.services, guarded)
        network = Network("network", NetworkArgs(plan.network, services), guarded)
        encryption = Encryption("encryption", EncryptionArgs(plan.encryption, services), guarded)
        postgres = Postgres(
            "postgres",
            PostgresArgs(
                plan=plan.postgres,
                gcp_project=plan.gcp_project,
                labels=plan.labels,
                guarded=plan.protect,
                network=network,
                encryption=encryption,
                services=services,
            ),
            guarded,
        )
        access = PostgresAccess(
            "postgres-access",
            PostgresAccessArgs(
                plan=plan.postgres,
                names=plan.names,
                gcp_project=plan.gcp_project,
                region=plan.region,
                postgres=postgres,
                encryption=encryption,
                services=services,
            ),
            guarded,
        )
        self.outputs = PlatformOutputs(
            network_id=network.network_id,
            dns_domain=plan.network.dns_domain,
            postgres_hosts=dict(plan.postgres.hosts),
            postgres_database=plan.postgres.database,
            postgres_connection_name=postgres.primary.connection_name,
            postgres_instances={
                "primary": postgres.primary.name,
                **{key: instance.name for key, instance in postgres.replicas.items()},
            },
            postgres_connection_secrets=dict(access.connection_secrets),
        )
        self.register_outputs({})
