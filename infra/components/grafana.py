"""What is in a Grafana that runs elsewhere: folder, data sources, dashboards, and its account at Google (DASH).

Imported where a stack has Grafana alone: nothing else needs its SDK.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp
import pulumiverse_grafana as grafana

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.secrets import made_by_hand
from infra.derive.grafana import GrafanaPlan, SourcePlan

_VIEWER = "roles/monitoring.viewer"


@dataclass(frozen=True)
class GrafanaArgs:
    """What is declared, and what it stands on; `authorities` are those of PostgreSQL's certificate (PEM)."""

    plan: GrafanaPlan
    foundation: Foundation
    authorities: pulumi.Output[str] | None


class Grafana(Component):
    """The dashboards in Grafana. A person cannot save over them: what is shown is what was reviewed.

    Grafana has no deletion guard and nothing here holds data: everything can be made anew from the same plan.
    """

    def __init__(self, name: str, args: GrafanaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._plan = args.plan
        self._base = args.foundation
        self._account = self._declare_account()
        sources = [self._source(plan) for plan in args.plan.sources]
        folder = grafana.oss.Folder(
            "grafana-folder",
            uid=args.plan.folder,
            title=args.plan.title,
            # Somebody's own dashboard in it is not lost with ours.
            prevent_destroy_if_not_empty=True,
            opts=self.inside(protect=False),
        )
        for key, page in args.plan.pages.items():
            grafana.oss.Dashboard(
                f"grafana-{key}",
                config_json=page,
                folder=folder.uid,
                opts=self.inside(*sources, protect=False),
            )
        self.register_outputs({})

    def _declare_account(self) -> gcp.serviceaccount.Account | None:
        """Let Grafana read metrics: as an account that is made for it, or as the one that it runs as."""
        plan, account = self._plan, None
        member: pulumi.Input[str] = f"serviceAccount:{plan.reader}"
        if plan.account:
            account = gcp.serviceaccount.Account(
                "grafana-account",
                account_id=plan.account,
                display_name="Grafana: reads metrics",
                opts=self.inside(self._base.services["iam"]),
            )
            member = account.member
        gcp.projects.IAMMember(
            "grafana-viewer", project=self._base.gcp_project, role=_VIEWER, member=member, opts=self.inside()
        )
        return account

    def _source(self, plan: SourcePlan) -> grafana.oss.DataSource:
        data: pulumi.Input[str] = json.dumps(dict(plan.data), sort_keys=True)
        if "privateKey" in plan.secrets and self._account:
            data = self._account.email.apply(
                lambda email: json.dumps({**plan.data, "clientEmail": email}, sort_keys=True)
            )
        return grafana.oss.DataSource(
            f"grafana-source-{plan.key}",
            uid=plan.uid,
            name=plan.name,
            type=plan.type,
            url=plan.url,
            database_name=plan.database,
            username=plan.user,
            access_mode="proxy",
            json_data_encoded=data,
            secure_json_data_encoded=self._secrets(plan),
            private_data_source_connect_network_id=plan.private_connection,
            # Google's own helper renews the token of managed Prometheus there (docs/runbooks/monitoring.md).
            opts=self.inside(protect=False, ignore_changes=["httpHeaders"] if plan.key == "prometheus" else ()),
        )

    def _secrets(self, plan: SourcePlan) -> pulumi.Output[str] | None:
        reading = pulumi.InvokeOutputOptions(parent=self, depends_on=[self._base.services["secretmanager"]])
        found = {name: made_by_hand(ref.secret, reading, ref.version) for name, ref in plan.secrets.items()}
        if plan.database and self._args.authorities is not None:
            found["tlsCACert"] = self._args.authorities
        if not found:
            return None
        told = pulumi.Output.all(**found).apply(lambda values: json.dumps(values, sort_keys=True))
        return pulumi.Output.secret(told)


def grafana_provider(plan: GrafanaPlan, google: gcp.Provider) -> pulumi.ProviderResource:
    """Make the provider; its token is read from Secret Manager, so no settings and no shell hold it."""
    token = made_by_hand(plan.token.secret, pulumi.InvokeOutputOptions(provider=google), plan.token.version)
    return grafana.Provider("grafana", url=plan.url, auth=token)
