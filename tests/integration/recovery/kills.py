"""A procedure that is killed before and after each of its steps in turn, and must end as if it had not been."""

from collections.abc import Callable

import pytest

from ops.recovery.steps import Procedure, Run, Watcher

Perform = Callable[[Watcher | None], Run]


def killed_everywhere(procedure: Procedure, perform: Perform) -> Run:
    """Perform it with a kill at every point; each run goes on where the one before has ended. Returns the last one."""
    for step in procedure.steps:
        for when in ("before", "after"):

            def kill(name: str, wanted: str = step.id) -> None:
                if name == wanted:
                    raise KeyboardInterrupt

            with pytest.raises(KeyboardInterrupt):
                perform(Watcher(**{when: kill}))
    return perform(None)
