"""The Google APIs that the platform needs, switched on before anything uses them, and the logs of who used them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component

_AUDITED = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")


@dataclass(frozen=True)
class ProjectServicesArgs:
    """The APIs, and the services whose data access logs are kept; the project's own id."""

    gcp_project: str
    apis: tuple[str, ...]
    audited: tuple[str, ...]


class ProjectServices(Component):
    """Switches APIs on and leaves them on: switching one off would delete what other stacks hold behind it."""

    enabled: Mapping[str, pulumi.Resource]

    def __init__(self, name: str, args: ProjectServicesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.enabled = {
            api: gcp.projects.Service(
                f"service-{api.removesuffix('.googleapis.com')}",
                service=api,
                disable_on_destroy=False,
                opts=self.inside(),
            )
            for api in args.apis
        }
        for service in args.audited:
            gcp.projects.IAMAuditConfig(
                f"audit-{service.removesuffix('.googleapis.com')}",
                project=args.gcp_project,
                service=service,
                audit_log_configs=[{"log_type": kind} for kind in _AUDITED],
                opts=self.inside(self["cloudresourcemanager"]),
            )
        self.register_outputs({"apis": list(args.apis)})

    def __getitem__(self, api: str) -> pulumi.Resource:
        """The switched-on API, to be named among a resource's dependencies."""
        return self.enabled[f"{api}.googleapis.com"]

    def agent_member(self, api: str, owner: Component) -> pulumi.Output[str]:
        """The IAM member of an API's service agent, which is made here as a resource of `owner`; once a stack."""
        identity = gcp.projects.ServiceIdentity(
            f"agent-{api}", service=f"{api}.googleapis.com", opts=owner.inside(self[api])
        )
        member: pulumi.Output[str] = identity.member
        return member
