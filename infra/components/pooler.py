"""PgBouncer and the read router on machines of our own, behind pg-write and pg-read (PG-POOL, PG-ROUTE)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components import pooler_machines
from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.passwords import new_password
from infra.components.postgres import Postgres
from infra.components.secrets import Secrets
from infra.derive import postgres_ports as ports
from infra.derive.pooler import PASSWORD_SECRET, PoolerPlan, PoolerSite
from infra.derive.pooler_files import DRAIN_SECONDS
from infra.derive.pooler_machine import TAG
from infra.settings.postgres import POOLER

_PROJECT_ROLES = ("roles/logging.logWriter", "roles/monitoring.metricWriter")


@dataclass(frozen=True)
class PoolerArgs:
    """What the machines are built from; `server_certificates` are a secret, its version and its readers."""

    plan: PoolerPlan
    password_version: int
    postgres: Postgres
    server_certificates: Sequence[pulumi.Resource]
    foundation: Foundation


class Pooler(Component):
    """A group of machines over a region's zones, each with both pools, and one address a pool before them.

    They hold nothing: a machine that is lost is made anew, and an update replaces one after another while the others
    serve. `addresses` are those of the region that takes the writes; another region's machines wait for their turn.
    """

    addresses: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: PoolerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._plan = args.plan
        self._base = args.foundation
        self._account = self._base.identities[POOLER]
        ready = [*self._sign_in(), *self._rights(), *args.server_certificates]
        self._let_in()
        addresses = {site.key: self._site(site, ready) for site in self._plan.sites}
        self.addresses = addresses[self._plan.home.key]
        self.register_outputs({"addresses": dict(self.addresses)})

    def _site(self, site: PoolerSite, ready: Sequence[pulumi.Resource]) -> Mapping[str, pulumi.Output[str]]:
        """One region's machines; returns the address of each pool."""
        alive = self._health(site, "alive", patience=10, tcp_health_check={"port": ports.WRITES})
        group = pooler_machines.group(self, self._base, self._plan, site, pooler_machines.Start(alive, ready))
        checks = {
            "write": self._health(site, "write", tcp_health_check={"port": ports.WRITES}),
            "read": self._health(site, "read", http_health_check={"port": ports.STATUS, "request_path": "/healthz"}),
        }
        return {endpoint: self._front(site, endpoint, group, check) for endpoint, check in checks.items()}

    def _sign_in(self) -> list[pulumi.Resource]:
        """The pooler's own database user, which looks up the others, and its password where the machines fetch it."""
        version = self._args.password_version
        password = new_password(self, "pooler-password", version)
        user = gcp.sql.User(
            "pooler-user",
            name=POOLER,
            instance=self._args.postgres.primary.name,
            type="BUILT_IN",
            password_wo=password,
            password_wo_version=version,
            database_roles=self._plan.database_roles,
            # A user that owns objects cannot be dropped (terraform-provider-google#4299); it goes with its instance.
            deletion_policy="ABANDON",
            opts=self.inside(),
        )
        keeper = Secrets(self, self._base)
        keeper.put(PASSWORD_SECRET, password, POOLER)
        return [user, *keeper.made]

    def _rights(self) -> list[pulumi.Resource]:
        """What the machines' account may do: read its certificate and its image, write logs and metrics."""
        base, repository = self._base, self._plan.repository
        certificate = gcp.secretmanager.SecretIamMember(
            "pooler-certificate-reader",
            secret_id=f"projects/{base.gcp_project}/secrets/{self._plan.certificate}",
            role="roles/secretmanager.secretAccessor",
            member=self._account.member,
            opts=self.inside(base.services["secretmanager"]),
        )
        image = gcp.artifactregistry.RepositoryIamMember(
            "pooler-image-reader",
            project=repository.project,
            location=repository.location,
            repository=repository.name,
            role="roles/artifactregistry.reader",
            member=self._account.member,
            opts=self.inside(),
        )
        roles = [
            gcp.projects.IAMMember(
                f"pooler-{role.rpartition('.')[2]}",
                project=base.gcp_project,
                role=role,
                member=self._account.member,
                opts=self.inside(base.services["cloudresourcemanager"]),
            )
            for role in _PROJECT_ROLES
        ]
        return [certificate, image, *roles]

    def _let_in(self) -> None:
        """Open the pools' ports to the platform's own subnets."""
        gcp.compute.Firewall(
            "pooler-firewall",
            name=self._base.names.of("data", "allow-pooler"),
            description="Clients of PostgreSQL to the pooler",
            network=self._base.network.network_id,
            direction="INGRESS",
            priority=1000,
            source_ranges=[str(each) for each in self._plan.client_ranges],
            target_tags=[TAG],
            allows=[{"protocol": "tcp", "ports": [str(port) for port in self._plan.ports.values()]}],
            log_config={"metadata": "INCLUDE_ALL_METADATA"},
            opts=self.inside(),
        )

    def _health(self, site: PoolerSite, what: str, patience: int = 2, **check: object) -> gcp.compute.RegionHealthCheck:
        """A check every 5 s; unhealthy after so many that failed."""
        return gcp.compute.RegionHealthCheck(
            f"pooler-health-{what}{site.suffix}",
            name=self._base.names.of(POOLER, what),
            region=site.region,
            check_interval_sec=5,
            timeout_sec=3,
            healthy_threshold=2,
            unhealthy_threshold=patience,
            log_config={"enable": True},
            **check,
            opts=self.inside(self._base.services["compute"], protect=False),
        )

    def _front(
        self,
        site: PoolerSite,
        endpoint: str,
        group: gcp.compute.RegionInstanceGroupManager,
        check: gcp.compute.RegionHealthCheck,
    ) -> pulumi.Output[str]:
        """The address of one pool, and what passes connections on to the machines; returns the address."""
        base, plan, name = self._base, self._plan, self._base.names.of("pg", endpoint)
        address = gcp.compute.Address(
            f"pooler-address-{endpoint}{site.suffix}",
            name=name,
            region=site.region,
            address_type="INTERNAL",
            purpose="GCE_ENDPOINT",
            subnetwork=base.network.subnets[site.key].id,
            opts=self.inside(protect=pooler_machines.guard(site)),
        )
        service = gcp.compute.RegionBackendService(
            f"pooler-backend-{endpoint}{site.suffix}",
            name=name,
            description=f"PgBouncer's {endpoint} pool",
            region=site.region,
            protocol="TCP",
            load_balancing_scheme="INTERNAL",
            session_affinity="NONE",
            health_checks=check.id,
            # A passthrough load balancer counts connections; the provider's default is refused.
            backends=[{"group": group.instance_group, "balancing_mode": "CONNECTION"}],
            connection_draining_timeout_sec=DRAIN_SECONDS,
            log_config={"enable": True, "sample_rate": 1.0},
            opts=self.inside(protect=pooler_machines.guard(site)),
        )
        gcp.compute.ForwardingRule(
            f"pooler-front-{endpoint}{site.suffix}",
            name=name,
            region=site.region,
            load_balancing_scheme="INTERNAL",
            backend_service=service.id,
            ip_address=address.id,
            ip_protocol="TCP",
            ports=[str(plan.ports[endpoint])],
            allow_global_access=plan.is_global,
            network=base.network.network_id,
            subnetwork=base.network.subnets[site.key].id,
            opts=self.inside(protect=pooler_machines.guard(site)),
        )
        found: pulumi.Output[str] = address.address
        return found
