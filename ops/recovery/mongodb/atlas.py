"""The Admin API of MongoDB Atlas as far as a restore into a new cluster needs it.

MongoDB, "Atlas Administration API v2" (clusters 2024-08-05, backups 2023-01-01), "API authentication" and "Rate
limits", read 2026-11-26; there is no Python client of MongoDB's own for it. Nothing here deletes, or restores over, a
cluster.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import requests
import tenacity
from requests.auth import AuthBase, HTTPDigestAuth

from schema.kit import SchemaError

ENDPOINT_VARIABLE = "MONGODB_ATLAS_BASE_URL"
KEY_VARIABLES = ("MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PRIVATE_API_KEY")
ACCOUNT_VARIABLES = ("MONGODB_ATLAS_CLIENT_ID", "MONGODB_ATLAS_CLIENT_SECRET")
"""The names that Pulumi's provider reads too."""

_ENDPOINT = "https://cloud.mongodb.com"
_CLUSTERS, _BACKUPS = "2024-08-05", "2023-01-01"
_OK = 300
_UNKNOWN, _FORBIDDEN, _NOT_FOUND, _THROTTLED = 401, 403, 404, 429
_LONGEST_WAIT = 60.0
Json = Mapping[str, Any]


@dataclass(frozen=True)
class AtlasPace:
    """How often a call is tried and how long is waited, in seconds; tests make all of it short."""

    attempts: int = 6
    first_wait: float = 1.0
    poll: float = 30.0
    timeout: float = 60.0


class _AgainError(Exception):
    """An answer that may be another one later; `wait` is what the server asks for, in seconds."""

    def __init__(self, problem: SchemaError, wait: float = 0.0) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.wait = wait


class Atlas:
    """One project of Atlas, by its name."""

    def __init__(self, project: str, pace: AtlasPace | None = None, endpoint: str = "") -> None:
        self._pace = pace or AtlasPace()
        self._base = (endpoint or os.environ.get(ENDPOINT_VARIABLE) or _ENDPOINT).rstrip("/")
        self._session = requests.Session()
        self._session.auth = _signing_in(self._base)
        self._where = f"Atlas project {project}"
        self.pace = self._pace
        self.group = str(self._found(_CLUSTERS, f"groups/byName/{quote(project, safe='')}")["id"])

    def close(self) -> None:
        """End the connections."""
        self._session.close()

    def cluster(self, name: str) -> Json | None:
        """A cluster; None when there is none of this name."""
        found: Json | None = self._asked("GET", _CLUSTERS, self._of(name))
        return found

    def schedule(self, name: str) -> Json:
        """A cluster's backup schedule."""
        found: Json = self._found(_BACKUPS, f"{self._of(name)}/backup/schedule")
        return found

    def snapshots(self, name: str) -> list[Json]:
        """A cluster's snapshots that are complete, newest first."""
        found: list[Json] = self._found(_BACKUPS, f"{self._of(name)}/backup/snapshots?itemsPerPage=500")["results"]
        return sorted((each for each in found if each["status"] == "completed"), key=_created, reverse=True)

    def create_cluster(self, body: Json) -> None:
        """Ask for a cluster; one of this name that is there already is another attempt's."""
        if self.cluster(body["name"]) is not None:
            return
        try:
            self._asked("POST", _CLUSTERS, f"groups/{self.group}/clusters", body)
        except _AgainError as error:
            # Nobody knows whether it was begun: what is there now tells.
            if self.cluster(body["name"]) is None:
                raise error.problem from None

    def jobs(self, name: str) -> list[Json]:
        """The restore jobs of a cluster's backups, newest first as Atlas lists them."""
        found: list[Json] = self._found(_BACKUPS, f"{self._of(name)}/backup/restoreJobs?itemsPerPage=500")["results"]
        return found

    def begin_restore(self, name: str, body: Json) -> str:
        """Begin a restore job, unless one into the same cluster is under way or done; returns its id."""
        if existing := self._job_into(name, body["targetClusterName"]):
            return existing
        try:
            made = self._asked("POST", _BACKUPS, f"{self._of(name)}/backup/restoreJobs", body)
        except _AgainError as error:
            # Nobody knows whether it was begun: what Atlas lists tells.
            if existing := self._job_into(name, body["targetClusterName"]):
                return existing
            raise error.problem from None
        return str((made or {})["id"])

    def job(self, name: str, job: str) -> Json:
        """A restore job."""
        found: Json = self._found(_BACKUPS, f"{self._of(name)}/backup/restoreJobs/{job}")
        return found

    def _job_into(self, name: str, target: str) -> str:
        for job in self.jobs(name):
            if job.get("targetClusterName") == target and not (job.get("failed") or job.get("cancelled")):
                return str(job["id"])
        return ""

    def _of(self, cluster: str) -> str:
        return f"groups/{self.group}/clusters/{quote(cluster, safe='')}"

    def _found(self, version: str, path: str) -> Any:
        found = self._asked("GET", version, path)
        if found is None:
            raise SchemaError(self._where, f"has no {path.partition('?')[0]}", fix="look at the stack file's names")
        return found

    def _asked(self, method: str, version: str, path: str, body: Json | None = None) -> Any:
        """The answer; None for 404 to a GET.

        A read is tried again whenever that may help; a change only where it was certainly not made (429). After any
        other broken answer to a change, _AgainError lets the caller look.
        """
        is_read = method == "GET"

        def attempt() -> Any:
            return self._once(method, version, path, body)

        def is_worth_it(error: BaseException) -> bool:
            return isinstance(error, _AgainError) and (is_read or error.wait > 0)

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(is_worth_it),
            stop=tenacity.stop_after_attempt(self._pace.attempts),
            wait=self._wait(),
            reraise=True,
        )
        try:
            return retrying(attempt)
        except _AgainError as error:
            if is_read or error.wait > 0:
                raise error.problem from None
            raise

    def _once(self, method: str, version: str, path: str, body: Json | None) -> Any:
        headers = {"Accept": f"application/vnd.atlas.{version}+json"}
        try:
            answer = self._session.request(
                method, f"{self._base}/api/atlas/v2/{path}", json=body, headers=headers, timeout=self._pace.timeout
            )
        except requests.RequestException as error:
            raise _AgainError(self._broken(f"cannot be asked: {type(error).__name__}")) from None
        if answer.status_code < _OK:
            return answer.json() if answer.content else {}
        if answer.status_code == _NOT_FOUND and method == "GET":
            return None
        raise self._refused(answer, method, path)

    def _refused(self, answer: requests.Response, method: str, path: str) -> Exception:
        code, detail = _told(answer)
        asked = f"{method} {path.partition('?')[0]}"
        problem = self._broken(f"{asked} is refused ({answer.status_code} {code}): {detail}")
        if answer.status_code == _THROTTLED:
            return _AgainError(problem, max(0.001, float(answer.headers.get("Retry-After") or self._pace.first_wait)))
        if answer.status_code >= 500:  # noqa: PLR2004 # the server's own failures
            return _AgainError(problem)
        if answer.status_code == _UNKNOWN:
            fix = "read the API key or the service account's secret again; both are of one organisation"
            return SchemaError(self._where, "does not know these credentials (401)", fix=fix)
        if answer.status_code == _FORBIDDEN:
            fix = "give it Project Owner for the restore, and the caller's address to its access list"
            return SchemaError(self._where, f"{asked} is refused (403 {code}): {detail}", fix=fix)
        return problem

    def _broken(self, given: str) -> SchemaError:
        return SchemaError(self._where, given, fix="run the command again: it goes on where it stopped")

    def _wait(self) -> Callable[[tenacity.RetryCallState], float]:
        usual = tenacity.wait_random_exponential(multiplier=self._pace.first_wait, max=_LONGEST_WAIT)

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            told = error.wait if isinstance(error, _AgainError) else 0.0
            return min(told, _LONGEST_WAIT) if told else usual(state)

        return wait


