"""Commands on an estate as a person would run them, without waiting for a person or a cloud."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.recovery import session
from ops.recovery.cloud import Pace
from ops.recovery.steps import Procedure, Run, Watcher

QUICK = Pace(attempts=4, first_wait=0.001, poll=0.001, longest_poll=0.01, patience=60, timeout=20)


@dataclass
class Listener:
    """What was said, and what was asked; agrees to everything that `agrees` says."""

    agrees: bool = True
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.said.append(text)

    def asks(self, question: str, typed: str) -> bool:
        self.asked.append(f"{question} [{typed}]")
        return self.agrees


def performed(  # noqa: PLR0913, PLR0917 # a command's options
    procedure: Procedure,
    options: Mapping[str, str],
    listener: Listener | None = None,
    watcher: Watcher | None = None,
    environment: str = "dev",
    pace: Pace = QUICK,
) -> Run:
    """Begin a procedure, or go on with it."""
    listener = listener or Listener()
    target = session.target_of(environment)
    journal, _ = session.journal_for(procedure, environment, options)
    return session.start(procedure, target, journal, listener, pace=pace, watcher=watcher)
