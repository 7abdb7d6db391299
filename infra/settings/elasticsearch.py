"""Elastic Cloud: full-text, facet and geo search of hotels and products (ES-SVC)."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings.constraints import Text
from infra.settings.elasticsearch_parts import (
    HotTierSettings,
    IndexSettings,
    KibanaSettings,
    PublicRange,
    SnapshotSettings,
)
from infra.settings.forms import ClientName, listed
from infra.settings.model import Finding, StoreSettings, refuse_all


class ElasticsearchSettings(StoreSettings):
    """One deployment in the primary region, reached through a private endpoint alone; kuromoji and ICU are installed.

    A customer-managed key is not offered: ADR 0012 says why.
    """

    version: Annotated[str, Text(r"\d{1,2}\.\d{1,2}\.\d{1,3}", "a version, major.minor.patch", "8.19.21")] = Field(
        description="Version of the stack, to the patch (ES-SVC). Raising it upgrades in place; it never goes down. "
        "At creation Elastic offers the newest patch of a line only."
    )
    template: Annotated[
        str, Text(r"gcp-[a-z]+(?:-[a-z]+)*", "a hardware profile of Elastic Cloud on Google Cloud", "gcp-cpu-optimized")
    ] = Field(
        default="gcp-cpu-optimized",
        description="Hardware profile: how much CPU and disk come with a GB of memory. CPU optimized is Elastic's own "
        "advice for heavy search with steady indexing (WL-SEARCH, TGT-SEARCH-PERF).",
    )
    hot: HotTierSettings = Field(description="The nodes that hold the content and answer the queries.")
    index: IndexSettings = Field(description="What the disks must hold, so that a size that cannot is refused.")
    kibana: KibanaSettings = Field(default_factory=KibanaSettings, description="The operators' console.")
    kibana_ranges: Annotated[list[PublicRange], Field(max_length=20)] = Field(
        default_factory=list,
        description="Public ranges of operators who reach Kibana from outside the network, over the single sign-on of "
        "Elastic's console. Elastic filters a deployment as a whole: whoever is let in reaches Elasticsearch's sign-in "
        "too. Empty: only the private network reaches the deployment.",
    )
    strategy: Literal["autodetect", "grow_and_shrink", "rolling_grow_and_shrink", "rolling_all"] = Field(
        default="autodetect",
        description="How Elastic applies a change: autodetect chooses the safest way; rolling_all, needed across a "
        "major version. rolling_zone is not offered: it refuses major upgrades.",
    )
    snapshots: SnapshotSettings | None = Field(
        default=None,
        description="A bucket of our own for snapshots. Needs a key of a service account, which an organisation may "
        "forbid (constraint iam.disableServiceAccountKeyCreation); absent: Elastic's own snapshots only.",
    )
    clients: Annotated[list[ClientName], Field(min_length=1, max_length=20)] = Field(
        examples=[["application"]],
        description="Programs that search (CONN): each may read the endpoint; its API key comes from the schema step.",
    )

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        hot, index = self.hot, self.index
        zones = f"{hot.zones} zone{'' if hot.zones == 1 else 's'}"
        copies = f"{index.replicas} replica{'' if index.replicas == 1 else 's'}"
        return (
            f"Elasticsearch {self.version} {self.template}, {hot.size} in each of {zones}"
            f"{f' up to {hot.limit}' if hot.limit else ''}, index {index.size} and {copies}, "
            f"{'a' if self.snapshots else 'no'} snapshot bucket"
        )

    @property
    def client_paths(self) -> Mapping[str, str]:
        """Every program that searches."""
        return listed("clients", self.clients)

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse_all(list(_contradictions(self)))
        return self


def _contradictions(search: ElasticsearchSettings) -> Iterator[Finding]:
    hot, index = search.hot, search.index
    if index.replicas >= hot.zones:
        yield Finding(
            "index.replicas",
            index.replicas,
            f"at most {hot.zones - 1}, since no two copies of a shard share a zone and hot.zones is {hot.zones}",
            f"write {hot.zones - 1}, or raise elasticsearch.hot.zones",
        )
    if hot.limit is not None and hot.limit <= hot.size:
        yield Finding("hot.limit", hot.limit, f"more than hot.size ({hot.size})", "raise it, or remove the line")
    if len(set(search.clients)) != len(search.clients):
        yield Finding("clients", search.clients, "each program once", "remove the repetition")
    if len(set(search.kibana_ranges)) != len(search.kibana_ranges):
        yield Finding("kibanaRanges", search.kibana_ranges, "each range once", "remove the repetition")
