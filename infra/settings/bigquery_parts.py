"""Datasets, tables, reports, cost guard and federation of the warehouse."""

from typing import Annotated, Literal

from pydantic import Field

from infra.settings.constraints import Between, Text, Whole
from infra.settings.forms import ClientName, Email
from infra.settings.model import SettingsModel
from infra.settings.units import Duration, LocalTime, Size

DatasetName = Annotated[
    str,
    # The provider takes upper case and 1,024 characters too; the API no hyphen (terraform-provider-google, dataset_id).
    Text(
        r"[a-z][a-z0-9_]{0,62}",
        "1 to 63 lower-case letters, digits and underscores, starting with a letter; a dataset takes no hyphen",
        "analytics",
    ),
]
CatalogueName = Annotated[
    str,
    Text(
        r"[a-z][a-z0-9_]{0,62}",
        "1 to 63 lower-case letters, digits and underscores, starting with a letter",
        "price_history",
    ),
]

_Slots = Annotated[int, Whole(0, 10_000)]
_Lifetime = Annotated[Duration, Between("1 hour", "3650 days", "1 s")]


class DatasetSettings(SettingsModel):
    """A dataset: who may do what in it, and how long what is put there lives."""

    description: Annotated[str, Text(r"[^\n]{1,200}", "one line of 1 to 200 characters", "Events as they came in")] = (
        Field(description="What the dataset is for.")
    )
    reader_groups: list[Email] = Field(
        default_factory=list, description="Groups of people, by e-mail address, that read its tables."
    )
    editor_groups: list[Email] = Field(
        default_factory=list, description="Groups of people, by e-mail address, that read and change its tables."
    )
    reader_programs: list[ClientName] = Field(
        default_factory=list, description="Programs that read its tables, as their service accounts."
    )
    writer_programs: list[ClientName] = Field(
        default_factory=list, description="Programs that write to its tables, as their service accounts."
    )
    reader_datasets: list[DatasetName] = Field(
        default_factory=list,
        description="Datasets whose views read its tables for people and programs that may not read them themselves "
        "(authorised datasets).",
    )
    table_lifetime: _Lifetime | None = Field(
        default=None,
        description="When a new table deletes itself; absent: never. Not beside declared tables, which would vanish. "
        "Later changes reach new tables alone.",
    )
    partition_lifetime: _Lifetime | None = Field(
        default=None,
        description="When a partition of a new partitioned table deletes itself; absent: never. It wins over "
        "tableLifetime. Later changes reach new tables alone.",
    )


class TableSettings(SettingsModel):
    """A table of the catalogue (infra/catalog/bigquery_tables.yaml): its dataset, and how long its rows are kept."""

    dataset: DatasetName = Field(description="The dataset that holds it, one of bigquery.datasets.")
    retention: Annotated[Duration, Between("1 day", "3650 days", "1 day")] | None = Field(
        default=None,
        description="How long a day's partition is kept (WL-TS keeps two years); absent: for ever. Shortening it "
        "deletes what is older.",
    )


class ReportSettings(SettingsModel):
    """A report of the catalogue (infra/catalog/bigquery_reports.yaml), worked out once a day."""

    time: LocalTime = Field(
        description="When it runs, every day; rendered to UTC (COR-05). Not on the full hour: BigQuery may start such "
        "a query more than once. The report covers the day that ended last in this zone."
    )


class CostSettings(SettingsModel):
    """What keeps queries from overspending (COST-Y3): a daily quota of bytes, or bought slots."""

    kind: Literal["on-demand", "reservation"] = Field(
        description="on-demand: pay for the bytes a query reads, up to perDay; reservation: pay for slots, up to "
        "maximumSlots. A quota of bytes does not count what runs in a reservation."
    )
    per_day: Annotated[Size, Between("1 GB", "200 TB", "1 MB")] | None = Field(
        default=None,
        description="on-demand: bytes that all queries of the project may read a day (Pacific time); BigQuery's own "
        "limit is 200 TB. Approximate: a running query may pass it.",
    )
    per_user_per_day: Annotated[Size, Between("1 GB", "200 TB", "1 MB")] | None = Field(
        default=None, description="on-demand: bytes that one person or program may read a day; without limit otherwise."
    )
    edition: Literal["ENTERPRISE", "ENTERPRISE_PLUS"] | None = Field(
        default=None,
        description="reservation: edition of the slots. STANDARD is not offered here: it reads no table with a "
        "customer-managed key and has no machine learning (BQ-SVC). A change makes the reservation anew.",
    )
    baseline_slots: _Slots | None = Field(
        default=None, description="reservation: slots that are paid for all the time, in steps of 50; absent: none."
    )
    maximum_slots: _Slots | None = Field(
        default=None, description="reservation: slots it may grow to, baseline included, in steps of 50."
    )


class FederationSettings(SettingsModel):
    """Queries of PostgreSQL from BigQuery (EXTERNAL_QUERY), over the private path."""

    password_version: Annotated[int, Whole(1, 10_000)] = Field(
        default=1,
        description="Raise it by one to give the database user `bigquery` a new password. The one user with a "
        "password: a connection cannot sign in through IAM.",
    )
    user_groups: list[Email] = Field(
        default_factory=list, description="Groups, by e-mail address, that may use the connection in their queries."
    )
