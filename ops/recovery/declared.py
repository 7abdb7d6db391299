"""What a stack declares of the things that recovery touches: read from its file, never from flags."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.derive.copies import BACKUPS, bucket_name
from infra.derive.drills import STACK_VARIABLE, stack_digest
from infra.derive.platform import PlatformPlan
from infra.derive.postgres import PostgresPlan
from infra.derive.recovery import TargetPlan
from infra.settings import Settings, SettingsError
from infra.settings.check import check
from ops.recovery.errors import RecoveryError

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Declared:
    """PostgreSQL of one environment as its stack file says.

    `instances` are all declared ones, the primary first: none of them may ever be deleted by a recovery. `bucket` holds
    exports and drills, `targets` are what each kind of drill must reach; none where the stack declares no recovery.
    """

    environment: str
    project: str
    region: str
    instances: tuple[str, ...]
    database: str
    version: str
    zone: str
    log_days: int
    bucket: str
    targets: Mapping[str, TargetPlan]
    plan: PostgresPlan
    encryption_key: str
    network: str
    range: str

    @property
    def primary(self) -> str:
        """The instance that takes the writes, as declared."""
        return self.instances[0]

    @property
    def is_production(self) -> bool:
        """Whether a person must name the environment first."""
        return self.environment == "prod"

    def instance(self, name: str) -> Mapping[str, Any]:
        """A new instance of this name like the declared primary, for instances.insert and restoreBackup."""
        plan = self.plan
        return {
            "name": name,
            "region": self.region,
            "databaseVersion": plan.version,
            "instanceType": "CLOUD_SQL_INSTANCE",
            "diskEncryptionConfiguration": {"kmsKeyName": self.encryption_key},
            "settings": {
                "tier": plan.primary.tier.name,
                "edition": plan.edition,
                "availabilityType": plan.availability,
                # It may become the live one; a temporary copy's guard is taken off it.
                "deletionProtectionEnabled": True,
                "dataDiskType": plan.disk_type,
                "dataDiskSizeGb": str(plan.disk_size_gb),
                "storageAutoResize": True,
                "databaseFlags": [{"name": flag, "value": value} for flag, value in plan.primary.flags],
                "ipConfiguration": {
                    "ipv4Enabled": False,
                    "privateNetwork": self.network,
                    "allocatedIpRange": self.range,
                    "sslMode": "ENCRYPTED_ONLY",
                },
                "backupConfiguration": {
                    "enabled": True,
                    "startTime": plan.backup.start_time,
                    "location": plan.backup.location,
                    "pointInTimeRecoveryEnabled": plan.backup.point_in_time_recovery,
                    "transactionLogRetentionDays": plan.backup.transaction_log_days,
                },
            },
        }


def declared(environment: str, folder: Path = ROOT) -> Declared:
    """Read Pulumi.<environment>.yaml; raises RecoveryError when there is none, it is wrong, or has no PostgreSQL."""
    path = folder / f"Pulumi.{environment}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.name.split(".")[1] for file in folder.glob("Pulumi.*.yaml")))
        raise RecoveryError("--env", f"{environment} has no stack file", allowed=known, fix="name one of them")
    try:
        settings, plan = check(path)
    except SettingsError as error:
        fix = f"python -m infra.settings check {path.name}"
        raise RecoveryError(path.name, f"its settings are wrong\n{error}", fix=fix) from None
    if plan.postgres is None:
        raise RecoveryError(path.name, "declares no postgres", fix="there is nothing to recover in this environment")
    if (deployed := os.environ.get(STACK_VARIABLE)) not in {None, stack_digest(settings, plan.postgres)}:
        given = f"is another one than the job was deployed with ({STACK_VARIABLE} {deployed})"
        raise RecoveryError(path.name, given, fix="build the image anew (docs/runbooks/recovery-postgres.md, The job)")
    return _declared(environment, settings, plan, plan.postgres)


def _declared(environment: str, settings: Settings, plan: PlatformPlan, postgres: PostgresPlan) -> Declared:
    project, region = settings.project.gcp_project, postgres.primary.region
    ring = next(
        f"projects/{project}/locations/{region}/keyRings/{each.name}"
        for each in plan.encryption.rings
        if each.region == region
    )
    return Declared(
        environment=environment,
        project=project,
        region=region,
        instances=(postgres.primary.name, *(replica.name for replica in postgres.replicas)),
        database=postgres.database,
        version=postgres.version,
        zone=plan.network.dns_zone_name,
        log_days=postgres.backup.transaction_log_days if postgres.backup.point_in_time_recovery else 0,
        bucket=bucket_name(settings, BACKUPS),
        targets={str(kind): target for kind, target in plan.recovery.targets.items()} if plan.recovery else {},
        plan=postgres,
        encryption_key=f"{ring}/cryptoKeys/postgres",
        network=f"projects/{project}/global/networks/{plan.network.name}",
        range=plan.network.private_services_name,
    )
