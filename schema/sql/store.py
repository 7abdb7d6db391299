"""A store whose schema is a folder of SQL files."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from schema.kit import Action, Record, Step, Store
from schema.sql.catalogue import Catalogue
from schema.sql.runner import Runner
from schema.sql.session import Connection, advisory_lock


class SqlStore(Store):
    """The files of a runner, under a lock that the server drops with the connection of its holder."""

    def __init__(self, name: str, connection: Connection, folder: Path, catalogue: Catalogue) -> None:
        self._name = name
        self._catalogue = catalogue
        self.connection = connection
        self.runner = Runner(connection, folder, catalogue)

    def lock(self, wait_seconds: float) -> AbstractContextManager[None]:
        """Be the only one who changes the database."""
        return advisory_lock(self.connection, self._name, wait_seconds)

    def steps(self) -> Sequence[Step]:
        """The files that are to run; after an upgrade of the server first its own words for what is there."""
        older = self._catalogue.older_server
        how = f"in the words of version {self._catalogue.server} instead of {older}"
        anew = Step(Action.CHANGE, "record of what the files left", how, self._catalogue.record_anew)
        return (*([] if older is None else [anew]), *self.runner.steps())

    def records(self) -> Sequence[Record]:
        """The files that have run."""
        return self.runner.records()

    def findings(self) -> Sequence[str]:
        """What was changed by hand and is not put back by running a file again."""
        remedy = "put it back by hand; what shall stay is a new migration's to make"
        return [f"{difference}: {remedy}" for difference in self.runner.lasting()]
