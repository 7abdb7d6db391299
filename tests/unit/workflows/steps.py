"""A step of a workflow, run as the runner runs it, with stand-ins for what it calls."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

WORKFLOWS = Path(__file__).resolve().parents[3] / ".github" / "workflows"


def workflow(name: str) -> dict[Any, Any]:
    """The workflow in a file; YAML reads its key `on` as true."""
    found: dict[Any, Any] = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8"))
    return found


def stand_in(path: Path, script: str) -> None:
    """A program of a test's own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script, encoding="utf-8")
    path.chmod(0o700)


def step(jobs: dict[str, Any], job: str, name: str, folder: Path, **values: str) -> subprocess.CompletedProcess[str]:
    """A step's own script in a folder, whose programs come before the machine's."""
    [found] = [each for each in jobs[job]["steps"] if each.get("name") == name]
    return subprocess.run(  # noqa: S603 # the workflow's own script
        [shutil.which("bash") or "bash", "-eo", "pipefail", "-c", found["run"]],
        cwd=folder,
        env={"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", **values},
        capture_output=True,
        text=True,
        check=False,
    )
