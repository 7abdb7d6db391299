"""A database of one value with a replica that follows when it is told to."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Read:
    """What was read, and the moment in microseconds of which it is true."""

    value: str
    as_of: int


class Database:
    """`clock` is the one that invalidations go by, in microseconds."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._value = ""
        self._replica = Read("", 0)

    def write(self, value: str) -> int:
        """Change the primary; returns the moment of the change, which an event carries."""
        self._value = value
        return self._clock()

    def replicate(self) -> None:
        """Let the replica hear everything, and the heartbeat that says of when it is."""
        moment = self._clock()
        self._replica = Read(self._value, moment)

    def read_primary(self) -> Read:
        """The primary's value; its moment was taken before."""
        moment = self._clock()
        return Read(self._value, moment)

    def read_replica(self) -> Read:
        """The replica's value as of its last heartbeat: now, less the lag."""
        return self._replica
