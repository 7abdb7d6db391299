"""Buckets of copies that outlive the stores, and the account that reads them (BAK-*, COR-06, COR-07; ADR 0024)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_gcp as gcp

from infra.catalog import recovery_rows as catalog
from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.inventory import StoreRecord, counted
from infra.derive.copies import BACKUPS
from infra.derive.recovery import BucketPlan, RecoveryPlan

_ABANDONED_UPLOAD_DAYS = 7

READ, CREATE = "roles/storage.objectViewer", "roles/storage.objectCreator"
IMPERSONATE = "roles/iam.serviceAccountTokenCreator"


@dataclass(frozen=True)
class BackupsArgs:
    """What the buckets are built from."""

    plan: RecoveryPlan
    foundation: Foundation


class Backups(Component):
    """Whoever writes may create and nothing else; one account reads, as which only the operators' groups may act.

    No account of this stack may delete a copy or change its retention. Administrators of the project may, until the
    retention is locked.
    """

    buckets: Mapping[str, gcp.storage.Bucket]
    roles: Mapping[str, gcp.projects.IAMCustomRole]
    account: gcp.serviceaccount.Account

    def __init__(self, name: str, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._plan = args.plan
        self._base = args.foundation
        self.buckets = {plan.key: self._bucket(plan) for plan in args.plan.buckets}
        self.roles = {key: self._role(key, role_id) for key, role_id in args.plan.role_ids.items()}
        self.account = self._reader()
        self.register_outputs({"buckets": {plan.key: plan.name for plan in args.plan.buckets}})

    @property
    def record(self) -> StoreRecord:
        """The copies in the inventory."""
        plan = self._plan
        kept = plan.bucket(BACKUPS)
        return StoreRecord(
            store="recovery",
            engine="Cloud Storage, Workflows",
            version="",
            size=f"{counted(len(plan.buckets), 'bucket')}, {counted(len(plan.exports), 'export')}",
            location=plan.region,
            high_availability="all zones of the region",
            backup=f"nothing is deleted for {kept.retention_seconds // 86400} days{', locked' if kept.locked else ''}",
            encryption_key=self._base.encryption.key(BACKUPS, plan.region).key_id,
            endpoints={key: bucket.url for key, bucket in self.buckets.items()},
            owner=self._base.owner,
        )

    def let_in(
        self, key: str, bucket: str, role: pulumi.Input[str], member: pulumi.Input[str], owner: Component
    ) -> pulumi.Resource:
        """Let an account of this stack into a bucket by its key; the grant is a resource of `owner`."""
        return self._let(key, bucket, role, member, owner.inside())

    def let_store_write(
        self, key: str, bucket: str, role: pulumi.Input[str], member: pulumi.Input[str], owner: Component
    ) -> pulumi.Resource:
        """The same for a store's own identity, which its service chooses.

        Without `protect`: a store that takes another's place brings another identity, and its grant is made anew.
        """
        return self._let(key, bucket, role, member, owner.inside(protect=False))

    def _let(
        self,
        key: str,
        bucket: str,
        role: pulumi.Input[str],
        member: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> pulumi.Resource:
        grant: pulumi.Resource = gcp.storage.BucketIAMMember(
            key, bucket=self.buckets[bucket].name, role=role, member=member, opts=opts
        )
        return grant

    def _bucket(self, plan: BucketPlan) -> gcp.storage.Bucket:
        base = self._base
        key = base.encryption.key(plan.key, plan.region)
        return gcp.storage.Bucket(
            f"{plan.key}-bucket",
            name=plan.name,
            location=plan.region,
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            encryption={"default_kms_key_name": key.key_id},
            versioning={"enabled": plan.versioned},
            retention_policy={"retention_period": str(plan.retention_seconds), "is_locked": plan.locked},
            soft_delete_policy={"retention_duration_seconds": plan.soft_delete_seconds},
            lifecycle_rules=_lifecycle(plan),
            # A bucket with copies under their retention cannot be emptied: without guards the stack lets go of it, and
            # it stays with what it holds (docs/runbooks/retire-stack.md).
            force_destroy=False,
            deletion_policy="PREVENT" if base.guarded else "ABANDON",
            opts=self.inside(key.grant, base.services["storage"]),
        )

    def _role(self, key: str, role_id: str) -> gcp.projects.IAMCustomRole:
        return gcp.projects.IAMCustomRole(
            f"copies-role-{key}",
            role_id=role_id,
            title=f"Writes copies: {key}",
            description="Creates objects; neither deletes nor overwrites any",
            permissions=list(catalog.bucket_roles()[key]),
            opts=self.inside(self._base.services["iam"]),
        )

    def _reader(self) -> gcp.serviceaccount.Account:
        """The account of a recovery: it reads every copy, and writes what a drill has achieved."""
        account = gcp.serviceaccount.Account(
            "recovery-account",
            account_id=self._plan.account_id,
            display_name="Recovery: reads copies",
            opts=self.inside(self._base.services["iam"]),
        )
        for key in self.buckets:
            self.let_in(f"recovery-reads-{key}", key, READ, account.member, self)
        self.let_in("recovery-writes-drills", BACKUPS, CREATE, account.member, self)
        for group in self._plan.operator_groups:
            gcp.serviceaccount.IAMMember(
                f"recovery-operators-{group}",
                service_account_id=account.name,
                role=IMPERSONATE,
                member=f"group:{group}",
                opts=self.inside(),
            )
        return account


def _lifecycle(plan: BucketPlan) -> list[dict[str, Any]]:
    """Cheaper with age, and gone with the last day: a deletion only makes an old version, which goes a day later."""
    return [
        {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": _ABANDONED_UPLOAD_DAYS}},
        *(
            {"action": {"type": "SetStorageClass", "storage_class": name}, "condition": {"age": age}}
            for name, age in plan.storage_classes.items()
        ),
        {"action": {"type": "Delete"}, "condition": {"age": plan.expiry_days}},
    ]
