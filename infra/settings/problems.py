"""What is wrong with the settings, in words a person can act on; nothing here knows pydantic or Pulumi."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Problem:
    """One value that cannot be used.

    path: where it stands, in the file's own camelCase names, e.g. "postgres.backup.retained".
    given: the value as written ("missing" when it is not there; hidden when it may be a secret).
    allowed: what would be accepted.
    fix: the next thing to do.
    location: "Pulumi.prod.yaml:42" when the settings came from a file, else None.
    """

    path: str
    given: str
    allowed: str
    fix: str
    location: str | None = None

    def __str__(self) -> str:
        """Four short lines: where, what was given, what is allowed, how to fix."""
        place = f"  ({self.location})" if self.location else ""
        return (
            f"{self.path or 'settings'}{place}\n"
            f"    given:   {self.given}\n"
            f"    allowed: {self.allowed}\n"
            f"    fix:     {self.fix}"
        )


class SettingsError(Exception):
    """The settings cannot be used; carries every problem found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__(self.problems)

    def __str__(self) -> str:
        """The readable report of all problems."""
        count = len(self.problems)
        head = "1 setting cannot be used:" if count == 1 else f"{count} settings cannot be used:"
        return "\n\n".join([head, *(str(problem) for problem in self.problems)])

    def located(self, find: Callable[[str], str | None]) -> SettingsError:
        """Return the same error with every problem's place in its file added, as found by its path."""
        return SettingsError(
            problem if problem.location else replace(problem, location=find(problem.path)) for problem in self.problems
        )
