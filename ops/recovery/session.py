"""From a command's options to a run: which journal, whose consent, which clients."""

import os
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from infra.derive.drills import JOURNALS_VARIABLE
from ops.recovery.actions import Action
from ops.recovery.cloud import Pace, connect
from ops.recovery.declared import ROOT, Declared, declared
from ops.recovery.errors import RecoveryError, RefusedError
from ops.recovery.journal import FOLDER, Journal
from ops.recovery.steps import Procedure, Reporter, Run, Watcher, ask, perform

FOLDER_VARIABLE = JOURNALS_VARIABLE
"""Where journals and dumps lie, instead of .recovery in the working tree."""


def folder() -> Path:
    """Where journals lie."""
    return Path(os.environ.get(FOLDER_VARIABLE) or ROOT / FOLDER)


def consent(target: Declared, yes_really: str, reporter: Reporter, what: str) -> bool:
    """Whether everything was agreed to beforehand, by --yes-really; raises RefusedError where prod was not named."""
    if yes_really:
        if yes_really != target.environment:
            raise RefusedError(
                "--yes-really", f"names {yes_really}", allowed=target.environment, fix="name what is meant"
            )
        return True
    if target.is_production and not reporter.asks(f"{what} on {target.environment}.", target.environment):
        raise RefusedError(
            f"--env {target.environment}",
            "its name was not typed",
            allowed=target.environment,
            fix=f"type it when asked, or give --yes-really {target.environment} from automation; --plan needs neither",
        )
    return False


def journal_for(
    procedure: Procedure, environment: str, options: Mapping[str, str], run: str = "", *, is_new: bool = False
) -> tuple[Journal, bool]:
    """The journal to work on, and whether it is one that goes on; raises RecoveryError where that is not clear."""
    place = folder()
    if run:
        journal = Journal.of_run(place, environment, run)
        if journal.procedure != procedure.name:
            raise RecoveryError("--run", f"{run} is a {journal.procedure}", fix=f"python -m ops {journal.procedure} …")
        return journal, True
    open_runs = [] if is_new else Journal.unfinished(place, procedure.name, environment)
    for journal in open_runs:
        if _asked(journal.options) == _asked(options):
            return journal, True
    if open_runs:
        other = open_runs[0]
        raise RecoveryError(
            f"run {other.run}",
            f"has not ended, and was asked for something else: {_told(other.options)}",
            allowed=f"--run {other.run} goes on with it; --new begins another beside it",
            fix="choose one",
        )
    return Journal.begin(place, procedure.name, environment, options, datetime.now(UTC)), False


def begin(  # noqa: PLR0913 # a command's options
    procedure: Procedure,
    environment: str,
    options: Mapping[str, str],
    reporter: Reporter,
    run: str = "",
    *,
    is_new: bool = False,
) -> Journal:
    """The journal of a new run or of one that goes on, once the person knows which; raises as `journal_for`."""
    journal, goes_on = journal_for(procedure, environment, options, run, is_new=is_new)
    going_on = ", going on" if goes_on else ""
    reporter.say(f"run {journal.run} of {procedure.name} on {environment}{going_on}: {journal.path}")
    return journal


def start(  # noqa: PLR0913 # what, for whom, how
    procedure: Procedure,
    target: Declared,
    journal: Journal,
    reporter: Reporter,
    *,
    agreed: bool = False,
    pace: Pace | None = None,
    watcher: Watcher | None = None,
) -> Run:
    """Perform a procedure with clients of its own; returns the run when every step is done."""
    with closing(connect(target, pace)) as google:
        run = Run(target, journal, reporter, folder(), google, agreed)
        perform(procedure, run, watcher)
    return run


def act(  # noqa: PLR0913 # what, for whom, how
    action: Action,
    target: Declared,
    journal: Journal,
    reporter: Reporter,
    *,
    agreed: bool = False,
    pace: Pace | None = None,
) -> None:
    """Do one thing to what a run has made."""
    with closing(connect(target, pace)) as google, journal.held():
        run = Run(target, journal, reporter, folder(), google, agreed)
        ask(action.asks(run), run)
        action.do(run)


def target_of(environment: str) -> Declared:
    """What a stack declares."""
    return declared(environment)


def _asked(options: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in options.items() if value}


def _told(options: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in options.items() if value) or "no options"
