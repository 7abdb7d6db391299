"""What stands behind the Admin API: databases that can be copied to a moment, in memory or on real servers."""

import itertools
from datetime import datetime, timedelta
from typing import Protocol

from sandbox.api import times
from sandbox.api.operations import OperationError


class Databases(Protocol):
    """Databases by the instance's name. Each method may raise OperationError, which ends its operation in an error."""

    def create(self, name: str) -> str:
        """Make an empty one; returns its private address."""

    def clone(self, source: str, name: str, moment: datetime | None) -> str:
        """Copy a database as it was at a moment, or as it is; returns the copy's address."""

    def backup(self, source: str) -> str:
        """Take a backup; returns what it is called from now on."""

    def restore(self, backup: str, name: str) -> str:
        """Make a database of a backup, or replace one's contents by it; returns its address."""

    def window(self, name: str) -> tuple[datetime, datetime]:
        """The earliest and the latest moment that the kept logs reach."""

    def names(self, name: str) -> list[str]:
        """The databases inside it."""

    def create_database(self, name: str, database: str) -> None:
        """Make a database inside it."""

    def load(self, name: str, database: str, content: bytes) -> None:
        """Run a SQL dump, packed by gzip where it is, as an import does."""

    def delete(self, name: str) -> None:
        """Remove a database and its data."""


class MemoryDatabases:
    """No databases: names, addresses and what was done, for tests of the calls alone.

    `lineage` tells of each database what it was made of: ("clone", source, moment), ("backup", id) or ("empty",).
    """

    def __init__(self, log_reach: timedelta = timedelta(days=7)) -> None:
        self.lineage: dict[str, tuple[object, ...]] = {}
        self.loaded: dict[str, list[bytes]] = {}
        self._inside: dict[str, list[str]] = {}
        self._log_reach = log_reach
        self._addresses = itertools.count(10)
        self._backups = itertools.count(1)

    def create(self, name: str) -> str:
        """An empty database."""
        return self._made(name, "empty")

    def clone(self, source: str, name: str, moment: datetime | None) -> str:
        """A database that remembers what it is a copy of."""
        return self._made(name, "clone", source, moment)

    def backup(self, source: str) -> str:
        """A backup's name."""
        return f"{source}-{next(self._backups)}"

    def restore(self, backup: str, name: str) -> str:
        """A database that remembers its backup."""
        return self._made(name, "backup", backup)

    def window(self, name: str) -> tuple[datetime, datetime]:
        """Logs up to this moment."""
        if name not in self.lineage:
            raise OperationError("INTERNAL_ERROR", f"{name} has no logs")
        return times.now() - self._log_reach, times.now()

    def names(self, name: str) -> list[str]:
        """What was made in it; a copy has what its source has, which is not modelled."""
        return self._inside.get(name, [])

    def create_database(self, name: str, database: str) -> None:
        """Remember a database."""
        self._inside.setdefault(name, []).append(database)

    def load(self, name: str, database: str, content: bytes) -> None:
        """Keep what was loaded."""
        del database
        self.loaded.setdefault(name, []).append(content)

    def delete(self, name: str) -> None:
        """Forget a database, where making it had not failed."""
        self.lineage.pop(name, None)

    def _made(self, name: str, *lineage: object) -> str:
        self.lineage[name] = lineage
        return f"10.20.0.{next(self._addresses)}"
