"""Customer-managed keys: how often they turn and how long a destroyed one can be brought back."""

from typing import Annotated, Literal

from pydantic import Field

from infra.settings.constraints import Between
from infra.settings.model import SettingsModel
from infra.settings.units import Duration


class EncryptionSettings(SettingsModel):
    """One Cloud KMS key a store, in its region's own key ring (BAK-PG: AES-256)."""

    rotation: Annotated[Duration, Between("1 day", "90 days", "1 s")] = Field(
        default=Duration.parse("90 days"),
        description="How often every key gets a new version; at most 90 days (CIS Google Cloud Foundations 1.10).",
    )
    destroy_delay: Annotated[Duration, Between("30 days", "120 days", "1 s")] = Field(
        default=Duration.parse("30 days"),
        description="How long a destroyed key version can still be restored. Cannot be changed on an existing key: "
        "a change replaces the key.",
    )
    protection_level: Literal["SOFTWARE", "HSM"] = Field(
        default="SOFTWARE", description="Where the keys live: in software or in a certified hardware module."
    )
