"""Reports that BigQuery works out by itself every day, as an account of their own (WL-OLAP)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.derive.bigquery import BigqueryPlan, ReportPlan
from infra.settings.bigquery import REPORT_RUNNER


@dataclass(frozen=True)
class ReportsArgs:
    """What the reports are built from; `after` are the cost guard and the right to run queries."""

    plan: BigqueryPlan
    foundation: Foundation
    datasets: Mapping[str, gcp.bigquery.Dataset]
    tables: Mapping[str, gcp.bigquery.Table]
    after: Sequence[pulumi.Resource]


class Reports(Component):
    """Scheduled queries: each replaces one day's partition, so that a run that is repeated changes nothing.

    Whoever deploys needs `iam.serviceAccounts.actAs` on the reports' account.
    """

    def __init__(self, name: str, args: ReportsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._base = args.foundation
        self._key = args.foundation.encryption.key("bigquery", args.plan.location)
        token_grant = self._token_grant()
        for plan in args.plan.reports:
            self._report(plan, token_grant)
        self.register_outputs({})

    def _token_grant(self) -> pulumi.Resource:
        """Let the transfer service act as the reports' account, and as no other."""
        grant: pulumi.Resource = gcp.serviceaccount.IAMMember(
            "bigquery-reports-token",
            service_account_id=self._base.identities[REPORT_RUNNER].name,
            role="roles/iam.serviceAccountTokenCreator",
            member=self._base.services.agent_member("bigquerydatatransfer", self),
            opts=self.inside(),
        )
        return grant

    def _report(self, plan: ReportPlan, token_grant: pulumi.Resource) -> None:
        args = self._args
        tables = [args.tables[table] for table in plan.tables]
        gcp.bigquery.DataTransferConfig(
            f"bigquery-report-{plan.key}",
            display_name=plan.description,
            project=self._base.gcp_project,
            # Unset it would be the US, where the dataset is not.
            location=args.plan.location,
            data_source_id="scheduled_query",
            destination_dataset_id=args.datasets[plan.dataset].dataset_id,
            schedule=plan.schedule,
            service_account_name=self._base.identities[REPORT_RUNNER].email,
            params={
                "query": plan.query,
                "destination_table_name_template": plan.destination,
                "write_disposition": "WRITE_TRUNCATE",
            },
            encryption_configuration={"kms_key_name": self._key.key_id},
            opts=self.inside(token_grant, self._key.grant, *tables, *args.after),
        )
