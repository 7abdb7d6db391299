"""A sandbox of one test: the real CLI on the simulated cloud, in a folder of its own."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra import catalog
from infra.derive.phases import lay_over
from infra.settings.stack_file import StackFile

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Result:
    """What one command did."""

    code: int
    output: str
    stdout: str

    def succeeded(self) -> "Result":
        """Return itself, or fail the test with what the command said."""
        assert self.code == 0, self.output
        return self

    def failed(self, *said: str) -> "Result":
        """Return itself, or fail the test because it succeeded, showed a traceback or left a word out."""
        assert self.code != 0, f"was expected to fail:\n{self.output}"
        assert "Traceback" not in self.output, self.output
        for words in said:
            assert words in self.output, f"{words!r} is missing in:\n{self.output}"
        return self

    def killed(self) -> "Result":
        """Return itself, or fail the test because the command was not killed."""
        assert self.code in (-9, 137), f"was expected to be killed:\n{self.output}"
        return self


@dataclass(frozen=True)
class Step:
    """One operation of a preview or an update."""

    op: str
    type: str
    name: str
    inputs: dict[str, Any]

    @property
    def is_stateful(self) -> bool:
        """Whether it touches what holds data."""
        return self.type in catalog.stateful_types()


def _steps(found: Iterable[tuple[dict[str, Any], dict[str, Any] | None]]) -> list[Step]:
    """The steps of an operation that change something, each with the resource's state after it."""
    return [
        Step(
            op=step["op"],
            type=step["urn"].split("::")[2].rpartition("$")[2],
            name=step["urn"].rpartition("::")[2],
            inputs=(after or {}).get("inputs", {}),
        )
        for step, after in found
        if step["op"] != "same"
    ]


def resources_of(deployment: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The custom resources of a state by name, without providers."""
    return {
        resource["urn"].rpartition("::")[2]: resource
        for resource in deployment.get("resources", [])
        if resource.get("custom") and not resource["type"].startswith("pulumi:")
    }


class Sandbox:
    """Runs the CLI and looks at what it left behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def copy(self, folder: Path) -> "Sandbox":
        """The same state in another folder, so that many tests can start from one deployment."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Sandbox(folder)

    def run(self, *arguments: str, stack: str | None = None, trouble: Mapping[str, Any] | None = None) -> Result:
        """Run one command of the CLI; `trouble` is what goes wrong in the cloud meanwhile."""
        named = ["--stack", stack] if stack else []
        # The launcher dies with its CLI: a trouble that kills "the engine" is given the launcher's process.
        command = ["bash", "-c", 'TRIPTRIP_ENGINE_PID=$$ exec "$0" "$@"', str(ROOT / "sandbox" / "pulumi")]
        done = subprocess.run(  # noqa: S603 # our own script
            [*command, *arguments, *named],
            env=self._environment(trouble),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        return Result(done.returncode, done.stdout + done.stderr, done.stdout)

    def up(self, stack: str, *arguments: str, trouble: Mapping[str, Any] | None = None) -> Result:
        """Apply the stack."""
        return self.run("up", "--yes", "--skip-preview", *arguments, stack=stack, trouble=trouble)

    def assert_settled(self, stack: str) -> None:
        """A further preview changes nothing and no operation is left pending."""
        self.run("preview", "--expect-no-changes", stack=stack).succeeded()
        assert self.deployment(stack).get("pending_operations", []) == []

    def steps(self, stack: str) -> list[Step]:
        """What a preview would do, without what stays the same."""
        result = self.run("preview", "--json", stack=stack).succeeded()
        return _steps((step, step.get("newState")) for step in json.loads(result.stdout)["steps"])

    def applied(self, stack: str) -> list[Step]:
        """Apply the stack; returns what was done, without what stayed the same."""
        events = map(json.loads, self.up(stack, "--json").succeeded().stdout.splitlines())
        done = (event["resourcePreEvent"]["metadata"] for event in events if "resourcePreEvent" in event)
        return _steps((step, step.get("new")) for step in done)

    def deployment(self, stack: str) -> dict[str, Any]:
        """The stack's state."""
        exported: dict[str, Any] = json.loads(self.run("stack", "export", stack=stack).succeeded().stdout)
        deployment: dict[str, Any] = exported["deployment"]
        return deployment

    def resources(self, stack: str) -> dict[str, dict[str, Any]]:
        """The custom resources of the state by name, without providers."""
        return resources_of(self.deployment(stack))

    def finished(self, deployment: dict[str, Any]) -> set[str]:
        """Names of the resources that exist and are ready."""
        return resources_of(deployment).keys() - self.unfinished(deployment)

    def unfinished(self, deployment: dict[str, Any]) -> set[str]:
        """Names of the resources that exist without being ready."""
        return {name for name, resource in resources_of(deployment).items() if resource.get("initErrors")}

    def urn(self, stack: str, name: str) -> str:
        """The URN of any resource of the state, a provider included."""
        urns = [resource["urn"] for resource in self.deployment(stack)["resources"]]
        return next(str(urn) for urn in urns if urn.endswith(f"::{name}"))

    def configure(self, stack: str, changes: Mapping[str, Any]) -> None:
        """Lay changes over the sandbox's own copy of the stack file; the tracked file stays as it is."""
        file = self.folder / "project" / f"Pulumi.{stack}.yaml"
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        subjects = StackFile.read(file).subjects
        changed = lay_over(subjects, changes)
        content["config"] = {f"triptrip:{subject}": values for subject, values in changed.items()}
        file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")

    def cloud(self, *arguments: str) -> str:
        """Run `python -m sandbox.cloud` on this sandbox's cloud."""
        command = [str(ROOT / ".venv" / "bin" / "python"), "-m", "sandbox.cloud", *arguments]
        done = subprocess.run(  # noqa: S603 # our own module
            [*command, "--state", str(self.folder / "cloud.sqlite")],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        return done.stdout

    def _environment(self, trouble: Mapping[str, Any] | None) -> dict[str, str]:
        environment = {**os.environ, "TRIPTRIP_SANDBOX": str(self.folder)}
        environment.pop("PULUMI_STACK", None)
        if trouble is None:
            # Nothing crashes here, so the state need not be written after every step, which costs more than all else.
            environment["PULUMI_SKIP_CHECKPOINTS"] = "true"
        else:
            file = self.folder / "trouble.json"
            self.folder.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(trouble), encoding="utf-8")
            environment["TRIPTRIP_CLOUD_TROUBLE"] = str(file)
        return environment
