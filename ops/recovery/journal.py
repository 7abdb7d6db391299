"""What a run has done so far, on disk before the next step begins: a second run goes on where the first one ended.

A file lies in .recovery/ of the working tree, which git ignores: <procedure>-<environment>-<run>.json. It holds no
secret. Losing it loses no data: every step looks at what is there before it does anything.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ops.recovery import moments
from ops.recovery.errors import RecoveryError

FOLDER = Path(".recovery")


class Journal:
    """One run's file; every change is on disk when the method returns."""

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        self.path = path
        self._content = content

    @classmethod
    def begin(
        cls, folder: Path, procedure: str, environment: str, options: Mapping[str, str], now: datetime
    ) -> "Journal":
        """Start a run."""
        name = f"{procedure.replace(' ', '-')}-{environment}"
        while list(folder.glob(f"*-{environment}-{moments.run_id(now)}.json")):
            now += timedelta(seconds=1)
        run = moments.run_id(now)
        path = folder / f"{name}-{run}.json"
        content: dict[str, Any] = {
            "procedure": procedure,
            "environment": environment,
            "run": run,
            "options": dict(options),
            "begun": moments.rfc3339(now),
            "ended": None,
            "values": {},
            "steps": [],
        }
        folder.mkdir(parents=True, exist_ok=True)
        journal = cls(path, content)
        journal._write()
        return journal

    @classmethod
    def read(cls, path: Path) -> "Journal":
        """A run's file; raises RecoveryError for one that is broken."""
        try:
            return cls(path, json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            fix = "move it away and begin another run; what the old one made carries the old run in its name"
            raise RecoveryError(str(path), f"cannot be read: {error}", fix=fix) from None

    @classmethod
    def unfinished(cls, folder: Path, procedure: str, environment: str) -> list["Journal"]:
        """Runs of a procedure that have not ended, the newest first."""
        pattern = f"{procedure.replace(' ', '-')}-{environment}-*Z.json"
        found = [cls.read(path) for path in sorted(folder.glob(pattern), reverse=True)]
        return [journal for journal in found if not journal.has_ended]

    @classmethod
    def of_run(cls, folder: Path, environment: str, run: str) -> "Journal":
        """A run by its name, whatever its procedure; raises RecoveryError where there is none."""
        found = sorted(folder.glob(f"*-{environment}-{run}.json"))
        if not found:
            known = ", ".join(sorted(path.stem.rpartition("-")[2] for path in folder.glob(f"*-{environment}-*Z.json")))
            raise RecoveryError("--run", f"{run} has no journal in {folder}", allowed=known or "none", fix="begin anew")
        return cls.read(found[0])

    @property
    def procedure(self) -> str:
        """The procedure's name."""
        return str(self._content["procedure"])

    @property
    def run(self) -> str:
        """The run's name."""
        return str(self._content["run"])

    @property
    def begun(self) -> datetime:
        """When it was started."""
        return moments.from_rfc3339(self._content["begun"])

    @property
    def options(self) -> Mapping[str, str]:
        """What was asked for."""
        return dict(self._content["options"])

    @property
    def values(self) -> Mapping[str, Any]:
        """What the steps so far have found out."""
        return dict(self._content["values"])

    @property
    def has_ended(self) -> bool:
        """Whether every step is done."""
        return self._content["ended"] is not None

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The steps in the order they were begun; one that was tried again is there again."""
        return [dict(row) for row in self._content["steps"]]

    def is_done(self, step: str) -> bool:
        """Whether a step has been done."""
        return any(row["step"] == step and row["ended"] for row in self._content["steps"])

    def step_begins(self, step: str, now: datetime) -> None:
        """Note that a step begins."""
        row = {"step": step, "began": moments.rfc3339(now), "ended": None, "seconds": None, "error": None}
        self._content["steps"].append(row)
        self._write()

    def step_ends(self, values: Mapping[str, Any], now: datetime) -> None:
        """Note that the step that was begun last is done, and what it has found out."""
        self._content["values"].update(values)
        self._close_step(now)

    def step_fails(self, error: str, now: datetime) -> None:
        """Note why the step that was begun last has failed."""
        row = self._content["steps"][-1]
        row["error"] = error
        row["seconds"] = _seconds(row["began"], now)
        self._write()

    def ends(self, now: datetime) -> None:
        """Every step is done."""
        self._content["ended"] = moments.rfc3339(now)
        self._write()

    def keep(self, **values: Any) -> None:
        """Note what must not be found out a second time, inside a step."""
        self._content["values"].update(values)
        self._write()

    def _close_step(self, now: datetime) -> None:
        row = self._content["steps"][-1]
        row["ended"] = moments.rfc3339(now)
        row["seconds"] = _seconds(row["began"], now)
        self._write()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the only process that works on this run; raises RecoveryError when another one does."""
        with self.path.with_suffix(".lock").open("w", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                fix = "wait for it, or end it: its next run goes on"
                raise RecoveryError(f"run {self.run}", "another process is working on it", fix=fix) from None
            yield

    def _write(self) -> None:
        new = self.path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            file.write(json.dumps(self._content, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)


def _seconds(began: str, now: datetime) -> float:
    return round((now - moments.from_rfc3339(began)).total_seconds(), 3)
