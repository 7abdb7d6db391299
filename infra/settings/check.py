"""Checking stack files offline: the values themselves, then everything that follows from them, without Pulumi."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.settings.load import load
from infra.settings.problems import SettingsError
from infra.settings.settings import STORES
from infra.settings.stack_file import StackFile

if TYPE_CHECKING:
    from pathlib import Path

    from infra.derive.platform import PlatformPlan
    from infra.settings.settings import Settings


def check(path: Path) -> tuple[Settings, PlatformPlan]:
    """Read a stack file and work its platform out.

    Raises SettingsError, each problem with its line in the file.
    """
    # The settings know nothing of what is derived from them; only this command needs both.
    from infra.derive.platform import derive  # noqa: PLC0415

    stack = StackFile.read(path)
    try:
        settings = load(stack.subjects)
        return settings, derive(settings)
    except SettingsError as error:
        raise error.located(stack.location) from None


def summary(settings: Settings) -> dict[str, str]:
    """Return what was understood, one line a subject."""
    project, network = settings.project, settings.network
    recovery = f", disaster recovery in {project.disaster_recovery_region}" if project.disaster_recovery_region else ""
    return {
        "project": f"{project.environment} in {project.gcp_project}, {project.region}{recovery}; "
        f"deletion guards {'on' if project.deletion_guards else 'off'}",
        "network": f"{', '.join(str(each) for each in network.ranges.values())}; {network.dns_domain}",
        "encryption": f"{settings.encryption.protection_level} keys, rotated every {settings.encryption.rotation}",
        **{store: getattr(settings, store).summary for store in STORES if store in settings.stores},
    }
