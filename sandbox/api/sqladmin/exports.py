"""Exports to Cloud Storage, and the databases of an instance: what sqladmin v1 needs for them beside its instances.

Google Cloud, "Export data from Cloud SQL for PostgreSQL" and the discovery document's ExportContext, read 2026-11.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.api.call import Call, Handler
from sandbox.api.errors import ApiError
from sandbox.api.operations import OperationError
from sandbox.api.sqladmin.databases import Databases
from sandbox.api.sqladmin.service import SqlAdmin
from sandbox.api.storage import Storage

Dump = Callable[[str, Mapping[str, Any]], bytes]
"""What an export of an instance writes for its context; may raise OperationError."""


class ExportingSqlAdmin(SqlAdmin):
    """Cloud SQL with databases in its instances (`names`, by instance) and exports of them into buckets."""

    def __init__(self, databases: Databases, storage: Storage, dump: Dump, polls: int = 3) -> None:
        super().__init__(databases, polls=polls)
        self.names: dict[str, list[str]] = {}
        self._storage = storage
        self._dump = dump

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What is answered: exports and databases too."""
        return {**super().handlers, "sql.instances.export": self._export, "sql.databases.list": self._databases}

    def _databases(self, call: Call) -> Any:
        instance = self._found(call)["name"]
        rows = [
            {"kind": "sql#database", "name": name, "instance": instance, "project": call["project"]}
            for name in ("postgres", *self.names.get(instance, ()))
        ]
        return {"kind": "sql#databasesList", "items": rows}

    def _export(self, call: Call) -> Any:
        instance, context = self._free(call), call.body["exportContext"]
        if len(context.get("databases", ())) != 1:
            raise ApiError(400, "Exactly one database must be given for a PostgreSQL instance.", "invalidRequest")
        if not context.get("uri", "").startswith("gs://") or context.get("fileType") not in ("SQL", "CSV"):
            raise ApiError(400, "An export is a SQL or CSV file in Cloud Storage.", "invalidRequest")
        work = functools.partial(self._write, instance["name"], context)
        return self._begin(call, instance, "EXPORT", work, {"exportContext": context})

    def _write(self, instance: str, context: Mapping[str, Any]) -> None:
        bucket, _, name = context["uri"].removeprefix("gs://").partition("/")
        (database,) = context["databases"]
        if database not in ("postgres", *self.names.get(instance, ())):
            raise OperationError("ERROR_RDBMS", f'database "{database}" does not exist')
        if bucket not in self._storage.buckets:
            raise OperationError("RESOURCE_DOES_NOT_EXIST", f"The bucket {bucket} does not exist.")
        found = self._storage.buckets[bucket]
        if name in found.objects and found.retention:
            raise OperationError("INTERNAL_ERROR", f"gs://{bucket}/{name} is subject to the bucket's retention policy")
        self._storage.put(bucket, name, self._dump(instance, context))
