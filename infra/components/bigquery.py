"""BigQuery: datasets, tables, and who may read, write and query (BQ-SVC, WL-OLAP)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_gcp as gcp

from infra.components.bigquery_cost import CostGuard, CostGuardArgs
from infra.components.bigquery_federation import Federation, FederationArgs
from infra.components.bigquery_reports import Reports, ReportsArgs
from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.inventory import StoreRecord
from infra.components.postgres import Postgres
from infra.derive.bigquery import AccessPlan, BigqueryPlan, DatasetPlan, ScanQuotaPlan, TablePlan
from infra.settings.bigquery import REPORT_RUNNER


@dataclass(frozen=True)
class BigqueryArgs:
    """What the warehouse is built from; `postgres` is what federated queries reach, where the stack has it."""

    plan: BigqueryPlan
    foundation: Foundation
    postgres: Postgres | None


class Bigquery(Component):
    """The warehouse, all of it in the platform's region and encrypted with its own key.

    Access to a dataset is its `accesses` alone, whole and authoritative: whoever is not in them is not let in, the
    project's owners, editors and viewers neither. A `DatasetIamMember` or `DatasetAccess` beside them would be taken
    away at the next run and come back at the one after (terraform-provider-google#11218).

    `connection_grants` let programs use the connection to PostgreSQL, by program; empty where there is none.
    """

    datasets: Mapping[str, gcp.bigquery.Dataset]
    tables: Mapping[str, gcp.bigquery.Table]
    connection_grants: Mapping[str, pulumi.Resource]

    def __init__(self, name: str, args: BigqueryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._plan = args.plan
        self._base = args.foundation
        self._key = args.foundation.encryption.key("bigquery", args.plan.location)
        guard = CostGuard("bigquery-cost", CostGuardArgs(args.plan, self._base), self.inside())
        datasets: dict[str, gcp.bigquery.Dataset] = {}
        for plan in args.plan.datasets:
            datasets[plan.key] = self._dataset(plan, [datasets[key] for key in plan.reader_datasets])
        self.datasets = datasets
        self.tables = {plan.key: self._table(plan) for plan in args.plan.tables}
        grants = self._query_grants()
        if args.plan.reports:
            after = (*guard.limits, grants[f"program-{REPORT_RUNNER}"])
            reports = ReportsArgs(args.plan, self._base, self.datasets, self.tables, after)
            Reports("bigquery-reports", reports, self.inside())
        self.connection_grants = {}
        if args.plan.federation and args.postgres:
            federation = FederationArgs(args.plan.federation, args.plan.location, self._base, args.postgres)
            self.connection_grants = Federation("bigquery-federation", federation, self.inside()).program_grants
        self.register_outputs({"datasets": {key: dataset.dataset_id for key, dataset in self.datasets.items()}})

    @property
    def record(self) -> StoreRecord:
        """The warehouse in the inventory."""
        plan, cost = self._plan, self._plan.cost
        size = (
            f"at most {cost.per_day >> 10} GB read a day, {cost.per_user_per_day >> 10} GB a user"
            if isinstance(cost, ScanQuotaPlan)
            else f"{cost.edition}, {cost.baseline} to {cost.baseline + cost.added} slots"
        )
        return StoreRecord(
            store="bigquery",
            engine="BigQuery",
            version="managed",
            size=size,
            location=plan.location,
            high_availability="region (BigQuery's own)",
            backup=f"any moment of the last {plan.time_travel_hours} hours",
            encryption_key=self._key.key_id,
            endpoints={each.key: f"{self._base.gcp_project}.{each.key}" for each in plan.datasets},
            owner=self._base.owner,
        )

    def _dataset(self, plan: DatasetPlan, readers: Sequence[gcp.bigquery.Dataset]) -> gcp.bigquery.Dataset:
        guarded = self._base.guarded
        return gcp.bigquery.Dataset(
            f"bigquery-dataset-{plan.key}",
            dataset_id=plan.key,
            description=plan.description,
            project=self._base.gcp_project,
            location=self._plan.location,
            default_encryption_configuration={"kms_key_name": self._key.key_id},
            default_table_expiration_ms=plan.table_lifetime,
            default_partition_expiration_ms=plan.partition_lifetime,
            max_time_travel_hours=self._plan.time_travel_hours,
            storage_billing_model=self._plan.storage_billing,
            accesses=[*(entry for access in plan.access for entry in self._entries(access)), *self._views_of(readers)],
            delete_contents_on_destroy=not guarded,
            deletion_policy="PREVENT" if guarded else "DELETE",
            opts=self.inside(self._key.grant, self._base.services["bigquery"]),
        )

    def _entries(self, access: AccessPlan) -> list[dict[str, Any]]:
        groups = [{"role": access.role, "group_by_email": group} for group in access.groups]
        programs = [
            {"role": access.role, "user_by_email": self._base.identities[program].email} for program in access.programs
        ]
        return [*groups, *programs]

    def _views_of(self, readers: Sequence[gcp.bigquery.Dataset]) -> list[dict[str, Any]]:
        """Let the views of other datasets read this one for whoever may read them."""
        names = [{"project_id": self._base.gcp_project, "dataset_id": each.dataset_id} for each in readers]
        return [{"dataset": {"dataset": name, "target_types": ["VIEWS"]}} for name in names]

    def _table(self, plan: TablePlan) -> gcp.bigquery.Table:
        partitioning: dict[str, Any] = {"type": "DAY", "field": plan.partition}
        if plan.retention:
            partitioning["expiration_ms"] = plan.retention
        return gcp.bigquery.Table(
            f"bigquery-table-{plan.key}",
            dataset_id=self.datasets[plan.dataset].dataset_id,
            table_id=plan.key,
            description=plan.description,
            project=self._base.gcp_project,
            schema=plan.schema,
            time_partitioning=partitioning,
            # Without it a query that forgets the day reads, and pays for, the whole table.
            require_partition_filter=True,
            clusterings=list(plan.clustering),
            # Named although the dataset has it as its default, or its absence would be a difference (and a new table).
            encryption_configuration={"kms_key_name": self._key.key_id},
            deletion_protection=self._base.guarded,
            opts=self.inside(self._key.grant),
        )

    def _query_grants(self) -> dict[str, pulumi.Resource]:
        """Let groups and programs run queries: they are paid for by the project they run in, not by the dataset."""
        members: dict[str, pulumi.Input[str]] = {
            **{f"group-{group}": f"group:{group}" for group in self._plan.query_groups},
            **{f"program-{key}": self._base.identities.member(key) for key in self._plan.query_programs},
        }
        return {
            key: gcp.projects.IAMMember(
                f"bigquery-query-{key}",
                project=self._base.gcp_project,
                role="roles/bigquery.jobUser",
                member=member,
                opts=self.inside(self._base.services["cloudresourcemanager"]),
            )
            for key, member in members.items()
        }
