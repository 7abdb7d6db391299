"""What cannot be built of the Timescale settings, and what deserves a second look."""

from collections.abc import Iterator

from infra import catalog
from infra.catalog import timescale_rows
from infra.derive.findings import Advice
from infra.settings import Problem, Settings
from infra.settings.timescale import TimescaleSettings


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the Timescale settings; nothing when the store is off."""
    timescale = settings.timescale
    if timescale is None:
        return
    yield from _catalogue(timescale)
    yield from _only_on_aws(timescale)
    yield from _ranges(settings, timescale)
    if settings.project.environment == "prod" and timescale.environment_tag != "PROD":
        yield Problem("timescale.environmentTag", timescale.environment_tag, "PROD in prod", "write PROD")


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about the Timescale settings."""
    timescale = settings.timescale
    if timescale is None:
        return
    region = timescale_rows.cloud_regions()[timescale.region]
    way = "through timescale.vpc and an AWS network" if timescale.vpc else "over a public TLS endpoint"
    yield Advice(
        "timescale.region",
        f"{timescale.region} ({region.place}) is another cloud: reached {way}, 1 to 10 ms away at best, with egress "
        "charged by both clouds; write in batches (COR-11). The vendor has no deletion protection: only Pulumi's "
        "protect stands before it",
    )
    here = catalog.regions()[settings.project.region].jurisdiction
    if region.jurisdiction != here:
        yield Advice(
            "timescale.region", f"the data falls under the law of {region.jurisdiction}, the platform's under {here}'s"
        )
    if len(timescale.clients) > 1:
        yield Advice(
            "timescale.clients",
            f"{', '.join(sorted(timescale.clients))} all sign in as tsdbadmin: name no more than need it",
        )
    if timescale.data_tiering:
        yield Advice("timescale.dataTiering", "it can never be turned off again, except by the vendor's support")
    if timescale.vpc and timescale.vpc.peering is None:
        yield Advice("timescale.vpc", "without a peering nobody reaches the service")


def _catalogue(timescale: TimescaleSettings) -> Iterator[Problem]:
    if timescale.region not in timescale_rows.cloud_regions():
        yield Problem(
            "timescale.region",
            timescale.region,
            f"one of {', '.join(timescale_rows.cloud_regions())}",
            "choose one of them; Timescale Cloud runs nowhere on Google Cloud (COR-11)",
        )
    sizes = {"timescale.compute": timescale.compute}
    if timescale.read_replica:
        sizes["timescale.readReplica.compute"] = timescale.read_replica.compute
    for path, size in sizes.items():
        if size not in timescale_rows.computes():
            yield Problem(
                path,
                size,
                f"one of {', '.join(timescale_rows.computes())}",
                "choose one of them: memory goes with the processor, 4 GB for each",
            )


def _only_on_aws(timescale: TimescaleSettings) -> Iterator[Problem]:
    """The provider refuses the networks and the exporters of Azure regions (internal/provider/region.go)."""
    if timescale.region.startswith("aws/"):
        return
    for name, given in (
        ("vpc", timescale.vpc),
        ("metricExporter", timescale.metric_exporter),
        ("logExporter", timescale.log_exporter),
    ):
        if given:
            yield Problem(
                f"timescale.{name}",
                timescale.region,
                "a region on AWS: the vendor offers it there alone",
                f"remove {name}, or choose a region that begins with aws/",
            )


def _ranges(settings: Settings, timescale: TimescaleSettings) -> Iterator[Problem]:
    """A range that is ours already could not be routed to."""
    if timescale.vpc is None:
        return
    for name, taken in settings.network.ranges.items():
        if taken.overlaps(timescale.vpc.range):
            yield Problem(
                "timescale.vpc.range",
                str(timescale.vpc.range),
                f"a range that does not overlap network.{name} ({taken})",
                "choose a free range",
            )
