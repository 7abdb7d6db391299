"""The names of what a recovery makes, and the one check before anything is deleted."""

import re

from ops.recovery.errors import RefusedError

_MARK = "-recovery-"
_MARKED = re.compile(r"[a-z][a-z0-9-]*-recovery-(?P<run>\d{8}t\d{6}z)(-\d+)?")


def instance_name(primary: str, run: str, attempt: int = 1) -> str:
    """The name of a copy that a run makes; a further attempt needs another one, since Cloud SQL blocks a used name."""
    tail = "" if attempt == 1 else f"-{attempt}"
    return f"{_base(primary)}{_MARK}{run.lower()}{tail}"


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


def is_marked(name: str) -> bool:
    """Whether a name is one that recoveries give."""
    return _MARKED.fullmatch(name) is not None


def _base(primary: str) -> str:
    """Copies of a copy do not grow the name."""
    return primary.partition(_MARK)[0]
