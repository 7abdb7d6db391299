"""A Grafana that shows the platform's dashboards; it runs elsewhere, and the platform declares what is in it (DASH)."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.settings.constraints import Text
from infra.settings.forms import Email, SecretVersion
from infra.settings.model import Finding, SettingsModel, refuse_all


class GrafanaPostgresSettings(SettingsModel):
    """PostgreSQL as a data source: what statements do right now, which no metric can say."""

    user: Annotated[
        str, Text(r"[a-z_][a-z0-9_]{0,62}", "a name of lower-case letters, digits and _", "grafana_reader")
    ] = Field(
        description="A database user of its own that reads statistics and no row; made by hand "
        "(docs/runbooks/monitoring.md)."
    )
    password: SecretVersion = Field(
        examples=["monitoring-grafana-postgres/1"], description="Its password in Secret Manager."
    )
    private_connection: (
        Annotated[str, Text(r"[A-Za-z0-9-]{1,64}", "the id of a private data source connection", "pdc-12345")] | None
    ) = Field(
        default=None,
        description="Grafana Cloud only: the private data source connection by which it reaches the network; absent: "
        "Grafana is in the network itself.",
    )


class GrafanaSettings(SettingsModel):
    """Which Grafana, and how it is let in. The organisation is the token's own: with one its API takes no other."""

    url: Annotated[
        str,
        Text(
            r"https://[a-z0-9.-]+(?::\d{2,5})?(?:/[A-Za-z0-9._-]+)*",
            "an https address without a final /",
            "https://triptrip.grafana.net",
        ),
    ] = Field(description="Where it is.")
    token: SecretVersion = Field(
        examples=["monitoring-grafana-token/1"],
        description="The token of a service account of Grafana with the role Admin, which data sources need, in Secret "
        "Manager.",
    )
    google_key: SecretVersion | None = Field(
        default=None,
        examples=["monitoring-grafana-google-key/1"],
        description="Grafana outside Google Cloud: the private key (PEM) of the account that is declared for it, in "
        "Secret Manager. The account comes first: until a key is named, nothing but a folder is made in Grafana.",
    )
    google_account: Email | None = Field(
        default=None,
        description="Grafana on Google Cloud: the service account that it runs as, instead of googleKey. It may read "
        "metrics then, and no key exists.",
    )
    postgres: GrafanaPostgresSettings | None = Field(
        default=None, description="PostgreSQL as a data source; absent: its panels ask the exporters."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.google_key and self.google_account:
            refuse_all(
                [
                    Finding(
                        "googleKey",
                        self.google_key,
                        "either googleKey or googleAccount",
                        "name googleAccount where Grafana runs on Google Cloud, googleKey where it does not",
                    )
                ]
            )
        return self