@contextmanager
def atlas(project: str, pace: AtlasPace | None = None, endpoint: str = "") -> Iterator[Atlas]:
    """A project, closed at the end; raises SchemaError without credentials, and when Atlas does not know them."""
    opened = Atlas(project, pace, endpoint)
    try:
        yield opened
    finally:
        opened.close()


class _Token(AuthBase):
    """A service account: its token is asked for when the first request is made, and again when it has ended.

    It holds for an hour, and a restore is waited for longer.
    """

    def __init__(self, base: str, client: str, secret: str) -> None:
        self._base, self._client, self._secret = base, client, secret
        self._token = ""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        self._token = self._token or self._new()
        request.headers["Authorization"] = f"Bearer {self._token}"
        request.register_hook("response", self._once_more)
        return request

    def _once_more(self, answer: requests.Response, **options: Any) -> requests.Response:
        """Send a request again whose token has ended; what a new token does not open stays refused."""
        if answer.status_code != _UNKNOWN:
            return answer
        answer.close()
        self._token = self._new()
        again = answer.request.copy()
        again.headers["Authorization"] = f"Bearer {self._token}"
        sent: requests.Response = answer.connection.send(again, **options)
        return sent

    def _new(self) -> str:
        answer = requests.post(
            f"{self._base}/api/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(self._client, self._secret),
            timeout=30,
        )
        if answer.status_code != 200:  # noqa: PLR2004 # HTTP OK
            raise SchemaError(
                " and ".join(ACCOUNT_VARIABLES),
                f"are refused by Atlas ({answer.status_code})",
                fix="read the service account's secret again; it expires",
            )
        return str(answer.json()["access_token"])


def _signing_in(base: str) -> AuthBase:
    parts = urlsplit(base)
    if parts.scheme != "https" and parts.hostname != "127.0.0.1":
        raise SchemaError(f"environment variable {ENDPOINT_VARIABLE}", "is no https address", fix="unset it")
    account = [os.environ.get(name, "") for name in ACCOUNT_VARIABLES]
    if all(account):
        return _Token(base, *account)
    key = [os.environ.get(name, "") for name in KEY_VARIABLES]
    if all(key):
        return HTTPDigestAuth(*key)
    raise SchemaError(
        "Atlas' Admin API",
        "has no credentials here",
        allowed=f"{' and '.join(ACCOUNT_VARIABLES)}, or {' and '.join(KEY_VARIABLES)}",
        fix="take those of the deployment, from Secret Manager (docs/runbooks/mongodb-atlas.md)",
    )


def _told(answer: requests.Response) -> tuple[str, str]:
    try:
        body = answer.json()
        return str(body.get("errorCode", "")), str(body.get("detail", ""))
    except (ValueError, AttributeError):
        return "", answer.reason


def _created(snapshot: Json) -> str:
    return str(snapshot["createdAt"])
