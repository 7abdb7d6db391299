"""Where an image lies, so that whoever starts it may be allowed to read it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RepositoryPlan:
    """A repository of Artifact Registry."""

    project: str
    location: str
    name: str


def repository_of(image: str) -> RepositoryPlan:
    """The repository in <location>-docker.pkg.dev/<project>/<repository>/<image>@<digest>."""
    location, project, repository, _ = image.split("/", 3)
    return RepositoryPlan(project, location.removesuffix("-docker.pkg.dev"), repository)
