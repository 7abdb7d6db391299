"""The environment in which the launcher runs the CLI."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.engine.errors import LauncherError

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDERS = ("ec", "gcp", "grafana", "mongodbatlas", "random", "terraform-provider")
"""Every provider of the program; all of them are served by the one simulated cloud.

Timescale's is a Terraform provider: the engine attaches to the bridge's name and parameterizes it.
"""

PASSPHRASE = "sandbox"  # noqa: S105  (protects nothing: the sandbox holds no real secret)

_REAL_ACCOUNT = frozenset({"PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_API", "PULUMI_BACKEND_URL"})


@dataclass(frozen=True)
class Engine:
    """The CLI that ``sandbox/setup`` chose.

    ``official`` when it is a whole distribution found on PATH, which brings its own Python language host.
    """

    pulumi: str
    official: bool


def chosen_engine(stamp: Path) -> Engine:
    """Read ``stamp``, which ``sandbox/setup`` writes; raises LauncherError when it has not run."""
    try:
        _key, pulumi, host = stamp.read_text().splitlines()
    except (OSError, ValueError) as error:
        raise LauncherError("the engine is not set up: run sandbox/setup") from error
    return Engine(pulumi, official=host == "official")


def for_cli(base: Mapping[str, str], sandbox: Path, engine: Engine, cloud_port: int | None) -> dict[str, str]:
    """Return the CLI's environment: ``base`` (the user's), pointed at the sandbox and never at a real account.

    ``cloud_port`` is the simulated cloud's port on 127.0.0.1, None for a command that calls no provider.
    """
    result = {name: value for name, value in base.items() if name not in _REAL_ACCOUNT}
    result.pop("PYTHONDONTWRITEBYTECODE", None)  # every command would parse 60 MB of SDK again
    result |= {
        "PULUMI_BACKEND_URL": f"file://{sandbox / 'state'}?metadata=skip",
        "PULUMI_HOME": str(sandbox / "home"),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
        "VIRTUAL_ENV": sys.prefix,
        "SANDBOX_PYTHON": sys.executable,
    }
    if not engine.official:
        # The language host lies beside the engine; another one on PATH belongs to another engine.
        result["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "true"
    if cloud_port is not None:
        result["PULUMI_DEBUG_PROVIDERS"] = ",".join(f"{provider}:{cloud_port}" for provider in PROVIDERS)
    result["PATH"] = os.pathsep.join([str(Path(engine.pulumi).parent), result.get("PATH", os.defpath)])
    return result
