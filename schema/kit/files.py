"""Files that make up a schema: ordered ones that run once, and others that state how something is to be."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from schema.kit.errors import SchemaError

ROOT = Path(__file__).resolve().parents[2]
_ORDERED = re.compile(r"(\d{4})_[a-z0-9]+(?:_[a-z0-9]+)*")
_NAME = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")


@dataclass(frozen=True)
class File:
    """One file; `name` is its name without ending, `path` as seen from the project's root."""

    name: str
    path: Path
    content: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the content, as hexadecimal digits."""
        return hashlib.sha256(self.content.encode()).hexdigest()


def read_file(path: Path) -> File:
    """Read one file; raises SchemaError when it is no UTF-8 text."""
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    try:
        return File(path.stem, shown, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise SchemaError(shown.as_posix(), f"is not UTF-8: {error}", fix="save it as UTF-8") from None


def ordered_files(folder: Path, ending: str) -> tuple[File, ...]:
    """The files of a folder that run once, in order: 0001_first.sql, 0002_second.sql, … without a gap.

    Raises SchemaError for a name of another form, for two of one number, and for a gap.
    """
    files = _of(folder, ending, _ORDERED, f"four digits, then words in small letters: 0001_roles{ending}")
    for expected, file in enumerate(files, start=1):
        if int(file.name[:4]) != expected:
            raise SchemaError(
                file.path.as_posix(),
                f"has number {file.name[:4]} where {expected:04} is next",
                allowed="numbers from 0001 on, each once, without a gap",
                fix=f"rename it to {expected:04}{file.name[4:]}{ending}",
            )
    return files


def unordered_files(folder: Path, ending: str) -> tuple[File, ...]:
    """The files of a folder by name, each stating how something is to be; raises SchemaError like `ordered_files`."""
    return _of(folder, ending, _NAME, f"words in small letters: hotel_listing{ending}")


def _of(folder: Path, ending: str, form: re.Pattern[str], allowed: str) -> tuple[File, ...]:
    found = []
    for path in sorted(folder.glob(f"*{ending}")):
        file = read_file(path)
        if not form.fullmatch(file.name):
            raise SchemaError(file.path.as_posix(), "is no name for it", allowed=allowed, fix="rename the file")
        found.append(file)
    return tuple(found)
