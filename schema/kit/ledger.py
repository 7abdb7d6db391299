"""What a store remembers of the files that have run in it, and which of today's files are still to run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schema.kit.errors import SchemaError
from schema.kit.files import File


@dataclass(frozen=True)
class Record:
    """One file that was begun; times are UTC, `finished_at` is None for one that was interrupted."""

    name: str
    checksum: str
    started_at: datetime
    finished_at: datetime | None
    applied_by: str

    @property
    def is_finished(self) -> bool:
        """Whether the file ran to its end."""
        return self.finished_at is not None


def pending(files: Sequence[File], records: Sequence[Record]) -> tuple[File, ...]:
    """The files that have not run to their end, in order; `files` are ordered ones of the same kind as `records`.

    Raises SchemaError when a file that has run was edited, renamed or removed, or when a new one stands before it: what
    is in the store could then no longer be made from the files.
    """
    done = {record.name: record for record in records if record.is_finished}
    known = {file.name: file for file in files}
    for name, record in done.items():
        if name not in known:
            raise SchemaError(
                name,
                "has run in the store and is not among the files",
                fix="check out the commit that has it: an older checkout cannot continue a newer schema",
            )
        if known[name].checksum != record.checksum:
            raise SchemaError(
                known[name].path.as_posix(),
                f"was edited after it ran on {record.started_at:%Y-%m-%d %H:%M} UTC "
                f"(checksum {known[name].checksum[:12]}, ran as {record.checksum[:12]})",
                allowed="a file that has run never changes",
                fix=f"`git checkout` its old content, and put the change into a new file after {files[-1].name}",
            )
    left = tuple(file for file in files if file.name not in done)
    newest = max(done, default="")
    for file in left:
        if file.name < newest:
            raise SchemaError(
                file.path.as_posix(),
                f"stands before {newest}, which has run",
                allowed=f"new files come after {newest}",
                fix="give it the next free number",
            )
    return left
