"""MongoDB Atlas as a store of the schema command.

TRIPTRIP_SCHEMA_MONGODB is what applications are handed too (infra/components/mongodb_access.py): an SRV string without
a password, with which pymongo signs in by the token of the job's own service account (MONGODB-OIDC, ENVIRONMENT:gcp).
The user has the roles readWrite and dbAdmin on the database.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bson import SON
from pymongo import MongoClient, ReadPreference, WriteConcern
from pymongo.database import Database
from pymongo.errors import PyMongoError

from infra.catalog import mongodb_rows
from infra.derive.schemas import variable
from schema.kit import Action, Environment, File, Record, SchemaError, Step, Store, ordered_files, patience, pending
from schema.mongodb import plan
from schema.mongodb.change import Change
from schema.mongodb.collection import Collection
from schema.mongodb.documents import check
from schema.mongodb.errors import schema_error, translated
from schema.mongodb.lock import Lock
from schema.mongodb.migrations import Ledger, check_form
from schema.mongodb.observed import ObservedCollection, observed_collection
from schema.mongodb.privileges import check_privileges, user_of
from schema.mongodb.read import FOLDER as COLLECTIONS
from schema.mongodb.read import collections
from schema.mongodb.search import search_findings

MIGRATIONS = Path(__file__).parent / "migrations"
EXAMPLE = "mongodb+srv://<host>/triptrip?authMechanism=MONGODB-OIDC&authSource=%24external&authMechanismProperties=..."
MAJORITY = WriteConcern("majority")
"""A change counts when it can no longer be rolled back by a failover."""

_REACH_MILLISECONDS = 10_000
_STATISTICS: Sequence[Mapping[str, Any]] = [{"$collStats": {"storageStats": {}}}]
_OF_THE_SERVER = "system."
"""What views and time series are kept in; readWrite and dbAdmin may not look into it."""

_WHERE = f"MongoDB ({variable('mongodb')})"


@dataclass
class MongodbStore(Store):
    """A database and the files that say how it is to be; `searched` are Pulumi's search indexes on it."""

    database: Database[Mapping[str, Any]]
    user: str = "anonymous"
    folder: Path = COLLECTIONS
    migrations: Path = MIGRATIONS
    searched: Mapping[str, mongodb_rows.SearchIndexRow] = field(default_factory=dict)
    _lock: Lock = field(init=False)
    _ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self._lock = Lock(self.database["schema_lock"], self.user)
        self._ledger = Ledger(self.database["schema_ledger"], self.user)

    @contextmanager
    def lock(self, wait_seconds: float) -> Iterator[None]:
        """Hold the lease of `schema.mongodb.lock`; raises SchemaError for a missing role before anything is begun."""
        with translated(_WHERE):
            check_privileges(self.database.command("connectionStatus", showPrivileges=True), self.database.name)
            with self._lock.held(wait_seconds):
                yield

    def steps(self) -> Sequence[Step]:
        """New collections, data migrations, validators, indexes: what later ones need comes first.

        Documents that a change would meet are looked at beforehand, unless a migration that may mend them is still to
        run; then each change looks when its turn comes, as it does in any case.
        """
        with translated(_WHERE):
            wanted, observed = self._wanted(), self._observed()
            files = pending(ordered_files(self.migrations, ".py"), self._ledger.records())
            begun = {record.name for record in self._ledger.records()}
            for file in files:
                check_form(file)
            changes = plan.changes(wanted, observed)
            if not files:
                for change in changes:
                    if change.needs:
                        check(self.database, change.needs)
        return [
            *(self._step(change) for change in plan.creations(wanted, observed)),
            *(self._migration(file, is_again=file.name in begun) for file in files),
            *(self._step(change) for change in changes),
        ]

    def records(self) -> Sequence[Record]:
        """The data migrations that have run."""
        with translated(_WHERE):
            return self._ledger.records()

    def findings(self) -> Sequence[str]:
        """Collections and indexes that no file knows, and search indexes on what no collection has."""
        with translated(_WHERE):
            wanted = self._wanted()
            return [*plan.findings(wanted, self._observed()), *search_findings(wanted, self.searched)]

    def _wanted(self) -> Sequence[Collection]:
        return collections(self.folder)

    def _observed(self) -> Mapping[str, ObservedCollection]:
        found = {}
        for entry in self.database.list_collections():
            if entry["name"].startswith(_OF_THE_SERVER):
                continue
            if entry.get("type") == "view":
                found[entry["name"]] = observed_collection(entry, ())
                continue
            collection = self.database[entry["name"]]
            # Before the list: a build that ends in between is then asked for once more, which does no harm.
            building = [name for part in collection.aggregate(_STATISTICS) for name in _builds(part)]
            indexes = [SON(one).to_dict() for one in collection.list_indexes()]
            found[entry["name"]] = observed_collection(entry, indexes, building)
        return found

    def _step(self, change: Change) -> Step:
        def run() -> None:
            if change.needs:
                check(self.database, change.needs)
            self.database.command({**change.command, "writeConcern": MAJORITY.document})

        return Step(change.action, change.what, change.detail, self._guarded(change.what, run))

    def _migration(self, file: File, *, is_again: bool) -> Step:
        what = f"migration {file.name}"
        run = self._guarded(what, lambda: self._ledger.run(file, self.database))
        return Step(Action.RERUN if is_again else Action.RUN, what, "", run)

    def _guarded(self, what: str, run: Callable[[], None]) -> Callable[[], None]:
        """Only who still holds the lock makes a change; the client's errors are told as ours."""

        def guarded() -> None:
            with translated(what):
                self._lock.confirm()
                run()

        return guarded


def _builds(statistics: Mapping[str, Any]) -> Sequence[str]:
    names: Sequence[str] = statistics["storageStats"].get("indexBuilds", ())
    return names


@contextmanager
def opened(environment: Environment) -> Iterator[Store]:
    """Connect to an environment's database; raises SchemaError when it cannot be reached or lets nobody in."""
    settings = environment.declared(environment.settings.mongodb, "mongodb")
    uri = environment.connection("mongodb", EXAMPLE)
    with _client(uri) as client:
        database = _database(client, settings.database)
        with translated(_WHERE):
            status = database.command("connectionStatus")
        yield MongodbStore(
            database,
            user_of(status),
            searched=mongodb_rows.search_indexes() if settings.search_indexes else {},
        )


def _client(uri: str) -> AbstractContextManager[MongoClient[Mapping[str, Any]]]:
    # A URI that says how long to look for a server keeps its own word.
    reach = max(_REACH_MILLISECONDS, round(patience() * 1000))
    limit: dict[str, Any] = {} if "serverselectiontimeoutms" in uri.lower() else {"serverSelectionTimeoutMS": reach}
    with warnings.catch_warnings():
        # The client leaves out an option that it does not understand and says so only in a warning.
        warnings.simplefilter("error", UserWarning)
        try:
            return MongoClient(uri, appname="triptrip-schema", **limit)
        except PyMongoError as error:
            raise schema_error(_WHERE, error) from None
        except UserWarning as warning:
            raise SchemaError(_WHERE, f"an option of its URI: {warning}", fix="correct the URI") from None


def _database(client: MongoClient[Mapping[str, Any]], name: str) -> Database[Mapping[str, Any]]:
    named = client.get_default_database(name).name
    if named != name:
        raise SchemaError(
            _WHERE,
            f"its URI names the database {named}",
            allowed=f"{name}, as triptrip:mongodb.database says",
            fix="take the URI of this environment",
        )
    return client.get_database(name, read_preference=ReadPreference.PRIMARY, write_concern=MAJORITY)
