"""MongoDB Atlas: the document store (MDB-CLUSTER)."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.settings.constraints import Between, Switch, Text, Whole
from infra.settings.forms import ClientName
from infra.settings.model import Finding, StoreSettings, refuse_all
from infra.settings.mongodb_parts import (
    AlertSettings,
    AtlasId,
    AutoscalingSettings,
    ComplianceSettings,
    InstanceSize,
    MongodbBackupSettings,
    MongodbMaintenanceSettings,
    MongodbUserSettings,
    WorkloadIdentitySettings,
)
from infra.settings.units import Duration, Size


class MongodbSettings(StoreSettings):
    """MongoDB Atlas on Google Cloud: a replica set of three nodes in three zones of project.region (MDB-CLUSTER)."""

    organisation: AtlasId = Field(description="The Atlas organisation that the project is made in.")
    version: Annotated[int, Whole(7, 8)] = Field(
        default=8, description="Major version: 8, or the document's 7, which ends in August 2027 (COR-13)."
    )
    size: InstanceSize = Field(
        description="Size of each node at creation (MDB-CLUSTER); later autoscaling decides, inside its bounds."
    )
    autoscaling: AutoscalingSettings | None = Field(
        default=None, description="Bounds of the nodes' size (MDB-CLUSTER). Absent: the size is fixed."
    )
    disk: Annotated[Size, Between("10 GB", "4 TB", "1 GB")] = Field(
        description="Disk of each node at creation. A larger disk is also faster: about 30 IOPS a GB."
    )
    disk_autoscaling: Annotated[bool, Switch()] = Field(
        default=True, description="Whether the disk grows by itself when it is 90 % full (MDB-CLUSTER)."
    )
    oplog_window: Annotated[Duration, Between("1 hour", "168 hours", "1 hour")] | None = Field(
        default=None,
        description="Shortest time the oplog reaches back, so that a node that was away catches up without a full "
        "copy. Only with diskAutoscaling. Absent: whatever fits the oplog's size.",
    )
    database: Annotated[
        str,
        Text(
            r"[a-z][a-z0-9_]{0,37}",
            "1 to 38 lower-case letters, digits and underscores, starting with a letter",
            "triptrip",
            reserved=("admin", "local", "config", "test"),
        ),
    ] = Field(description="The database that holds the collections (MDB-COLL).")
    backup: MongodbBackupSettings = Field(description="Snapshots and point-in-time recovery (MDB-BACKUP).")
    maintenance: MongodbMaintenanceSettings = Field(description="When Atlas may start maintenance.")
    alerts: AlertSettings = Field(description="Who is told when something is wrong.")
    audit: Annotated[bool, Switch()] = Field(
        default=True,
        description="Whether failed sign-ins and changes of schema, users and roles are written to the audit log.",
    )
    workload_identity_provider: WorkloadIdentitySettings | None = Field(
        default=None,
        description="The identity provider of the Atlas organisation for Google service accounts; "
        "docs/runbooks/mongodb-atlas.md tells how it is made. Absent: no database user is declared.",
    )
    users: dict[ClientName, MongodbUserSettings] = Field(
        description="Programs that use the store, each with least privilege; each is one service account."
    )
    search_indexes: Annotated[bool, Switch()] = Field(
        default=False,
        description="Whether the Atlas Search indexes of infra/catalog/atlas_search_indexes.yaml are declared "
        "(COR-15). Set true once the schema step has made their collections: Atlas refuses an index before.",
    )
    compliance_policy: ComplianceSettings | None = Field(
        default=None,
        description="Makes the backups above the least that anybody may keep, for ever: it cannot be taken back, and "
        "the project cannot be deleted while snapshots last. Only in prod. Absent: no policy.",
    )

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        sizes = f"{self.size} from {self.autoscaling.minimum} to {self.autoscaling.maximum}" if self.autoscaling else ""
        return (
            f"MongoDB {self.version}.0 on Atlas, 3 × {sizes or self.size}, {self.disk}, "
            f"any moment of {self.backup.restore_window}, daily for {self.backup.daily_retained}, "
            f"{len(self.users)} users"
        )

    @property
    def client_paths(self) -> Mapping[str, str]:
        """Every database user."""
        return {name: f"users.{name}" for name in self.users}

    @model_validator(mode="after")
    def _check(self) -> Self:
        findings: list[Finding] = []
        if self.oplog_window and not self.disk_autoscaling:
            findings.append(
                Finding(
                    "oplogWindow",
                    self.oplog_window,
                    "absent without mongodb.diskAutoscaling: Atlas refuses a least oplog on a disk that cannot grow",
                    "remove the line, or write diskAutoscaling: true",
                )
            )
        if not self.users:
            findings.append(
                Finding("users", "no user", "at least one user", "add the program that reads and writes documents")
            )
        refuse_all(findings)
        return self
