"""What every store offers to the command: what is to be done, by whom, what was done, what is wrong."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum

from schema.kit.errors import SchemaError
from schema.kit.ledger import Record


class Action(StrEnum):
    """What a step does to its object."""

    RUN = "run"
    RERUN = "run again"
    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"


@dataclass(frozen=True)
class Step:
    """One change that is made whole or not at all, in a store that other steps before it have changed.

    `what` names the object, `detail` the difference in one line. `run` makes the change; it raises SchemaError, and can
    be called again after it was interrupted anywhere.
    """

    action: Action
    what: str
    detail: str = ""
    run: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)


class Store(ABC):
    """A store that is connected to."""

    @abstractmethod
    def lock(self, wait_seconds: float) -> AbstractContextManager[None]:
        """Be the only one who changes the store; raises SchemaError naming the holder when it stays taken.

        A holder that dies loses it: at once where the store sees the connection end, after its lease elsewhere.
        """

    @abstractmethod
    def steps(self) -> Sequence[Step]:
        """What is to be done until the store is as the files say, in order; changes nothing.

        Raises SchemaError when a file that has run was edited, and for everything that can be seen to fail beforehand.
        """

    @abstractmethod
    def records(self) -> Sequence[Record]:
        """The files that have run or are kept, in the order they were begun."""

    @abstractmethod
    def findings(self) -> Sequence[str]:
        """What the store has otherwise than the files say, a line each, beyond what `steps` would change."""

    def maintain(self) -> Sequence[str]:
        """Do the upkeep that is due, as a schedule asks every few minutes; returns what failed, a line each."""
        raise SchemaError("maintain", "this store keeps itself", fix="nothing needs to be done")
