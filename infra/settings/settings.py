"""Everything a stack is told, one attribute a subject."""

from pydantic import Field

from infra.settings.encryption import EncryptionSettings
from infra.settings.model import SettingsModel
from infra.settings.network import NetworkSettings
from infra.settings.postgres import PostgresSettings
from infra.settings.project import ProjectSettings


class Settings(SettingsModel):
    """The root: the config keys `triptrip:<subject>` of one stack."""

    project: ProjectSettings = Field(description="Whose platform this is and where it runs.")
    network: NetworkSettings = Field(description="Address ranges and names of the private network.")
    encryption: EncryptionSettings = Field(description="Customer-managed keys.")
    postgres: PostgresSettings = Field(description="The PostgreSQL tier: Cloud SQL primary, replicas, pooler, users.")
