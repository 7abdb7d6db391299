"""A change that the planner found to be needed, before it becomes a step of the ledger."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from schema.kit import Action

_MOST = 3
"""Differences told in one line; the rest are counted."""


@dataclass(frozen=True)
class Change:
    """One change; `checksum` is that of the content it brings about."""

    action: Action
    what: str
    detail: str
    checksum: str
    run: Callable[[], None]


def differences(actual: Any, wanted: Any, path: str = "") -> Iterator[str]:
    """Where two JSON values differ, a path with both sides each."""
    if isinstance(actual, dict) and isinstance(wanted, dict):
        for key in sorted({*actual, *wanted}):
            inner = f"{path}.{key}" if path else key
            if key not in wanted:
                yield f"{inner} is not in the files"
            elif key not in actual:
                yield f"{inner} is missing"
            else:
                yield from differences(actual[key], wanted[key], inner)
    elif actual != wanted:
        yield f"{path}: {_short(actual)} → {_short(wanted)}"


def in_one_line(found: list[str]) -> str:
    """The first differences, and how many more there are."""
    rest = len(found) - _MOST
    return "; ".join(found[:_MOST]) + (f"; and {rest} more" if rest > 0 else "")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004 # half a line
