"""The Google APIs that the platform needs, switched on before anything that uses them."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component


class ProjectServices(Component):
    """Switches APIs on and leaves them on: switching one off would delete what other stacks hold behind it."""

    enabled: Mapping[str, pulumi.Resource]

    def __init__(self, name: str, apis: tuple[str, ...], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.enabled = {
            api: gcp.projects.Service(
                f"service-{api.removesuffix('.googleapis.com')}",
                service=api,
                disable_on_destroy=False,
                opts=self.inside(),
            )
            for api in apis
        }
        self.register_outputs({"apis": list(apis)})

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
