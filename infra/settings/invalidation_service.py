"""The invalidation worker as a service of Cloud Run: what it runs, how much of it there is, and what it waits out."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.settings.constraints import Between, Switch, Whole
from infra.settings.forms import Image
from infra.settings.model import Finding, SettingsModel, refuse_all
from infra.settings.units import Duration, Size

# Cloud Run, "Configure CPU limits for services" (read 2026-11-27): in MB, what each number of processors needs at least
# and takes at most; the second generation needs 512 MB whatever the processors.
_MEMORY = {1: (512, 4096), 2: (512, 8192), 4: (2048, 16384)}


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
    cpu: Annotated[int, Whole(1, 4)] = Field(default=1, description="Processors of an instance, 1, 2 or 4.")
    memory: Annotated[Size, Between("512 MB", "16 GB", "1 MB")] = Field(
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
        refuse_all(list(self._contradictions()))
        return self

    def _contradictions(self) -> Iterator[Finding]:
        if self.cpu not in _MEMORY:
            numbers = ", ".join(map(str, _MEMORY))
            yield Finding("cpu", self.cpu, f"one of {numbers}", "choose one of them")
            return
        least, most = _MEMORY[self.cpu]
        if not least <= self.memory.mib <= most:
            allowed = f"{least} MB to {most} MB with invalidation.service.cpu {self.cpu}"
            yield Finding("memory", self.memory, allowed, "change the memory, or the number of processors")
