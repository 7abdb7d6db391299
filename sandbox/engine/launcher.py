"""``sandbox/pulumi``: runs the Pulumi CLI against the simulated cloud, in a shadow of this repository's project.

Everything a command leaves behind is in one folder, ``.sandbox`` or the environment variable TRIPTRIP_SANDBOX: the
shadow project, the stacks' state, the CLI's home and the simulated cloud. Only the standard library is imported, and
YAML when a stack file changed, so that the launcher adds little to a command.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.engine import arguments, environment, processes, shadow
from sandbox.engine.errors import LauncherError

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_STACK = "dev"
SANDBOX_VARIABLE = "TRIPTRIP_SANDBOX"


def main(words: list[str]) -> int:
    """Run the CLI with ``words`` and return its exit code."""
    sandbox = Path(os.environ.get(SANDBOX_VARIABLE) or ROOT / ".sandbox").absolute()
    try:
        return launch(words, sandbox, cloud_command(sandbox))
    except LauncherError as error:
        processes.tell(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


def cloud_command(sandbox: Path) -> list[str]:
    """Return the command that serves the simulated cloud of ``sandbox``."""
    return [sys.executable, "-P", "-m", "sandbox.cloud", "serve", "--state", str(sandbox / "cloud.sqlite")]


def launch(words: list[str], sandbox: Path, cloud: Sequence[str], root: Path = ROOT) -> int:
    """Run the CLI on the project of ``root`` with the folder ``sandbox`` and the simulated cloud run by ``cloud``."""
    engine = environment.chosen_engine(ROOT / ".sandbox" / "engine.stamp")
    command = arguments.understand(words, working_directory=Path.cwd(), root=root, project=sandbox / "project")
    sandbox.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ending:
        process: processes.CloudProcess | None = None
        if command.needs_cloud:
            process = processes.CloudProcess(cloud, root)
            ending.callback(process.stop)
        with shadow.locked(sandbox):
            (sandbox / "state").mkdir(exist_ok=True)
            project = shadow.refresh(root, sandbox, processes.tell)
            if command.needs_stack:
                ensure_stack(command.stack or os.environ.get("PULUMI_STACK"), project, sandbox, engine)
        variables = environment.for_cli(os.environ, sandbox, engine, process.port() if process else None)
        return processes.run_cli([engine.pulumi, *command.arguments], project, variables)


def ensure_stack(named: str | None, project: Path, sandbox: Path, engine: environment.Engine) -> None:
    """Make the stack that a command is about exist in the sandbox; the caller holds the lock.

    ``named`` is the stack that the user named; without it the selected one counts, and ``dev`` is selected when none
    is. Only a stack with a file Pulumi.<stack>.yaml is made: of any other the CLI itself says that it does not exist.
    """
    selected = selected_stack(sandbox)
    stack = (named or selected or DEFAULT_STACK).rsplit("/", 1)[-1]
    exists = any(any(sandbox.glob(f"state/.pulumi/stacks/*/{stack}.{kind}")) for kind in ("json", "json.gz"))
    if not exists and (project / f"Pulumi.{stack}.yaml").exists():
        _run_quietly(["stack", "init", stack, *(["--no-select"] if named else [])], project, sandbox, engine)
    elif exists and not named and not selected:
        _run_quietly(["stack", "select", stack], project, sandbox, engine)


def selected_stack(sandbox: Path) -> str | None:
    """Return the stack selected by ``stack select``, from the CLI's own record of it, or None."""
    for record in sandbox.glob("home/workspaces/*-workspace.json"):
        settings = json.loads(record.read_text())
        # "stack" up to v3.250; newer engines keep one for each backend.
        for stack in (*settings.get("stacks", {}).values(), settings.get("stack")):
            if stack:
                return str(stack)
    return None


def _run_quietly(words: list[str], project: Path, sandbox: Path, engine: environment.Engine) -> None:
    result = subprocess.run(  # noqa: S603  (the engine that set-up chose)
        [engine.pulumi, *words, "--non-interactive"],
        cwd=project,
        env=environment.for_cli(os.environ, sandbox, engine, None),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise LauncherError(f"pulumi {' '.join(words)} failed:\n{result.stdout}{result.stderr}".rstrip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
