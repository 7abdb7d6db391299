"""Secrets in Secret Manager: encrypted with the platform's own key, in its region, read by the programs named alone."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation


class Secrets:
    """Makes the secrets of one component; every resource hangs below that component."""

    def __init__(self, owner: Component, foundation: Foundation) -> None:
        self._owner = owner
        self._foundation = foundation
        self.made: list[pulumi.Resource] = []
        """Everything that was made: what a reader of the secrets must wait for."""

    def put(self, key: str, content: pulumi.Input[str], *readers: str) -> gcp.secretmanager.Secret:
        """Keep a content under a key; `readers` are the programs (identities) that may read it."""
        secret = self._secret(key)
        version = gcp.secretmanager.SecretVersion(
            f"secret-version-{key}",
            secret=secret.id,
            secret_data=content,
            # A new content makes a new version; the old one stays, disabled, for a client that must go back.
            deletion_policy="DISABLE",
            opts=self._owner.inside(protect=False),
        )
        self.made += [secret, version]
        for reader in readers:
            self._readable(key, secret, reader)
        return secret

    def _secret(self, key: str) -> gcp.secretmanager.Secret:
        base = self._foundation
        encryption = base.encryption.key("secrets", base.region)
        return gcp.secretmanager.Secret(
            f"secret-{key}",
            secret_id=base.names.of(key),
            replication={
                "user_managed": {
                    "replicas": [
                        {
                            "location": base.region,
                            "customer_managed_encryption": {"kms_key_name": encryption.key_id},
                        }
                    ]
                }
            },
            opts=self._owner.inside(encryption.grant, base.services["secretmanager"]),
        )

    def _readable(self, key: str, secret: gcp.secretmanager.Secret, reader: str) -> None:
        member = gcp.secretmanager.SecretIamMember(
            f"secret-reader-{key}-{reader}",
            secret_id=secret.id,
            role="roles/secretmanager.secretAccessor",
            member=self._foundation.identities.member(reader),
            opts=self._owner.inside(),
        )
        self.made.append(member)
