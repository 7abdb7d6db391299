"""Where PostgreSQL's instances stand and what they are called: what the platform has no network, key or grant for."""

from collections.abc import Iterator

from infra import catalog
from infra.derive.names import names_for
from infra.derive.postgres import primary_region
from infra.settings import Problem
from infra.settings.postgres import PostgresSettings
from infra.settings.project import ProjectSettings


def zones(project: ProjectSettings, postgres: PostgresSettings) -> Iterator[Problem]:
    """Yield every region without the platform's network and keys, and every zone outside its region."""
    primary = postgres.primary
    if primary.region not in (None, project.region, project.disaster_recovery_region):
        yield _elsewhere("postgres.primary.region", str(primary.region), project)
    else:
        home = primary_region(postgres, project)
        yield from _zone("postgres.primary.zone", primary.zone, home)
        if primary.secondary_zone:
            yield from _zone("postgres.primary.secondaryZone", primary.secondary_zone, home)
    for key, replica in postgres.replicas.items():
        path = f"postgres.replicas.{key}"
        if replica.region not in (None, project.region, project.disaster_recovery_region):
            yield _elsewhere(f"{path}.region", str(replica.region), project)
            continue
        yield from _zone(f"{path}.zone", replica.zone, replica.region or project.region)
        if replica.zone == primary.zone:
            yield Problem(
                f"{path}.zone",
                replica.zone,
                f"another zone than the primary's, {primary.zone}",
                "spread the instances over zones",
            )


def _elsewhere(path: str, given: str, project: ProjectSettings) -> Problem:
    return Problem(
        path,
        given,
        f"{project.region} or {project.disaster_recovery_region}, where the platform has a network and keys",
        "leave the region out, or make it project.disasterRecoveryRegion",
    )


def instance_names(project: ProjectSettings, postgres: PostgresSettings) -> Iterator[Problem]:
    """Yield every name that the grants do not reach, which is by a prefix, and every name that two share."""
    names = names_for(project)
    prefix = names.of("postgres") + "-"
    written = {"postgres.primary.instance": (postgres.primary.instance, names.lasting("postgres"))}
    for key, replica in postgres.replicas.items():
        derived = names.lasting("postgres", "replica", key)
        written[f"postgres.replicas.{key}.instance"] = (replica.instance, derived)
    taken: set[str] = set()
    for path, (given, derived) in written.items():
        if given is not None and not given.startswith(prefix):
            yield Problem(
                path,
                given,
                f"a name that begins with {prefix}: users may sign in to no other instance of the project",
                "clone or restore into an instance of such a name",
            )
        if (name := given or derived) in taken:
            yield Problem(path, name, "a name that no other instance of postgres has", "name another instance")
        taken.add(name)


def _zone(path: str, zone: str, region: str) -> Iterator[Problem]:
    if region in catalog.regions() and zone not in catalog.regions()[region].zones:
        yield Problem(path, zone, f"one of {', '.join(catalog.regions()[region].zones)}", f"choose a zone of {region}")
