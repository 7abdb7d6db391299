"""BigQuery: analytics, reports, machine learning (BQ-SVC, WL-OLAP)."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings.bigquery_checks import contradictions
from infra.settings.bigquery_parts import (
    CatalogueName,
    CostSettings,
    DatasetName,
    DatasetSettings,
    FederationSettings,
    ReportSettings,
    TableSettings,
)
from infra.settings.constraints import Between
from infra.settings.forms import ClientName, Email, listed
from infra.settings.model import StoreSettings, refuse_all
from infra.settings.units import Duration

REPORT_RUNNER = "report-runner"
"""The program that the reports run as; nothing else may use its account."""


class BigquerySettings(StoreSettings):
    """BigQuery, the warehouse: datasets, tables, reports, and a guard on what queries cost (BQ-SVC, WL-OLAP)."""

    owner_groups: Annotated[list[Email], Field(min_length=1)] = Field(
        examples=["[data-platform@triptrip.jp]"],
        description="Groups, by e-mail address, that own every dataset. At least one: BigQuery keeps no dataset "
        "without an owner, and the owners, editors and viewers of the project are not let in by default.",
    )
    query_groups: list[Email] = Field(
        default_factory=list,
        description="Groups, by e-mail address, that may run queries at this project's cost (roles/bigquery.jobUser).",
    )
    query_programs: list[ClientName] = Field(
        default_factory=list, description="Programs that may run queries at this project's cost."
    )
    time_travel: Annotated[Duration, Between("2 days", "7 days", "1 day")] = Field(
        default=Duration.parse("7 days"),
        description="How far back a deleted or changed row can be read again (REC-TABLE).",
    )
    storage_billing: Literal["LOGICAL", "PHYSICAL"] = Field(
        default="LOGICAL",
        description="Whether storage is billed by what it holds or by what it takes, compressed and with its past. "
        "BigQuery takes a change once in 14 days.",
    )
    datasets: Annotated[dict[DatasetName, DatasetSettings], Field(min_length=1)] = Field(
        description="Datasets by name, all in project.region: BigQuery's own default is the US."
    )
    tables: dict[CatalogueName, TableSettings] = Field(
        default_factory=dict,
        description="Declared tables by their name in infra/catalog/bigquery_tables.yaml. Other tables, views and "
        "routines belong to the schema step.",
    )
    reports: dict[CatalogueName, ReportSettings] = Field(
        default_factory=dict,
        description="Daily reports by their name in infra/catalog/bigquery_reports.yaml (WL-OLAP).",
    )
    cost: CostSettings = Field(description="What keeps queries from overspending (COST-Y3).")
    federation: FederationSettings | None = Field(
        default=None,
        description="Queries of PostgreSQL from BigQuery, on a read replica where there is one. Absent: none.",
    )

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        cost = self.cost
        guard = (
            f"at most {cost.per_day} a day, {cost.per_user_per_day} a user"
            if cost.kind == "on-demand"
            else f"{cost.edition}, up to {cost.maximum_slots} slots"
        )
        return (
            f"datasets {', '.join(self.datasets)}; tables {', '.join(self.tables) or 'none'}; "
            f"reports {', '.join(self.reports) or 'none'}; {guard}; "
            f"PostgreSQL {'federated' if self.federation else 'not federated'}"
        )

    @property
    def client_paths(self) -> Mapping[str, str]:
        """Every program the settings name, and the one that the reports run as."""
        named = listed("queryPrograms", self.query_programs)
        for name, dataset in self.datasets.items():
            named |= listed(f"datasets.{name}.readerPrograms", dataset.reader_programs)
            named |= listed(f"datasets.{name}.writerPrograms", dataset.writer_programs)
        return {**({REPORT_RUNNER: "reports"} if self.reports else {}), **named}

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse_all(list(contradictions(self)))
        return self
