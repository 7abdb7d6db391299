"""Files of the Google Cloud SDK on this machine, for what Google publishes nowhere else."""

import shutil
from pathlib import Path

from sandbox.servers.groups import GcloudLock


class SdkError(RuntimeError):
    """There is no SDK, or it lacks the component."""


def fill(lock: GcloudLock, place: Path) -> None:
    """Copy a file of the SDK that `gcloud` on PATH belongs to; raises SdkError."""
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        raise SdkError("gcloud is not on PATH")
    sdk = Path(gcloud).resolve().parents[1]
    found = sorted(sdk.glob(lock.file))
    if not found:
        raise SdkError(f"{sdk} has no {lock.file}")
    shutil.copyfile(found[-1], place / lock.name)
