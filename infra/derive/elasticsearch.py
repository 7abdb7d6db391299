"""The search store as it will be declared: one Elastic Cloud deployment behind a private endpoint (ES-SVC)."""

from dataclasses import dataclass

from infra.catalog.elasticsearch_rows import elastic_regions
from infra.derive.features import features
from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.elasticsearch import ElasticsearchSettings
from infra.settings.elasticsearch_parts import SnapshotSettings
from infra.settings.postgres import POOLER
from infra.settings.units import Size

PLUGINS = ("analysis-icu", "analysis-kuromoji")
"""Japanese words and normalised characters; part of the stack's own list, and upgraded with it (ES-SVC)."""

REPOSITORY_CLIENT = "triptrip"
"""The name under which Elasticsearch keeps the bucket's credentials: the schema step's repository says `client`."""


@dataclass(frozen=True)
class TierPlan:
    """Nodes of one kind; sizes as the API writes them ("8g"), `limit` None where the size is fixed."""

    size: str
    zones: int
    limit: str | None = None


@dataclass(frozen=True)
class SnapshotPlan:
    """The bucket of snapshots and the account that Elastic writes to it with."""

    bucket: str
    account_id: str
    key_generation: int
    kept_seconds: int
    setting_name: str


@dataclass(frozen=True)
class ElasticsearchPlan:
    """The whole store; `ranges` are public CIDR ranges of operators, `hosts` the private names of its parts."""

    name: str
    alias: str
    version: str
    template: str
    region: str
    hot: TierPlan
    kibana: TierPlan
    strategy: str
    ranges: tuple[str, ...]
    service_attachment: str
    domain: str
    hosts: dict[str, str]
    snapshots: SnapshotPlan | None
    clients: tuple[str, ...]
    key_holders: tuple[str, ...]


def elasticsearch_plan(elasticsearch: ElasticsearchSettings, settings: Settings, names: Names) -> ElasticsearchPlan:
    """Work the store out from settings that `infra.derive.checks` has accepted.

    Clients use the partner's own names, `<alias>.es.<domain>`: its certificate carries no other, and its proxy finds
    the deployment by the name. A name of ours in front of it would fail both.
    """
    hot, kibana, region = elasticsearch.hot, elasticsearch.kibana, settings.project.region
    place, alias = elastic_regions()[region], names.of("search")
    return ElasticsearchPlan(
        name=names.of("elasticsearch"),
        alias=alias,
        version=elasticsearch.version,
        template=elasticsearch.template,
        region=f"gcp-{region}",
        hot=TierPlan(_memory(hot.size), hot.zones, _memory(hot.limit) if hot.limit else None),
        kibana=TierPlan(_memory(kibana.size), kibana.zones),
        strategy=elasticsearch.strategy,
        ranges=tuple(sorted(str(each) for each in elasticsearch.kibana_ranges)),
        service_attachment=place.service_attachment,
        domain=place.domain,
        hosts={part: f"{alias}.{part}.{place.domain}" for part in ("es", "kb")},
        snapshots=_snapshots(elasticsearch.snapshots, settings, names) if elasticsearch.snapshots else None,
        clients=tuple(sorted(elasticsearch.clients)),
        key_holders=key_holders(elasticsearch, settings),
    )


def key_holders(elasticsearch: ElasticsearchSettings, settings: Settings) -> tuple[str, ...]:
    """Every program that gets an API key: the clients, and the pooler's machines where exporters ask the cluster."""
    exporters = {POOLER} if "exporters-elasticsearch" in features(settings) else set()
    return tuple(sorted({*elasticsearch.clients, *exporters}))


def _memory(size: Size) -> str:
    return f"{size.gib}g"


def _snapshots(snapshots: SnapshotSettings, settings: Settings, names: Names) -> SnapshotPlan:
    return SnapshotPlan(
        # Bucket names are one name space of all of Google's customers; a project's id is nobody else's.
        bucket=f"{settings.project.gcp_project}-search-snapshots",
        # Clients' accounts start with the names' prefix; this one ends with it, so that no client can have its name.
        account_id=f"snapshots-{names.prefix}",
        key_generation=snapshots.key_generation,
        kept_seconds=snapshots.deleted_kept.seconds,
        setting_name=f"gcs.client.{REPOSITORY_CLIENT}.credentials_file",
    )
