"""What Google does not measure: exporters beside the pooler, and who sends their figures (MON-PG, MON-RDS)."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings.constraints import Between, Text
from infra.settings.forms import Image, SecretVersion
from infra.settings.model import Finding, SettingsModel, refuse_all
from infra.settings.units import Duration

ExportedStore = Literal["pooler", "postgres", "redis", "elasticsearch", "timescale"]

_HARMLESS: tuple[ExportedStore, ...] = ("pooler", "postgres")

CollectorImage = Annotated[
    str,
    Text(
        r"gke\.gcr\.io/prometheus-engine/prometheus@sha256:[0-9a-f]{64}",
        "Google's Prometheus by its digest: gke.gcr.io/prometheus-engine/prometheus@sha256:…",
        "gke.gcr.io/prometheus-engine/prometheus@sha256:" + "0123456789abcdef" * 4,
    ),
]


class ExporterSettings(SettingsModel):
    """Programs on the pooler's machines that ask the stores and write to Managed Service for Prometheus (ADR 0028)."""

    image: Image = Field(
        description="The image of services/exporters, by its digest. docs/runbooks/pooler.md says how it is built."
    )
    collector: CollectorImage = Field(
        description="Google's build of Prometheus, by its digest (docs/runbooks/pooler.md, step 7)."
    )
    stores: Annotated[list[ExportedStore], Field(min_length=1, max_length=5)] = Field(
        default_factory=lambda: list(_HARMLESS),
        examples=[["pooler", "postgres", "redis"]],
        description="What is asked. pooler and postgres need nothing that the machines could not do before, or a role "
        "that reads no row; elasticsearch an API key that sees figures alone; timescale a role made by hand. redis "
        "gives the machines the cache's AUTH string, which opens all that is in it: Memorystore has no smaller right.",
    )
    every: Annotated[Duration, Between("15 s", "2 minutes", "1 s")] = Field(
        default=Duration.parse("30 s"),
        description="How often figures are taken; each one is a sample that Google charges for.",
    )
    timescale: SecretVersion | None = Field(
        default=None,
        examples=["timescale-monitor/1"],
        description="The URL with which Timescale is asked, as a secret: its role reads statistics alone and is made "
        "by hand (docs/runbooks/pooler.md, step 7). Needed exactly when stores has timescale.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse_all(list(self._contradictions()))
        return self

    def _contradictions(self) -> Iterator[Finding]:
        if len(set(self.stores)) != len(self.stores):
            yield Finding("stores", ", ".join(self.stores), "each store once", "remove the repetition")
        if ("timescale" in self.stores) != (self.timescale is not None):
            yield Finding(
                "timescale",
                self.timescale or "missing",
                "a secret exactly when stores has timescale",
                "set both or neither",
            )
