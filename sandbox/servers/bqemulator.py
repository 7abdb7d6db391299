"""bqemulator as a program of ours, for `sandbox.servers.as_account`: loaded before the user is changed, and mended.

Version 1.4.0 lacks some of what BigQuery's REST reference promises (read 2026-11-25) and a schema is applied by. That
alone is added; clustering, labels and descriptions of a CREATE, a dry run's bytes and the required filter stay lost.

* `tables.get` leaves out a view's query;
* `tables.patch` and `update` ignore If-Match;
* `jobs.insert` runs a job anew whose id is taken;
* a dry run of CREATE PROCEDURE makes the procedure;
* ALTER TABLE changes the table and not what `tables.get` tells of it.
"""

import asyncio
import importlib
import json
import pkgutil
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

_OPTIONAL = frozenset({"bqemulator.testing", "bqemulator.__main__"})
_TABLE = re.compile(r"/bigquery/v2/projects/([^/]+)/datasets/([^/]+)/tables/([^/]+)")
_JOBS = re.compile(r"/bigquery/v2/projects/([^/]+)/jobs")
_PROCEDURE = re.compile(r"\s*CREATE\s+(OR\s+REPLACE\s+)?PROCEDURE\b", re.IGNORECASE)
_COMMENTS = re.compile(r"--[^\n]*\n")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


def _loaded(package: str) -> Any:
    module: Any = importlib.import_module(package)
    for found in pkgutil.walk_packages(module.__path__, f"{package}."):
        if not any(found.name.startswith(name) for name in _OPTIONAL):
            importlib.import_module(found.name)
    return module


_loaded("bqemulator")
for _late in ("pydoc", "uvicorn.lifespan.on", "uvicorn.loops.auto", "uvicorn.protocols.http.auto"):
    # Loaded with the first request otherwise, when Python's own folder may be closed to the servers' account.
    importlib.import_module(_late)
_cli: Any = importlib.import_module("bqemulator.cli")
_server: Any = importlib.import_module("bqemulator.server")
_tables: Any = importlib.import_module("bqemulator.api.routes.tables")
_jobs: Any = importlib.import_module("bqemulator.api.routes.jobs")
_sync: Any = importlib.import_module("bqemulator.catalog.ddl_sync")
_executor: Any = importlib.import_module("bqemulator.jobs.executor")


class Preconditions:
    """Answers 412 to a change of a table that is not as its caller saw it, and 409 to a job whose id is taken."""

    def __init__(self, application: Application, catalog: Any) -> None:
        self._application = application
        self._catalog = catalog
        self._changing = asyncio.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope.get("path", "")
        if scope.get("method") in ("PATCH", "PUT") and (place := _TABLE.fullmatch(path)):
            async with self._changing:
                found = self._catalog.get_table(*place.groups())
                seen = dict(scope["headers"]).get(b"if-match", b"").decode()
                if seen and found is not None and seen != found.etag:
                    await _refuse(send, 412, "conditionNotMet", "Precondition Failed")
                else:
                    await self._application(scope, receive, send)
        elif scope.get("method") == "POST" and (place := _JOBS.fullmatch(path)):
            body = await _body(receive)
            job = json.loads(body or b"{}").get("jobReference", {}).get("jobId", "")
            if job and self._catalog.get_job(place[1], job):
                await _refuse(send, 409, "duplicate", f"Already Exists: Job {place[1]}:{job}")
            else:
                await self._application(scope, _replay(body, receive), send)
        else:
            await self._application(scope, receive, send)


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _replay(body: bytes, receive: Receive) -> Receive:
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


async def _refuse(send: Send, status: int, reason: str, text: str) -> None:
    error = {"code": status, "message": text, "errors": [{"reason": reason, "message": text}]}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"error": error}).encode()})


def _with_preconditions(create: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def created(context: Any) -> Any:
        application = create(context)
        application.add_middleware(Preconditions, catalog=context.catalog)
        return application

    return created


def _with_query(told: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    def with_query(table: Any) -> dict[str, Any]:
        view = {"view": {"query": table.view_query, "useLegacySql": False}} if table.view_query else {}
        return {**told(table), **view}

    return with_query


def _with_procedures(classify: Callable[[str], str]) -> Callable[[str], str]:
    def with_procedures(sql: str) -> str:
        return "CREATE_PROCEDURE" if _PROCEDURE.match(_COMMENTS.sub("", sql)) else classify(sql)

    return with_procedures


def _with_altered(synchronise: Callable[[str, str, Any], None]) -> Callable[[str, str, Any], None]:
    def with_altered(sql: str, project: str, context: Any) -> None:
        synchronise(sql, project, context)
        tree = _sync.sqlglot.parse_one(sql, read="bigquery", error_level=_sync.sqlglot.ErrorLevel.IGNORE)
        if not isinstance(tree, _sync.exp.Alter) or not isinstance(tree.this, _sync.exp.Table):
            return
        place = _sync._split_target(tree.this, project)  # noqa: SLF001 # the emulator offers no other way in
        if table := context.catalog.get_table(*place):
            schema = _sync._introspect_schema(*place, context)  # noqa: SLF001 # the same
            known = {field.name: field for field in table.schema_.fields}
            fields = tuple(known.get(field.name, field) for field in schema.fields)
            context.catalog.update_table(
                table.model_copy(update={"schema_": schema.model_copy(update={"fields": fields})})
            )

    return with_altered


def main(arguments: Sequence[str]) -> int:
    """Serve until a signal; returns the exit code."""
    _server.create_app = _with_preconditions(_server.create_app)
    _tables._table_to_rest = _with_query(_tables._table_to_rest)  # noqa: SLF001 # the emulator offers no other way in
    _jobs.classify_statement_type = _with_procedures(_jobs.classify_statement_type)
    _executor.sync_created_table = _with_altered(_executor.sync_created_table)
    _cli.main(args=list(arguments), standalone_mode=False)
    return 0
