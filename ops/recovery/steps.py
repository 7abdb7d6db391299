"""Procedures as lists of steps, and the one loop that runs them: shown, done once, gone on with, told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from ops.recovery.declared import Declared
from ops.recovery.errors import RecoveryError, RefusedError
from ops.recovery.journal import Journal

Values = Mapping[str, Any]


class Reporter(Protocol):
    """Who tells the person what happens, and asks."""

    def say(self, text: str) -> None:
        """A line."""

    def asks(self, question: str, typed: str) -> bool:
        """Whether the person agrees; `typed` is what must be written, empty for yes or no."""


@dataclass
class Run:
    """One run of a procedure: what is declared, the ways to the cloud and its databases, and what is known so far."""

    declared: Declared
    journal: Journal
    reporter: Reporter
    folder: Path
    google: Any = None
    agreed: bool = False
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def option(self, name: str) -> str:
        """What was asked for; empty where nothing was."""
        return self.journal.options.get(name, "")

    def value(self, name: str) -> Any:
        """What an earlier step has found out; raises RecoveryError where its journal was lost."""
        values = self.journal.values
        if name not in values:
            raise RecoveryError(f"run {self.journal.run}", f"{name} is not in its journal", fix="begin a new run")
        return values[name]


@dataclass(frozen=True)
class Step:
    """One step that can be done again after it was interrupted anywhere.

    `title` and `detail` are shown by --plan and stand in the runbook. `asks` is the question before something that
    cannot be undone, or that clients notice; a step without it touches nothing live.
    """

    id: str
    title: str
    detail: str
    do: Callable[[Run], Values | None]
    asks: Callable[[Run], str] | None = None
    is_wanted: Callable[[Run], bool] = lambda _: True
    only_with: str = ""


@dataclass(frozen=True)
class Procedure:
    """A command's steps; `requirement` and `promise` are the document's.

    `failed` is told of a step that could not be done, before the command ends with its error.
    """

    name: str
    summary: str
    requirement: str
    promise: str
    steps: tuple[Step, ...]
    failed: Callable[[Run, RecoveryError], None] = lambda _run, _error: None


@dataclass
class Watcher:
    """Who is told before and after each step: tests kill the process there."""

    before: Callable[[str], None] = field(default=lambda _: None)
    after: Callable[[str], None] = field(default=lambda _: None)


def perform(procedure: Procedure, run: Run, watcher: Watcher | None = None) -> None:
    """Do every step that is not done yet; raises RecoveryError at the first one that cannot be."""
    watcher = watcher or Watcher()
    with run.journal.held():
        for number, step in enumerate(procedure.steps, 1):
            label = f"{number}/{len(procedure.steps)} {step.title}"
            if run.journal.is_done(step.id):
                run.reporter.say(f"{label}: done before")
            elif not step.is_wanted(run):
                run.reporter.say(f"{label}: not asked for ({step.only_with})")
            else:
                try:
                    _one(step, label, run, watcher)
                except RecoveryError as error:
                    procedure.failed(run, error)
                    raise
        ended = run.clock()
        run.journal.ends(ended)
        run.reporter.say(f"{procedure.name}: ended {(ended - run.journal.begun).total_seconds():.0f} s after it began")


def _one(step: Step, label: str, run: Run, watcher: Watcher) -> None:
    if step.asks is not None:
        ask(step.asks(run), run)
    run.reporter.say(f"{label} …")
    watcher.before(step.id)
    run.journal.step_begins(step.id, run.clock())
    try:
        values = step.do(run)
    except RecoveryError as error:
        run.journal.step_fails(str(error), run.clock())
        raise
    run.journal.step_ends(values or {}, run.clock())
    watcher.after(step.id)
    run.reporter.say(f"{label}: done in {run.journal.steps[-1]['seconds']} s")


def ask(question: str, run: Run) -> None:
    """Ask unless it was agreed beforehand, on prod by the environment's name; raises RefusedError."""
    if run.agreed:
        return
    environment = run.declared.environment
    typed = environment if run.declared.is_production else ""
    if not run.reporter.asks(question, typed):
        raise RefusedError(
            f"run {run.journal.run}",
            "was not agreed to; nothing of this step was done",
            allowed=f"type {typed}" if typed else "yes",
            fix=f"run it again, or with --yes-really {environment} from automation; it goes on here",
        )
