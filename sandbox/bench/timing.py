"""Commands timed from outside, each run in a process of its own so that nothing is warm that a user would not have."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.engine.launcher import ROOT

LAUNCH = (
    "import sys, json; from pathlib import Path; from sandbox.engine.launcher import launch; "
    "sandbox, root, cloud, *words = sys.argv[1:]; "
    "sys.exit(launch(words, Path(sandbox), json.loads(cloud), Path(root)))"
)
RUNS = 5
"""Each figure is the median of so many runs: machines are noisy."""


@dataclass(frozen=True)
class Project:
    """A project of the CLI, with its own sandbox and the command that serves its cloud."""

    root: Path
    sandbox: Path
    cloud: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, *words: str, variables: Mapping[str, str] | None = None) -> float:
        """Run the CLI once; returns seconds. Raises RuntimeError with the output when it fails."""
        command = [
            sys.executable,
            "-c",
            LAUNCH,
            str(self.sandbox),
            str(self.root),
            json.dumps(list(self.cloud)),
            *words,
        ]
        return timed(command, {**self.variables, **(variables or {})})

    def median(self, *words: str, runs: int = RUNS) -> float:
        """The median of several runs, in seconds."""
        return statistics.median(self.run(*words) for _ in range(runs))


def timed(command: Sequence[str], variables: Mapping[str, str]) -> float:
    """Seconds one command takes; raises RuntimeError with its output when it fails."""
    environment = {**os.environ, **variables}
    start = time.perf_counter()
    done = subprocess.run(  # noqa: S603 # our own commands
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:3])} … {command[-1]} failed:\n{done.stdout}{done.stderr}")
    return seconds
