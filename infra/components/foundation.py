"""What every store stands on: the shared components, and what is the same for the whole stack."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.components.encryption import Encryption
from infra.components.identities import Identities
from infra.components.network import Network
from infra.components.project_services import ProjectServices
from infra.derive.names import Names


@dataclass(frozen=True)
class Foundation:
    """Shared by all stores, so that each store's own arguments are its plan alone.

    `labels` reach what provider default labels do not; `guarded` switches the providers' and the APIs' own deletion
    guards on, beside Pulumi's; `owner` is the team that answers for the stores.
    """

    gcp_project: str
    region: str
    labels: Mapping[str, str]
    owner: str
    guarded: bool
    names: Names
    network: Network
    encryption: Encryption
    identities: Identities
    services: ProjectServices
