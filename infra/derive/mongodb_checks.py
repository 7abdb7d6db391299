"""What MongoDB Atlas would refuse of the mongodb settings, and what deserves a second look."""

from collections.abc import Iterator

from infra.catalog import mongodb_rows as catalog
from infra.derive.findings import Advice
from infra.settings import Problem, Settings
from infra.settings.mongodb import MongodbSettings
from infra.settings.project import ProjectSettings


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the mongodb settings; nothing when the store is off."""
    mongodb = settings.mongodb
    if mongodb is None:
        return
    yield from _regions(settings.project, mongodb)
    yield from _sizes(settings.project, mongodb)
    yield from _bounds(mongodb)
    if mongodb.compliance_policy and settings.project.environment != "prod":
        yield Problem(
            "mongodb.compliancePolicy",
            settings.project.environment,
            "only in prod: a Backup Compliance Policy can never be taken back",
            "remove the group",
        )


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about the mongodb settings."""
    mongodb = settings.mongodb
    if mongodb is None:
        return
    newest = max(catalog.atlas_versions())
    if mongodb.version < newest:
        end = catalog.atlas_versions()[mongodb.version]
        yield Advice("mongodb.version", f"MongoDB {mongodb.version}.0 ends on {end}; {newest}.0 is offered (COR-13)")
    if mongodb.workload_identity_provider is None:
        yield Advice(
            "mongodb.workloadIdentityProvider",
            "without it no database user is declared and no program can sign in; docs/runbooks/mongodb-atlas.md",
        )
    if not mongodb.search_indexes:
        names = ", ".join(catalog.search_indexes())
        yield Advice(
            "mongodb.searchIndexes",
            f"{names} is declared once this is true; set it when the schema step has made the collections (COR-15)",
        )
    if mongodb.backup.copy_region:
        yield Advice(
            "mongodb.backup.copyRegion",
            f"the copies in {mongodb.backup.copy_region} are encrypted with the key in {settings.project.region}: "
            "while that region's KMS is down they cannot be restored",
        )
    if mongodb.compliance_policy:
        yield Advice(
            "mongodb.compliancePolicy",
            "the policy is for ever: only MongoDB's support can lower it, at the representative's request, and the "
            "project cannot be deleted while snapshots last",
        )


def _regions(project: ProjectSettings, mongodb: MongodbSettings) -> Iterator[Problem]:
    copy = mongodb.backup.copy_region
    known = ", ".join(catalog.atlas_regions())
    for path, region in (("project.region", project.region), ("mongodb.backup.copyRegion", copy)):
        if region is not None and region not in catalog.atlas_regions():
            yield Problem(
                path,
                region,
                f"one of {known}, whose names in Atlas are known",
                "choose one of them, or add a row to infra/catalog/atlas_regions.yaml",
            )
    if copy == project.region:
        yield Problem(
            "mongodb.backup.copyRegion",
            project.region,
            "another region than project.region",
            "choose a second region, or remove the line",
        )


def _sizes(project: ProjectSettings, mongodb: MongodbSettings) -> Iterator[Problem]:
    """Sizes exist, are offered in the region, are no burstable machines in prod, and hold the disk."""
    offered = {name: row for name, row in catalog.atlas_sizes().items() if project.region not in row.absent}
    for path, name in _named_sizes(mongodb):
        row = offered.get(name)
        if row is None:
            yield Problem(
                path, name, f"one of {', '.join(offered)}, which Atlas offers in {project.region}", "choose one of them"
            )
        elif row.shared_core and project.environment == "prod":
            yield Problem(
                path,
                name,
                "a size with cores of its own in prod",
                "take M30 or larger: M10 and M20 have no steady speed",
            )
        elif path != "mongodb.autoscaling.maximum" and mongodb.disk.gib > row.disk_gb:
            yield Problem(
                "mongodb.disk",
                str(mongodb.disk),
                f"at most {row.disk_gb} GB, the largest disk of {name} ({path})",
                "lower it, or raise the size (and autoscaling.minimum)",
            )


def _bounds(mongodb: MongodbSettings) -> Iterator[Problem]:
    """Autoscaling's bounds: in order, and around the size the cluster is made with."""
    order = list(catalog.atlas_sizes())
    bounds = mongodb.autoscaling
    if bounds is None or not {mongodb.size, bounds.minimum, bounds.maximum} <= set(order):
        return
    low, high, size = (order.index(each) for each in (bounds.minimum, bounds.maximum, mongodb.size))
    if low >= high:
        yield Problem(
            "mongodb.autoscaling.maximum",
            bounds.maximum,
            f"a larger size than mongodb.autoscaling.minimum ({bounds.minimum})",
            "raise it, or remove autoscaling",
        )
    elif not low <= size <= high:
        yield Problem(
            "mongodb.size",
            mongodb.size,
            f"between mongodb.autoscaling.minimum and .maximum ({bounds.minimum} to {bounds.maximum})",
            "move the size or the bounds; on a running cluster that is three updates: autoscaling off, resize, on",
        )


def _named_sizes(mongodb: MongodbSettings) -> Iterator[tuple[str, str]]:
    yield "mongodb.size", mongodb.size
    if mongodb.autoscaling:
        yield "mongodb.autoscaling.minimum", mongodb.autoscaling.minimum
        yield "mongodb.autoscaling.maximum", mongodb.autoscaling.maximum
