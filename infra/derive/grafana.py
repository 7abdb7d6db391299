"""What the platform declares in a Grafana that runs elsewhere: a folder, data sources and dashboards (DASH)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.derive.dashboards import Dashboard, Scopes
from infra.derive.findings import Advice
from infra.derive.names import ORGANISATION, Names
from infra.derive.secret_refs import SecretRef, secret_ref
from infra.settings.monitoring_grafana import GrafanaSettings


@dataclass(frozen=True)
class SourcePlan:
    """A data source: `data` as Grafana takes it, `secrets` what it is told under which name and never shows again."""

    key: str
    uid: str
    name: str
    type: str
    url: str | None = None
    database: str | None = None
    user: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)
    private_connection: str | None = None


@dataclass(frozen=True)
class GrafanaPlan:
    """Everything in Grafana; `pages` are the dashboards' JSON texts by key.

    `account` is the id of the service account that is declared for it, `reader` the one that it runs as instead. Until
    it can sign in at Google there is nothing but the folder.
    """

    url: str
    token: SecretRef
    folder: str
    title: str
    sources: tuple[SourcePlan, ...]
    pages: Mapping[str, str]
    account: str | None
    reader: str | None


@dataclass(frozen=True)
class Entrance:
    """Where the primary is entered (host:port), past every pool: statistics are each server's own; and its database."""

    address: str
    database: str


@dataclass(frozen=True)
class Place:
    """What Grafana's data sources and links lead to; `runbooks` is the address of the alerts' runbooks."""

    project: str
    environment: str
    names: Names
    postgres: Entrance | None
    runbooks: str


def grafana_plan(
    grafana: GrafanaSettings, dashboards: tuple[Dashboard, ...], scopes: Scopes, around: Place
) -> GrafanaPlan:
    """Work out what is declared in Grafana."""
    found = sources(grafana, around) if grafana.google_key or grafana.google_account else ()
    return GrafanaPlan(
        url=grafana.url,
        token=secret_ref(grafana.token),
        folder=around.names.prefix,
        title=f"TripTrip {around.environment}",
        sources=found,
        pages=_pages(dashboards, scopes, found, around) if found else {},
        account=None if grafana.google_account else around.names.of("grafana"),
        reader=grafana.google_account,
    )


def _pages(
    dashboards: tuple[Dashboard, ...], scopes: Scopes, found: tuple[SourcePlan, ...], around: Place
) -> Mapping[str, str]:
    # Grafana's library is loaded by stacks that have one alone.
    from infra.derive.dashboards_grafana import Page, Sources, as_grafana  # noqa: PLC0415

    uids = {source.key: source.uid for source in found}
    where = Sources(around.project, uids["google"], uids["prometheus"], uids.get("postgres"))
    tags = (ORGANISATION, around.environment)
    return {
        each.key: as_grafana(each, scopes, where, Page(around.names.of(each.key), each.title, tags, around.runbooks))
        for each in dashboards
    }


def advice(grafana: GrafanaSettings) -> Iterator[Advice]:
    """Yield what deserves a second look."""
    if not grafana.google_key and not grafana.google_account:
        yield Advice(
            "monitoring.grafana",
            "Grafana cannot sign in at Google yet and is shown nothing: once the account is there, make its key and "
            "name it as googleKey (docs/runbooks/monitoring.md), or name the account that it runs as",
        )


def sources(grafana: GrafanaSettings, around: Place) -> tuple[SourcePlan, ...]:
    """The data sources: Cloud Monitoring, managed Prometheus, and PostgreSQL where Grafana may enter it."""
    project, names, title = around.project, around.names, f"TripTrip {around.environment}"
    key = secret_ref(grafana.google_key) if grafana.google_key else None
    signed_in = (
        {"authenticationType": "jwt", "tokenUri": "https://oauth2.googleapis.com/token"}
        if key
        else {"authenticationType": "gce"}
    )
    found = [
        SourcePlan(
            key="google",
            uid=names.of("google"),
            name=f"{title}: Cloud Monitoring",
            type="stackdriver",
            data={**signed_in, "defaultProject": project},
            secrets={"privateKey": key} if key else {},
        ),
        SourcePlan(
            key="prometheus",
            uid=names.of("prometheus"),
            name=f"{title}: managed Prometheus",
            type="prometheus",
            url=f"https://monitoring.googleapis.com/v1/projects/{project}/location/global/prometheus",
            data={"httpMethod": "GET", "prometheusType": "Prometheus", "timeInterval": "60s"},
        ),
    ]
    postgres = grafana.postgres
    if postgres and around.postgres:
        found.append(
            SourcePlan(
                key="postgres",
                uid=names.of("postgres"),
                name=f"{title}: PostgreSQL",
                type="grafana-postgresql-datasource",
                url=around.postgres.address,
                database=around.postgres.database,
                user=postgres.user,
                data={
                    "database": around.postgres.database,
                    # The authority that signed the server's certificate is declared beside it (components/grafana.py).
                    "sslmode": "verify-ca",
                    "tlsConfigurationMethod": "file-content",
                    "maxOpenConns": 2,
                    "postgresVersion": 1600,
                },
                secrets={"password": secret_ref(postgres.password)},
                private_connection=postgres.private_connection,
            )
        )
    return tuple(found)
