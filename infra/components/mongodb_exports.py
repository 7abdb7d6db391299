"""Snapshots of the document store as files in the bucket of copies, exported by Atlas itself (COR-14)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_mongodbatlas as mongodbatlas

from infra.components.backups import CREATE, Backups
from infra.components.component import Component
from infra.derive.copies import BACKUPS


@dataclass(frozen=True)
class MongodbExportsArgs:
    """The identity with which Atlas enters our cloud, the same as for the key, and the buckets of copies."""

    access: mongodbatlas.CloudProviderAccessAuthorization
    backups: Backups


class MongodbExports(Component):
    """Lets Atlas create objects in the bucket, and tells it where that is; `bucket` goes into the backup schedule.

    Atlas deletes and overwrites nothing there; its files lie below exported_snapshots/ (mongodb/docs,
    cloud-backup/export.txt; MongoDB's own Terraform module for Google Cloud grants the same role, 2026-08).
    """

    bucket: mongodbatlas.CloudBackupSnapshotExportBucket

    def __init__(self, name: str, args: MongodbExportsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        member = args.access.gcps.apply(lambda found: f"serviceAccount:{found[0].service_account_for_atlas}")
        grant = args.backups.let_store_write("mongodb-export-writes", BACKUPS, CREATE, member, self)
        self.bucket = mongodbatlas.CloudBackupSnapshotExportBucket(
            "mongodb-export-bucket",
            project_id=args.access.project_id,
            cloud_provider="GCP",
            bucket_name=args.backups.buckets[BACKUPS].name,
            role_id=args.access.role_id,
            opts=self.inside(grant),
        )
        self.register_outputs({"exportBucketId": self.bucket.export_bucket_id})
