"""Secrets in Secret Manager: in each of the platform's regions under its own key, read by the programs named alone."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation

READ = "roles/secretmanager.secretAccessor"
ADD = "roles/secretmanager.secretVersionAdder"
LIST = "roles/secretmanager.viewer"
"""Which versions there are, and not what is in them."""

_KINDS = {READ: "reader", ADD: "adder", LIST: "viewer"}


def made_by_hand(secret: str, reading: pulumi.InvokeOutputOptions, version: str | None = None) -> pulumi.Output[str]:
    """The content of a secret that a person has put there, without a version the newest; secret in the state too."""
    found = gcp.secretmanager.get_secret_version_access_output(secret=secret, version=version, opts=reading)
    return pulumi.Output.secret(found.secret_data)


class Secrets:
    """Makes the secrets of one component; every resource hangs below that component."""

    def __init__(self, owner: Component, foundation: Foundation) -> None:
        self._owner = owner
        self._foundation = foundation
        self._made: dict[str, list[pulumi.Resource]] = {}

    @property
    def made(self) -> list[pulumi.Resource]:
        """Everything that was made: what a reader of the secrets must wait for."""
        return self.of(*self._made)

    def of(self, *keys: str) -> list[pulumi.Resource]:
        """What was made for these secrets; nothing for a key that is kept elsewhere."""
        return [each for key in keys for each in self._made.get(key, [])]

    def version(self, key: str) -> pulumi.Output[str]:
        """The number of the version that `put` made: whoever reads that one starts anew when there is another."""
        versions = (each for each in self._made[key] if isinstance(each, gcp.secretmanager.SecretVersion))
        number: pulumi.Output[str] = next(versions).version
        return number

    def put(self, key: str, content: pulumi.Input[str], *readers: str) -> gcp.secretmanager.Secret:
        """Keep a content under a key; `readers` are the programs (identities) that may read it."""
        secret = self.declare(key, *readers)
        version = gcp.secretmanager.SecretVersion(
            f"secret-version-{key}",
            secret=secret.id,
            secret_data=content,
            # A new content makes a new version; the old one stays, disabled, for a client that must go back.
            deletion_policy="DISABLE",
            opts=self._owner.inside(protect=False),
        )
        self._made[key].append(version)
        return secret

    def declare(self, key: str, *readers: str) -> gcp.secretmanager.Secret:
        """A secret whose content comes from elsewhere: from a person, or from a program that may add to it."""
        secret = self._secret(key)
        self._made[key] = [secret]
        for reader in readers:
            self.let(reader, key, secret, READ)
        return secret

    def let(self, program: str, key: str, secret: gcp.secretmanager.Secret, role: str) -> None:
        """Let a program do with a secret what the role says: READ, ADD or LIST."""
        member = gcp.secretmanager.SecretIamMember(
            f"secret-{_KINDS[role]}-{key}-{program}",
            secret_id=secret.id,
            role=role,
            member=self._foundation.identities.member(program),
            opts=self._owner.inside(),
        )
        self._made[key].append(member)

    def _secret(self, key: str) -> gcp.secretmanager.Secret:
        base = self._foundation
        # Whoever takes over in the second region needs every secret there, and a secret's places can never be changed.
        keys = {region: base.encryption.key("secrets", region) for region in base.encryption.regions("secrets")}
        return gcp.secretmanager.Secret(
            f"secret-{key}",
            secret_id=base.names.of(key),
            replication={
                "user_managed": {
                    "replicas": [
                        {"location": region, "customer_managed_encryption": {"kms_key_name": key.key_id}}
                        for region, key in keys.items()
                    ]
                }
            },
            opts=self._owner.inside(*(key.grant for key in keys.values()), base.services["secretmanager"]),
        )
