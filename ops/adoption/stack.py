"""What an adoption asks of the engine: the state out and in, a refresh of single resources, settings changed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from infra.settings.stack_file import NAMESPACE
from ops.adoption.errors import AdoptionError
from ops.adoption.intent import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ops.pulumi import Pulumi

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_QUIETLY = ("--yes", "--skip-preview", "--non-interactive", "--suppress-outputs")
_TAIL = 2000


class Stack:
    """One stack through its CLI; every method raises AdoptionError with the CLI's own words when it refuses."""

    def __init__(self, engine: Pulumi) -> None:
        self.engine = engine

    def export(self) -> dict[str, Any]:
        """The state, secrets encrypted."""
        exported: dict[str, Any] = json.loads(self._run("stack", "export"))
        return exported

    def bring_in(self, state: Path) -> None:
        """Make a file the state; the engine checks that each resource stands after what it needs."""
        self._run("stack", "import", "--file", str(state.resolve()))

    def refresh(self, urns: Iterable[str]) -> None:
        """Read these resources from the cloud; one that is not there leaves the state."""
        self._run("refresh", *_QUIETLY, *_targets(urns))

    def deploy(self, urns: Iterable[str]) -> None:
        """Make these resources as they are declared, and nothing else; all of them must be in the state already."""
        self._run("up", *_QUIETLY, *_targets(urns))

    def settings(self) -> dict[str, Any]:
        """The raw settings by subject, as `infra.settings.load` takes them."""
        told = json.loads(self._run("config", "--json"))
        prefix = f"{NAMESPACE}:"
        found = {key.removeprefix(prefix): row for key, row in told.items() if key.startswith(prefix)}
        return {key: row.get("objectValue", row.get("value")) for key, row in found.items()}

    def change(self, subject: str, changes: Sequence[Change]) -> None:
        """Write settings into the stack file; its comments and layout stay."""
        for change in changes:
            path = f"{NAMESPACE}:{subject}{''.join(map(_step, change.path))}"
            if change.value is None:
                self._run("config", "rm", "--path", path)
            else:
                self._run("config", "set", "--path", path, _text(change.value))

    def _run(self, *arguments: str) -> str:
        done = self.engine.run(*arguments)
        if done.returncode:
            raise AdoptionError(f"pulumi {' '.join(arguments[:2])} failed:\n{(done.stdout + done.stderr)[-_TAIL:]}")
        return done.stdout


def _targets(urns: Iterable[str]) -> list[str]:
    return [f"--target={urn}" for urn in urns]


def _step(name: str) -> str:
    return f".{name}" if _PLAIN.fullmatch(name) else f'["{name}"]'


def _text(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)
