"""BigQuery's REST API as far as the store speaks it, in memory: the answers that an emulator does not give."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

PROJECT = "triptrip-test"
_TABLE = re.compile(r"/bigquery/v2/projects/[^/]+/datasets/([^/]+)/tables(?:/([^/]+))?$")
_JOB = re.compile(r"/bigquery/v2/projects/[^/]+/(?:jobs|queries)(?:/([^/]+))?$")


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    timeout: float | None
    query: Mapping[str, list[str]]


@dataclass
class Fake:
    """Tables with etags and jobs with states; `answer` may answer a request first."""

    seen: list[Request] = field(default_factory=list)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    answer: Callable[[Request], tuple[int, Any] | None] = lambda _: None
    is_mtls = False
    _etags: int = 0

    def client(self) -> bigquery.Client:
        http: Any = self
        return bigquery.Client(
            project=PROJECT, location="asia-northeast1", credentials=AnonymousCredentials(), _http=http  # type: ignore[no-untyped-call] # has no types
        )  # fmt: skip

    def request(
        self, *, method: str, url: str, headers: Mapping[str, str], data: Any, timeout: Any
    ) -> requests.Response:
        parts = urlsplit(url)
        body = json.loads(data) if data else None
        request = Request(method, parts.path, headers, body, timeout, parse_qs(parts.query))
        self.seen.append(request)
        status, answer = self.answer(request) or self._answer(request)
        response = requests.Response()
        response.status_code = status
        response.headers["content-type"] = "application/json"
        response.url = url
        response._content = json.dumps(answer).encode()  # noqa: SLF001 # requests offers no other way to make one
        response.request = requests.Request(method, url).prepare()
        return response

    def close(self) -> None:
        pass

    def _answer(self, request: Request) -> tuple[int, Any]:
        if place := _TABLE.match(request.path):
            return self._table(request, f"{place[1]}.{place[2]}" if place[2] else "")
        if place := _JOB.match(request.path):
            return self._job(request, place[1])
        return 404, error(404, "notFound", request.path)

    def _table(self, request: Request, name: str) -> tuple[int, Any]:
        if request.method == "POST":
            reference = request.body["tableReference"]
            name = f"{reference['datasetId']}.{reference['tableId']}"
            if name in self.tables:
                return 409, error(409, "duplicate", f"Already Exists: Table {name}")
            # Another one's, also where one of this name was deleted.
            return self._put(name, {**request.body, "creationTime": str(1_800_000_000_000 + self._etags)})
        if name not in self.tables:
            return 404, error(404, "notFound", f"Not found: Table {name}")
        found = self.tables[name]
        if request.headers.get("If-Match") not in (None, found.get("etag")):
            return 412, error(412, "conditionNotMet", "Precondition check failed.")
        if request.method == "PATCH":
            return self._put(name, {**found, **request.body})
        if request.method == "DELETE":
            del self.tables[name]
        return 200, found

    def _put(self, name: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        self._etags += 1
        self.tables[name] = {**body, "etag": f'"{self._etags}"'}
        return 200, self.tables[name]

    def _job(self, request: Request, name: str | None) -> tuple[int, Any]:
        if request.method == "POST":
            job = {**request.body, "status": {"state": "DONE"}, "statistics": {"query": {"totalBytesProcessed": "0"}}}
            job["jobReference"] = {"location": "asia-northeast1", **job["jobReference"]}
            name = job["jobReference"]["jobId"]
            if name in self.jobs:
                return 409, error(409, "duplicate", f"Already Exists: Job {PROJECT}:{name}")
            if not job["configuration"].get("dryRun"):
                self.jobs[name] = job
            return 200, job
        if name not in self.jobs:
            return 404, error(404, "notFound", f"Not found: Job {name}")
        if "/queries/" in request.path:
            done = self.jobs[name]["status"]["state"] == "DONE"
            reference = self.jobs[name]["jobReference"]
            return 200, {"jobReference": reference, "jobComplete": done, "totalRows": "0", "rows": []}
        return 200, self.jobs[name]


def error(code: int, reason: str, message: str) -> Mapping[str, Any]:
    return {"error": {"code": code, "message": message, "errors": [{"reason": reason, "message": message}]}}
