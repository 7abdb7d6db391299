"""A bucket of our own for search snapshots, and the credentials with which Elastic Cloud writes to it.

Elastic Cloud cannot be handed a Google identity, so that its account needs a key: a credential in a file. It opens this
bucket and nothing else, and is replaced by raising a number.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

import pulumi
import pulumi_ec as ec
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.derive.elasticsearch import SnapshotPlan

_ABANDONED_UPLOAD_DAYS = 7


@dataclass(frozen=True)
class ElasticsearchSnapshotsArgs:
    """What the bucket is built from."""

    plan: SnapshotPlan
    deployment: ec.Deployment
    foundation: Foundation


class ElasticsearchSnapshots(Component):
    """The bucket, its account, the account's key in the deployment's keystore; the repository is the schema step's."""

    def __init__(self, name: str, args: ElasticsearchSnapshotsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._base = args.foundation
        bucket = self._bucket()
        account = gcp.serviceaccount.Account(
            "elasticsearch-snapshot-account",
            account_id=args.plan.account_id,
            display_name="Elastic Cloud, writing search snapshots",
            opts=self.inside(self._base.services["iam"]),
        )
        grant = gcp.storage.BucketIAMMember(
            "elasticsearch-snapshot-grant",
            bucket=bucket.name,
            role="roles/storage.objectAdmin",
            member=account.member,
            opts=self.inside(),
        )
        self._hand_over(account, grant)
        self.register_outputs({"bucket": args.plan.bucket})

    def _bucket(self) -> gcp.storage.Bucket:
        plan, base = self._args.plan, self._base
        key = base.encryption.key("elasticsearch-snapshots", base.region)
        return gcp.storage.Bucket(
            "elasticsearch-snapshot-bucket",
            name=plan.bucket,
            location=base.region,
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            encryption={"default_kms_key_name": key.key_id},
            # Elasticsearch overwrites and deletes files of a repository at every snapshot, and snapshots share files.
            # So nothing here deletes live objects by age or forbids their deletion; what is gone can be brought back.
            soft_delete_policy={"retention_duration_seconds": plan.kept_seconds},
            lifecycle_rules=[
                {
                    "action": {"type": "AbortIncompleteMultipartUpload"},
                    "condition": {"age": _ABANDONED_UPLOAD_DAYS},
                }
            ],
            force_destroy=not base.guarded,
            deletion_policy="PREVENT" if base.guarded else "DELETE",
            opts=self.inside(key.grant, base.services["storage"]),
        )

    def _hand_over(self, account: gcp.serviceaccount.Account, grant: pulumi.Resource) -> None:
        """Put the account's key into the deployment's keystore, once it opens the bucket."""
        plan = self._args.plan
        key = gcp.serviceaccount.Key(
            "elasticsearch-snapshot-key",
            service_account_id=account.name,
            keepers={"generation": str(plan.key_generation)},
            # A new generation replaces the key: guarded, the old one could never be deleted.
            opts=self.inside(protect=False),
        )
        ec.DeploymentElasticsearchKeystore(
            "elasticsearch-snapshot-credentials",
            deployment_id=self._args.deployment.id,
            setting_name=plan.setting_name,
            value=pulumi.Output.secret(key.private_key.apply(lambda encoded: base64.b64decode(encoded).decode())),
            as_file=True,
            opts=self.inside(grant),
        )
