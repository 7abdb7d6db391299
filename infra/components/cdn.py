"""The global external Application Load Balancer in front of the API, with Cloud CDN (CACHE-EP, CACHE-LAYERS)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components import cdn_url_map
from infra.components.cdn_backend import SCHEME, backend_service, origin
from infra.components.cdn_security import security_policy
from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.inventory import StoreRecord
from infra.derive.cdn import CdnPlan, DomainPlan

_MANAGER = "//certificatemanager.googleapis.com/"
"""What a target proxy wants before a certificate map's id (compute v1, TargetHttpsProxy.certificateMap)."""


@dataclass(frozen=True)
class CdnArgs:
    """What the store is built from."""

    plan: CdnPlan
    foundation: Foundation


class Cdn(Component):
    """One address for all public names; two backend services in front of one API.

    `api` has no cache and takes every path; `api-cached` has one and is reached only by the routes of cacheable paths.
    A path that nobody thought of, is private or is written to therefore cannot be cached.
    """

    def __init__(self, name: str, args: CdnArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._base = args.foundation
        compute = self._base.services["compute"]
        self._address = gcp.compute.GlobalAddress(
            "cdn-address", name=args.plan.name, address_type="EXTERNAL", opts=self.inside(compute)
        )
        self._certificates()
        self._secure(self._url_map())
        self._redirect()
        self.register_outputs({"address": self._address.address})

    @property
    def dns_records(self) -> dict[str, pulumi.Output[str]]:
        """What the owner of the public zone must create, as "name type": value."""
        proofs = {
            f"_acme-challenge.{domain} CNAME": proof.dns_resource_records.apply(lambda records: str(records[0]["data"]))
            for domain, proof in self._authorizations.items()
        }
        return {**{f"{domain} A": self._address.address for domain in self._authorizations}, **proofs}

    @property
    def record(self) -> StoreRecord:
        """The store in the inventory."""
        plan = self._args.plan
        return StoreRecord(
            store="cdn",
            engine="Cloud CDN on a global external Application Load Balancer",
            version="managed",
            size=f"{len(plan.routes)} cached routes, {plan.limit.requests} requests a minute and address",
            location="global",
            high_availability="one address at every edge of Google's",
            backup="none: it holds copies only",
            encryption_key="Google's",
            endpoints={
                **{domain.domain: f"https://{domain.domain}{plan.path_prefix}" for domain in plan.domains},
                **self.dns_records,
            },
            owner=self._base.owner,
        )

    def _certificates(self) -> None:
        """A certificate a name: what a certificate covers cannot be changed, and one in use cannot be deleted."""
        manager = self._base.services["certificatemanager"]
        self._authorizations: dict[str, gcp.certificatemanager.DnsAuthorization] = {}
        self._map = gcp.certificatemanager.CertificateMap(
            "cdn-certificates",
            name=self._args.plan.name,
            description="Certificates of the API's public names",
            opts=self.inside(manager),
        )
        for domain in self._args.plan.domains:
            self._certificate(domain, manager)

    def _certificate(self, plan: DomainPlan, manager: pulumi.Resource) -> None:
        proof = gcp.certificatemanager.DnsAuthorization(
            f"cdn-authorization-{plan.domain}",
            name=plan.name,
            description="Proof, by a record of the public zone, that the name is ours",
            location="global",
            domain=plan.domain,
            opts=self.inside(manager),
        )
        certificate = gcp.certificatemanager.Certificate(
            f"cdn-certificate-{plan.domain}",
            name=plan.name,
            location="global",
            managed={"domains": [plan.domain], "dns_authorizations": [proof.id]},
            opts=self.inside(),
        )
        gcp.certificatemanager.CertificateMapEntry(
            f"cdn-certificate-entry-{plan.domain}",
            name=plan.name,
            map=self._map.name,
            hostname=plan.domain,
            certificates=[certificate.id],
            opts=self.inside(),
        )
        self._authorizations[plan.domain] = proof

    def _url_map(self) -> gcp.compute.URLMap:
        plan = self._args.plan
        policy = security_policy(self, self._base, plan)
        shared = {**origin(self, self._base, plan), "security_policy": policy.id}
        api = backend_service(self, plan, shared, cached=False)
        cached = backend_service(self, plan, shared, cached=True)
        return gcp.compute.URLMap(
            "cdn-routes",
            name=plan.name,
            description="Cacheable paths of the endpoint table; everything else goes to the API itself",
            default_service=api.id,
            host_rules=cdn_url_map.host_rules(plan),
            path_matchers=[cdn_url_map.path_matcher(plan, api, cached)],
            header_action=cdn_url_map.header_action(plan),
            tests=cdn_url_map.tests(plan, api),
            opts=self.inside(),
        )

    def _secure(self, url_map: gcp.compute.URLMap) -> None:
        plan = self._args.plan
        tls = gcp.compute.SSLPolicy(
            "cdn-tls",
            name=plan.name,
            profile=plan.tls_profile,
            min_tls_version=plan.min_tls,
            opts=self.inside(self._base.services["compute"]),
        )
        proxy = gcp.compute.TargetHttpsProxy(
            "cdn-https",
            name=plan.name,
            url_map=url_map.id,
            certificate_map=pulumi.Output.concat(_MANAGER, self._map.id),
            ssl_policy=tls.id,
            opts=self.inside(),
        )
        self._forward("cdn-forward-https", plan.name, "443", proxy)

    def _redirect(self) -> None:
        """Plain HTTP is answered with the way to HTTPS and never reaches the API."""
        plan = self._args.plan
        url_map = gcp.compute.URLMap(
            "cdn-redirect",
            name=plan.redirect_name,
            description="HTTP to HTTPS",
            default_url_redirect={
                "https_redirect": True,
                "strip_query": False,
                "redirect_response_code": "MOVED_PERMANENTLY_DEFAULT",
            },
            opts=self.inside(self._base.services["compute"]),
        )
        proxy = gcp.compute.TargetHttpProxy("cdn-http", name=plan.redirect_name, url_map=url_map.id, opts=self.inside())
        self._forward("cdn-forward-http", plan.redirect_name, "80", proxy)

    def _forward(
        self, key: str, name: str, port: str, proxy: gcp.compute.TargetHttpProxy | gcp.compute.TargetHttpsProxy
    ) -> None:
        gcp.compute.GlobalForwardingRule(
            key,
            name=name,
            ip_address=self._address.id,
            ip_protocol="TCP",
            port_range=port,
            load_balancing_scheme=SCHEME,
            target=proxy.id,
            opts=self.inside(),
        )
