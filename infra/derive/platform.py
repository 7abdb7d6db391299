"""The whole platform worked out from its settings before anything is declared: pure, and the same every time."""

from dataclasses import dataclass

from infra import catalog
from infra.derive.advice import Advice, advice
from infra.derive.checks import problems
from infra.derive.encryption import EncryptionPlan, encryption_plan
from infra.derive.names import Names, names_for
from infra.derive.network import NetworkPlan, network_plan
from infra.derive.postgres import PostgresPlan, postgres_plan
from infra.settings import Settings, SettingsError


@dataclass(frozen=True)
class PlatformPlan:
    """Everything the components need to know."""

    environment: str
    gcp_project: str
    region: str
    labels: dict[str, str]
    protect: bool
    services: tuple[str, ...]
    names: Names
    network: NetworkPlan
    encryption: EncryptionPlan
    postgres: PostgresPlan
    advice: tuple[Advice, ...]


def derive(settings: Settings) -> PlatformPlan:
    """Work the platform out.

    Raises SettingsError with every value that Google does not offer or that cannot stand beside another.
    """
    if found := problems(settings):
        raise SettingsError(found)
    project, names = settings.project, names_for(settings.project)
    labels = project.labels
    return PlatformPlan(
        environment=project.environment,
        gcp_project=project.gcp_project,
        region=project.region,
        labels={
            "env": project.environment,
            "owner": labels.owner,
            "cost-centre": labels.cost_centre,
            "data-class": labels.data_class,
        },
        protect=project.deletion_guards,
        services=tuple(catalog.services()),
        names=names,
        network=network_plan(settings, names),
        encryption=encryption_plan(settings, names),
        postgres=postgres_plan(settings, names),
        advice=advice(settings),
    )
