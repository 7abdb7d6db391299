"""One way to name things: <organisation>-<environment>-<what>, without random parts, to be told by heart."""

from dataclasses import dataclass

from infra.settings.project import ProjectSettings

ORGANISATION = "triptrip"


@dataclass(frozen=True)
class Names:
    """Builds the names of one environment."""

    prefix: str
    generation: int

    def of(self, *parts: str) -> str:
        """A name for something that can be deleted and made again at once."""
        return "-".join((self.prefix, *parts))

    def lasting(self, *parts: str) -> str:
        """A name for something whose name the cloud blocks after deletion: Cloud SQL for a week, key rings for ever.

        It ends in the project's `generation`, the setting to raise when such a thing must be built anew.
        """
        return "-".join((self.prefix, *parts, str(self.generation)))

    def role(self, *parts: str) -> str:
        """The id of a custom role, in which a hyphen is refused; blocked from a week after deletion to 37 days."""
        return self.lasting(*parts).replace("-", "_")


def names_for(project: ProjectSettings) -> Names:
    """The names of an environment."""
    return Names(f"{ORGANISATION}-{project.environment}", project.generation)
