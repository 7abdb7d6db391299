"""The invalidation worker as a service of Cloud Run: what it runs, how much of it there is, and what it waits out."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.settings.constraints import Between, Switch, Whole
from infra.settings.forms import Image
from infra.settings.model import Finding, SettingsModel, refuse_all
from infra.settings.run_sizes import contradictions
from infra.settings.units import Duration, Size


class InstancesSettings(SettingsModel):
    """How many instances there are; between the bounds Cloud Run decides by the events that are under way."""

    least: Annotated[int, Whole(1, 20)] = Field(
        default=1,
        description="Instances that always run: an event that has to wait for one to start is late by seconds, and "
        "what is purged a second time is purged by an instance that is still there.",
    )
    most: Annotated[int, Whole(1, 100)] = Field(
        default=5, description="The most at once: it bounds the load on the cache and the cost."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.most < self.least:
            allowed = f"at least invalidation.service.instances.least ({self.least})"
            refuse_all([Finding("most", self.most, allowed, f"raise it to {self.least} or more")])
        return self


class InvalidationServiceSettings(SettingsModel):
    """The platform's own worker (services/invalidator), which Pub/Sub posts to inside Google's network (ADR 0036)."""

    image: Image = Field(
        description="The image of services/invalidator, by its digest. docs/runbooks/invalidation.md says how it is "
        "built.",
        examples=[
            "asia-northeast1-docker.pkg.dev/triptrip-images/platform/invalidator@sha256:" + "0123456789abcdef" * 4
        ],
    )
    collector: Image = Field(
        description="Google's Prometheus for Cloud Run (cloud-run-gmp-sidecar), copied into the platform's registry, "
        "by its digest: it takes the worker's figures to Cloud Monitoring. docs/runbooks/invalidation.md says how "
        "it is copied.",
        examples=["asia-northeast1-docker.pkg.dev/triptrip-images/platform/collector@sha256:" + "0123456789abcdef" * 4],
    )
    instances: InstancesSettings = Field(default_factory=InstancesSettings, description="How many there are.")
    events_at_once: Annotated[int, Whole(1, 1000)] = Field(
        default=40,
        description="Events that one instance works on at a time (Cloud Run: 1 to 1000); beyond that Cloud Run starts "
        "another instance, and Pub/Sub slows down when there is none.",
    )
    cpu: Annotated[int, Whole(1, 8)] = Field(default=1, description="Processors of an instance, 1, 2, 4 or 8.")
    memory: Annotated[Size, Between("512 MB", "32 GB", "1 MB")] = Field(
        default=Size.parse("512 MB"), description="Memory of an instance; entries stay in the cache."
    )
    second_purge: Annotated[Duration, Between("1 s", "5 minutes", "1 s")] = Field(
        default=Duration.parse("30 s"),
        description="When the CDN is purged once more: a replica that was behind may have answered the CDN in between. "
        "As long as a replica may be behind and still be asked (postgres.pooler.reads.relaxedLag).",
    )
    purge_cdn: Annotated[bool, Switch()] = Field(
        default=True,
        description="Whether the CDN is purged too, where the stack has one; false: it waits for its TTLs.",
    )

    @property
    def summary(self) -> str:
        """What was understood, in a few words."""
        return (
            f"{self.instances.least} to {self.instances.most} instances of "
            f"{self.image.partition('@')[0].rpartition('/')[2]}@…{self.image[-8:]}"
        )

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse_all(list(contradictions(self.cpu, self.memory, "invalidation.service.cpu")))
        return self
