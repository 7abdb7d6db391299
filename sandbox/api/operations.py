"""Long-running operations that end after so many further requests: time passes by being asked, never by a clock."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime


class OperationError(Exception):
    """An operation that ends badly: Google's error code, such as INTERNAL_ERROR, and its message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class Operation:
    """One operation; `left` counts the requests until its work is done, `error` is why it failed."""

    name: str
    kind: str
    target: str
    inserted: datetime
    work: Callable[[], None]
    left: int
    started: datetime | None = None
    ended: datetime | None = None
    error: OperationError | None = None
    details: dict[str, object] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """PENDING, RUNNING or DONE."""
        return "DONE" if self.ended else "RUNNING" if self.started else "PENDING"


class Operations:
    """The operations of one service; `polls` is how many requests of that service each takes."""

    def __init__(self, clock: Callable[[], datetime], polls: int = 3) -> None:
        self.clock = clock
        self.polls = polls
        self.by_name: dict[str, Operation] = {}
        self._numbers = itertools.count(1)

    def begin(self, kind: str, target: str, work: Callable[[], None], prefix: str = "operation-") -> Operation:
        """Begin an operation on a target; its work is done at once when it ends, not before."""
        operation = Operation(f"{prefix}{next(self._numbers):04}", kind, target, self.clock(), work, self.polls)
        self.by_name[operation.name] = operation
        return operation

    def running(self, target: str) -> Operation | None:
        """The operation that holds a target now."""
        return next((each for each in self.by_name.values() if each.target == target and not each.ended), None)

    def tick(self) -> None:
        """One request more."""
        for operation in list(self.by_name.values()):
            if operation.ended:
                continue
            operation.started = operation.started or self.clock()
            operation.left -= 1
            if operation.left <= 0:
                self._end(operation)

    def _end(self, operation: Operation) -> None:
        try:
            operation.work()
        except OperationError as error:
            operation.error = error
        operation.ended = self.clock()
