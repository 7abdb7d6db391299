"""Encryption of the document store with the platform's own key, by an identity of Atlas and no credential (CMEK)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp
import pulumi_mongodbatlas as mongodbatlas

from infra.components.component import Component
from infra.components.encryption import ENCRYPT_DECRYPT
from infra.components.foundation import Foundation

_ROLES = {"encrypt": ENCRYPT_DECRYPT, "view": "roles/cloudkms.viewer"}


@dataclass(frozen=True)
class MongodbEncryptionArgs:
    """The Atlas project whose clusters are encrypted."""

    project_id: pulumi.Input[str]
    foundation: Foundation


class MongodbEncryption(Component):
    """Lets Atlas use the key `mongodb`: an identity is asked for, granted the key, and only then told which key.

    `access` is that identity, `project_id` the Atlas project once it is encrypted: a cluster that takes it cannot come
    too early.
    """

    access: mongodbatlas.CloudProviderAccessAuthorization
    project_id: pulumi.Output[str]

    def __init__(self, name: str, args: MongodbEncryptionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._key = args.foundation.encryption.key("mongodb", args.foundation.region).key
        setup = mongodbatlas.CloudProviderAccessSetup(
            "mongodb-access-setup", project_id=args.project_id, provider_name="GCP", opts=self.inside()
        )
        self.access = mongodbatlas.CloudProviderAccessAuthorization(
            "mongodb-access-authorization", project_id=args.project_id, role_id=setup.role_id, opts=self.inside()
        )
        at_rest = mongodbatlas.EncryptionAtRest(
            "mongodb-at-rest",
            project_id=args.project_id,
            google_cloud_kms_config={
                "enabled": True,
                # A version, not the key: Atlas stays on it until an update names the next one (ADR 0011).
                "key_version_resource_id": self._key.primaries.apply(lambda versions: versions[0].name),
                "role_id": self.access.role_id,
            },
            opts=self.inside(*self._grants(self.access)),
        )
        self.project_id = at_rest.project_id
        self.register_outputs({"projectId": self.project_id})

    def _grants(self, access: mongodbatlas.CloudProviderAccessAuthorization) -> list[pulumi.Resource]:
        member = access.gcps.apply(lambda found: f"serviceAccount:{found[0].service_account_for_atlas}")
        return [
            gcp.kms.CryptoKeyIAMMember(
                f"mongodb-key-{name}", crypto_key_id=self._key.id, role=role, member=member, opts=self.inside()
            )
            for name, role in _ROLES.items()
        ]
