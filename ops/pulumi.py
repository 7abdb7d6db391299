"""Runs the Pulumi CLI for the commands of `ops`: the real one, or the one on the simulated cloud."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from policies.levels import file_of

ROOT = Path(__file__).resolve().parents[1]
PACK = ROOT / "policies" / "all"
COMMAND_VARIABLE = "PULUMI_COMMAND"
_QUIETLY = ("--non-interactive", "--color", "never", "--suppress-outputs")


class PulumiError(Exception):
    """The CLI cannot be run, or refused to do what was asked."""


@dataclass(frozen=True)
class Pulumi:
    """One stack through one CLI; `command` is what a person would type instead of `pulumi`."""

    command: str
    stack: str

    @property
    def levels(self) -> Path:
        """The stack's levels and parameters of every policy; raises PulumiError when it has none."""
        file = file_of(self.stack)
        if not file.is_file():
            raise PulumiError(
                f"stack {self.stack} has no {file.relative_to(ROOT)}: write one, {{}} keeps every default"
            )
        return file

    @property
    def _packs(self) -> list[str]:
        return ["--policy-pack", str(PACK), "--policy-pack-config", str(self.levels)]

    def preview(self, events: Path, *, with_packs: bool) -> subprocess.CompletedProcess[str]:
        """Preview, with every pack when asked; what the engine saw is written to `events`, one event a line."""
        packs = self._packs if with_packs else []
        return self.run("preview", *packs, "--event-log", str(events), *_QUIETLY)

    def refresh(self, events: Path) -> subprocess.CompletedProcess[str]:
        """Compare the state with the cloud and change neither; what was found is written to `events`."""
        # It takes no lock (pulumi v3.250.0, pkg/backend/diy/backend.go, Refresh), so that it holds up no deployment.
        return self.run("refresh", "--preview-only", "--event-log", str(events), *_QUIETLY)

    def analyze(self) -> subprocess.CompletedProcess[str]:
        """Run every pack on the state: stdout holds one event a line."""
        return self.run("policy", "analyze", "--json", *self._packs)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command on the stack; raises PulumiError when the CLI cannot be run."""
        # The event log is a hidden flag, unlocked by this variable (pulumi v3.250.0, pkg/cmd/pulumi/operations).
        environment = {**os.environ, "PULUMI_DEBUG_COMMANDS": "true"}
        try:
            return subprocess.run(  # noqa: S603 # the user's own command
                [*shlex.split(self.command), *arguments, "--stack", self.stack],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as error:
            raise PulumiError(
                f"{self.command}: cannot be run ({error.strerror}); name the CLI with --pulumi or ${COMMAND_VARIABLE}"
            ) from error
