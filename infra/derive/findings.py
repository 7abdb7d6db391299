"""A finding: what can be built and still deserves a second look."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Advice:
    """A finding: where it is set, and what to know about it."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"
