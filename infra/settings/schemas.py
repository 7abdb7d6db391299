"""The schema step: the jobs that bring what lives inside the stores to what `schema/` says."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from infra.settings.constraints import Between, Whole
from infra.settings.forms import Checksum, ClientName, Image
from infra.settings.model import StoreSettings, refuse_all
from infra.settings.run_sizes import contradictions
from infra.settings.scalar import refusal
from infra.settings.units import Duration, Size

_HOUR, _DAY = 60, 24 * 60


def _divides(value: Duration) -> Duration:
    """Refuse what a schedule of minutes or hours cannot say."""
    minutes = value.seconds // 60
    if (_HOUR if minutes <= _HOUR else _DAY) % minutes or (minutes > _HOUR and minutes % _HOUR):
        raise refusal(
            "a time that divides an hour, or whole hours that divide a day, so that the runs are equally far apart",
            "write 5 minutes, 15 minutes, 1 hour or 6 hours, for example",
        )
    return value


class SchemasSettings(StoreSettings):
    """Cloud Run jobs inside the network, one a store: no store has a public address to apply a schema through."""

    image: Image = Field(
        description="The image of schema/, by its digest. docs/runbooks/schema.md says how it is built.",
        examples=["asia-northeast1-docker.pkg.dev/triptrip-images/platform/schema@sha256:" + "0123456789abcdef" * 4],
    )
    contents: Checksum = Field(
        description="What the image was built of: `docker run --rm IMAGE contents --env ENVIRONMENT` prints it. A "
        "deployment whose own files have another one runs no job: it needs a new image.",
    )
    program: ClientName = Field(
        default="migration",
        description="The program whose account the jobs run as. Every store that is on must name it with the rights "
        "that a schema needs.",
    )
    timeout: Annotated[Duration, Between("1 minute", "1 hour", "1 s")] = Field(
        default=Duration.parse("1 hour"),
        description="How long one job may run; an index of a large table is built inside it. At most an hour: a job "
        "that runs longer may be moved to another machine and lose its connections (Cloud Run, Direct VPC egress, "
        "Limitations), and a deployment waits for every store's job. A single step that takes longer is run by hand.",
    )
    cpu: Annotated[int, Whole(1, 8)] = Field(
        default=1, description="Processors of a job, 1, 2, 4 or 8; it waits for the stores mostly."
    )
    memory: Annotated[Size, Between("512 MB", "32 GB", "1 MB")] = Field(
        default=Size.parse("1 GB"), description="Memory of a job; the files are small, and rows stay in the stores."
    )
    maintain_every: Annotated[Duration, Between("1 minute", "24 hours", "1 minute"), AfterValidator(_divides)] = Field(
        default=Duration.parse("5 minutes"),
        description="How often partitions and materialized views of PostgreSQL are looked after.",
    )
    elasticsearch_key_version: Annotated[int, Whole(1, 10_000)] | None = Field(
        default=None,
        examples=[1],
        description="Version of the secret with the API key of the schema step in Elasticsearch. The first one is made "
        "by hand once the deployment stands (docs/runbooks/schema.md). Absent: Elasticsearch has no job yet, since "
        "Cloud Run refuses one whose secret is empty.",
    )

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        return (
            f"jobs of {self.image.partition('@')[0].rpartition('/')[2]}@…{self.image[-8:]} as {self.program}, "
            f"{self.cpu} CPU, {self.memory}, {self.timeout} at most; PostgreSQL every {self.maintain_every}"
        )

    @property
    def client_paths(self) -> Mapping[str, str]:
        """The program that the jobs run as."""
        return {self.program: "program"}

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse_all(list(contradictions(self.cpu, self.memory, "schemas.cpu")))
        return self
