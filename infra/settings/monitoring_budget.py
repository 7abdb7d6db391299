"""The budget of an environment at Cloud Billing, and what a month uses that no plan knows (COST-*, COR-21)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings.constraints import Between, Text, Whole
from infra.settings.model import Finding, SettingsModel, refuse_all
from infra.settings.units import Share, Size

_Amount = Annotated[Size, Between("0 MB", "9999 TB", "1 MB")]
_OF_A_MONTH = "in a month"

Marketplace = Literal["mongodb", "elasticsearch"]
"""Partners that can be bought in Google Cloud's marketplace, and are then on Google's bill; Timescale cannot."""


class UsageSettings(SettingsModel):
    """What a month uses that no plan knows: the estimate counts with it. The defaults are the document's workload.

    Where the document names none they are an assumption, to be replaced by what the first bills say.
    """

    postgres_backups: _Amount | None = Field(
        default=None,
        description="What all backups of PostgreSQL take, which are incremental; absent: postgres.storage.size once.",
    )
    queries: _Amount | None = Field(
        default=None,
        description=f"What BigQuery reads {_OF_A_MONTH} on demand; absent: what bigquery.cost.perDay lets through in "
        "30 days.",
    )
    warehouse: _Amount = Field(
        default=Size.parse("2 TB"), description="What BigQuery stores (COST-Y3: 700 USD for queries and storage)."
    )
    events: _Amount = Field(
        default=Size.parse("15 GB"),
        description=f"What is published to the invalidation bus {_OF_A_MONTH}: an event of 1 kB for each "
        "transaction of SCALE-Y3.",
    )
    cdn_hits: _Amount = Field(
        default=Size.parse("1 TB"), description=f"What the CDN answers from its caches {_OF_A_MONTH} (assumed)."
    )
    cdn_misses: _Amount = Field(
        default=Size.parse("256 GB"),
        description=f"What the load balancer sends to users {_OF_A_MONTH} past the caches: a fifth of all "
        "(CACHE-LAYERS: hit rate of 80 %).",
    )
    time_series: _Amount = Field(
        default=Size.parse("100 GB"),
        description=f"What is sent to Timescale on AWS {_OF_A_MONTH}, which Google charges as egress (assumed; the "
        "full rate of WL-TS, 100,000 events a second of 50 bytes, would be 12 TB).",
    )
    outbound: _Amount = Field(
        default=Size.parse("50 GB"), description=f"What passes the NAT gateways {_OF_A_MONTH} (assumed)."
    )
    copies: _Amount = Field(
        default=Size.parse("100 GB"),
        description="What a day's exports add to the bucket of copies, all stores together (assumed).",
    )
    metrics: _Amount = Field(
        default=Size.parse("10 MB"),
        description=f"Chargeable metrics {_OF_A_MONTH}: log-based ones; Google's own cost nothing (assumed).",
    )


class BudgetSettings(SettingsModel):
    """A budget of one month at Cloud Billing, for this project alone: it tells, and stops nothing (COR-21)."""

    billing_account: Annotated[
        str,
        Text(
            r"[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}",
            "three groups of six digits and letters A to F, as `gcloud billing accounts list` shows them",
            "01A2B3-C4D5E6-F7A8B9",
        ),
    ] = Field(description="The billing account that pays for the project (docs/runbooks/first-deploy.md).")
    amount: Annotated[str, Text(r"estimate|[1-9]\d{0,8} USD", "estimate, or whole US dollars a month", "9000 USD")] = (
        Field(
            default="estimate",
            description="estimate: the high end of what Google bills in a month (`make cost`), and `headroom` on "
            "top; or an amount of its own. Partners' bills are not in it, unless `marketplace` names them.",
        )
    )
    headroom: Share = Field(
        default=Share.parse("20 %"),
        description="What is added to the estimate for what has no price in the book (`make cost` names it) and for "
        "growth.",
    )
    currency: Literal["USD", "JPY"] = Field(
        default="USD", description="The billing account's currency; Google refuses another one."
    )
    yen_per_dollar: Annotated[int, Whole(50, 500)] | None = Field(
        default=None,
        examples=[155],
        description="Needed with currency JPY: prices are in USD, and the bill's rate moves.",
    )
    marketplace: list[Marketplace] = Field(
        default_factory=list,
        description="Partners that were bought in Google Cloud's marketplace for this project: they are on its bill "
        "and counted in the estimate.",
    )
    actual: Annotated[list[Share], Field(min_length=1, max_length=20)] = Field(
        default_factory=lambda: [Share.parse("50 %"), Share.parse("90 %"), Share.parse("100 %")],
        description="Shares of the amount at which what has been spent is told.",
    )
    forecasted: Annotated[list[Share], Field(max_length=20)] = Field(
        default_factory=lambda: [Share.parse("100 %")],
        description="Shares of the amount at which Google's forecast of the month is told.",
    )
    usage: UsageSettings = Field(
        default_factory=UsageSettings, description="What is used in a month that no plan knows."
    )

    @property
    def own_amount(self) -> Decimal | None:
        """The amount in USD that is given; None where it is estimated."""
        return None if self.amount == "estimate" else Decimal(self.amount.removesuffix(" USD"))

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse_all(list(self._contradictions()))
        return self

    def _contradictions(self) -> Iterator[Finding]:
        if (self.currency == "JPY") != (self.yen_per_dollar is not None):
            yield Finding(
                "yenPerDollar",
                self.yen_per_dollar or "missing",
                "a rate exactly when currency is JPY",
                "add the rate of the last bill, e.g. 155" if self.currency == "JPY" else "remove it, or write JPY",
            )
        shares = {"headroom": [self.headroom], "actual": self.actual, "forecasted": self.forecasted}
        for name, values in shares.items():
            if len(set(values)) != len(values):
                yield Finding(name, ", ".join(map(str, values)), "each share once", "remove the repetition")
            for value in values:
                if value.of_ram:
                    yield Finding(name, value, "a plain percentage, e.g. 90 %", 'remove "of RAM"')
        if len(set(self.marketplace)) != len(self.marketplace):
            yield Finding("marketplace", ", ".join(self.marketplace), "each one once", "remove the repetition")
