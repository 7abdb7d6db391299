"""The provider: one project of Timescale Cloud and the client credentials for it."""

import pulumi

from pulumi_timescale import _utilities


@_utilities.input_type
class ProviderArgs:
    """What the provider is configured with: a project, and a token or a key with its secret."""

    project_id: pulumi.Input[str] = pulumi.property("projectId")
    access_key: pulumi.Input[str] | None = pulumi.property("accessKey", default=None)
    access_token: pulumi.Input[str] | None = pulumi.property("accessToken", default=None)
    secret_key: pulumi.Input[str] | None = pulumi.property("secretKey", default=None)


@pulumi.type_token("pulumi:providers:timescale")
class Provider(pulumi.ProviderResource):
    """A configured provider."""

    project_id: pulumi.Output[str] = pulumi.property("projectId")
    access_key: pulumi.Output[str | None] = pulumi.property("accessKey")
    access_token: pulumi.Output[str | None] = pulumi.property("accessToken")
    secret_key: pulumi.Output[str | None] = pulumi.property("secretKey")

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        project_id: pulumi.Input[str],
        access_key: pulumi.Input[str] | None = None,
        access_token: pulumi.Input[str] | None = None,
        secret_key: pulumi.Input[str] | None = None,
    ) -> None:
        given = {
            "project_id": project_id,
            "access_key": access_key,
            "access_token": _utilities.secret(access_token),
            "secret_key": _utilities.secret(secret_key),
        }
        super().__init__(
            "timescale",
            resource_name,
            _utilities.properties(Provider, ProviderArgs, given),
            _utilities.options(opts, ["accessToken", "secretKey"]),
            package_ref=_utilities.get_package(),
        )
