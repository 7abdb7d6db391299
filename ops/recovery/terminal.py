"""Telling a person what happens, with times, and asking."""

import sys
from datetime import UTC, datetime

from rich.console import Console


class Terminal:
    """Lines with the time in UTC; questions only to somebody who can answer."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True, markup=False)

    def say(self, text: str) -> None:
        """A line."""
        self._console.print(f"{datetime.now(UTC):%H:%M:%S} {text}")

    def asks(self, question: str, typed: str) -> bool:
        """Whether the person agrees: by the word that must be typed, or by y. Nobody there is no consent."""
        if not sys.stdin.isatty():
            return False
        self._console.print(question)
        answer = self._console.input(f"Type {typed} to go on: " if typed else "Go on? [y/N] ").strip()
        return answer == typed if typed else answer.lower() in ("y", "yes")
