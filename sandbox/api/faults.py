"""Trouble on demand: which call of which method meets it, and of what kind."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What happens to a call."""

    INTERNAL = "500"
    UNAVAILABLE = "503"
    THROTTLED = "429 with Retry-After"
    CUT = "the connection is cut, nothing was done"
    LOST = "done, and the connection is cut before the answer"
    SILENT = "done, and the answer never comes"
    OPERATION = "taken, and its operation ends in an error"


TAKES_EFFECT = (Kind.LOST, Kind.SILENT, Kind.OPERATION)
"""Kinds after which the cloud has done, or begun, what was asked."""

SEVERED = (Kind.CUT, Kind.LOST, Kind.SILENT)
"""Kinds after which no answer comes."""

STATUS: Mapping[Kind, int] = {Kind.INTERNAL: 500, Kind.UNAVAILABLE: 503, Kind.THROTTLED: 429}
"""What is answered instead of doing anything."""


@dataclass(frozen=True)
class Fault:
    """The `nth` call of a method, from 1, or every call from it on with `lasts`, meets trouble."""

    method: str
    kind: Kind
    nth: int = 1
    lasts: bool = False
    retry_after: int = 0

    @property
    def headers(self) -> Mapping[str, str]:
        """What an answer of STATUS carries."""
        return {"Retry-After": str(self.retry_after)} if self.kind is Kind.THROTTLED else {}

    def meets(self, count: int) -> bool:
        """Whether this call is the one, by its number."""
        return count >= self.nth if self.lasts else count == self.nth


class Faults:
    """The faults that are set, and how often each method was called; shared by the server's threads."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self._faults = list(faults)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Set further trouble, counted from the first call there ever was."""
        with self._lock:
            self._faults += faults

    def clear(self) -> None:
        """No more trouble."""
        with self._lock:
            self._faults.clear()

    def next(self, method: str) -> Fault | None:
        """Count a call; the trouble it meets."""
        with self._lock:
            self._counts[method] += 1
            count = self._counts[method]
            return next((fault for fault in self._faults if fault.method == method and fault.meets(count)), None)
