"""The names of what a recovery makes, and the one check before anything is deleted."""

import re

from infra.derive.drills import DRILL_MARK, RECOVERY_MARK, base_name
from ops.recovery.errors import RefusedError

_MARKED = re.compile(rf"[a-z][a-z0-9-]*(?P<mark>{RECOVERY_MARK}|{DRILL_MARK})(?P<run>\d{{8}}t\d{{6}}z)(-\d+)?")


def instance_name(primary: str, run: str, attempt: int = 1, mark: str = RECOVERY_MARK) -> str:
    """The name of a copy that a run makes; a further attempt needs another one, since Cloud SQL blocks a used name."""
    tail = "" if attempt == 1 else f"-{attempt}"
    return f"{base_name(primary)}{mark}{run.lower()}{tail}"


def schema_name(run: str) -> str:
    """The schema that a run lays recovered rows into, beside the live tables."""
    return f"recovered_{run.lower()}"


def check_deletable(name: str, run: str, declared: tuple[str, ...], names_of_it: list[str]) -> None:
    """Raise RefusedError unless an instance is a copy that this very run has made and that no client reaches by a name.

    `declared` are the stack's own instances, `names_of_it` the records that stand for its address.
    """
    found = _MARKED.fullmatch(name)
    where = f"instance {name}"
    if found is None or found["run"] != run.lower():
        raise RefusedError(where, f"has no mark of run {run}; only what a run has made is ever deleted by it")
    if name in declared:
        raise RefusedError(where, "is declared by the stack, and never deleted by a recovery")
    if names_of_it:
        raise RefusedError(
            where,
            f"{', '.join(names_of_it)} stands for it: clients use it",
            fix="move the names away first (`python -m ops restore back`), if that is what is wanted",
        )


def drill_of(name: str) -> str:
    """The run of the drill that has made an instance, by its name; empty for any other instance."""
    found = _MARKED.fullmatch(name)
    return found["run"].upper() if found and found["mark"] == DRILL_MARK else ""
