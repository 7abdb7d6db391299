"""What an adoption keeps on disk: the state before it, and what it is about to do, until it has ended."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from ops.adoption.intent import Change

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_STATE, _INTENT, _END, _INSTANCE = "before.json", "intent.json", "end.json", "instance.json"


class Record:
    """One adoption's folder. Every file appears whole or not at all; the state holds secrets only encrypted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def unfinished(cls, folder: Path) -> Self | None:
        """The adoption of a stack that was begun and did not end."""
        begun = (each.parent for each in sorted(folder.glob(f"*/{_INSTANCE}")))
        return next((cls(each) for each in begun if not (each / _END).exists()), None)

    @classmethod
    def begin(cls, folder: Path, instance: str, state: dict[str, Any]) -> Self:
        """A new one; it counts as begun once its last file is there."""
        record = cls(folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{instance}")
        record.folder.mkdir(parents=True)
        record.keep("before", state)
        record.keep("instance", {"instance": instance})
        return record

    @property
    def instance(self) -> str:
        """The instance that is adopted."""
        return str(self._read(_INSTANCE)["instance"])

    @property
    def state(self) -> Path:
        """The file with the state before."""
        return self.folder / _STATE

    @property
    def before(self) -> dict[str, Any]:
        """The deployment before."""
        deployment: dict[str, Any] = self._read(_STATE)["deployment"]
        return deployment

    @property
    def intent(self) -> dict[str, Any] | None:
        """What is to be done; None while that is not decided."""
        return self._read(_INTENT) if (self.folder / _INTENT).exists() else None

    @property
    def made(self) -> list[Change]:
        """The changes of the settings."""
        return _changes(self._read(_INTENT)["made"])

    @property
    def undo(self) -> list[Change]:
        """What takes them back."""
        return _changes(self._read(_INTENT)["undo"])

    @property
    def demoted(self) -> str | None:
        """The key of the replica that the old primary becomes."""
        found: str | None = self._read(_INTENT)["demoted"]
        return found

    def intend(self, made: Sequence[Change], undo: Sequence[Change], demoted: str | None) -> None:
        """Decide, before the first of it is done."""
        self.keep(
            "intent",
            {"made": [asdict(each) for each in made], "undo": [asdict(each) for each in undo]} | {"demoted": demoted},
        )

    def finish(self, how: str) -> None:
        """End it."""
        self.keep("end", {"how": how})

    def keep(self, name: str, content: dict[str, Any]) -> Path:
        """Write a file and return it."""
        file = self.folder / f"{name}.json"
        part = file.with_suffix(".part")
        part.write_text(json.dumps(content), encoding="utf-8")
        part.replace(file)
        return file

    def _read(self, name: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return content


def _changes(rows: Sequence[dict[str, Any]]) -> list[Change]:
    return [Change(tuple(row["path"]), row["value"]) for row in rows]
