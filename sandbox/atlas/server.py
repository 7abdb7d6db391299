"""The project over HTTP: digest or a service account's token, versions in the Accept header, faults, and a record."""

import base64
import hashlib
import json
import re
import secrets
import threading
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from sandbox.api.faults import STATUS, TAKES_EFFECT, Faults
from sandbox.atlas.project import Project, RefusedError
from sandbox.loopback import LoopbackHandler, LoopbackServer

REALM = "MMS Public API"
_VERSION = re.compile(r"application/vnd\.atlas\.\d{4}-\d\d-\d\d\+json")
_ROOT = "/api/atlas/v2/"


class AtlasServer(LoopbackServer):
    """A context manager; `calls` are the requests as `METHOD what`, `credentials` what may sign in."""

    def __init__(self, project: Project) -> None:
        super().__init__(_Handler)
        self.project = project
        self.faults = Faults()
        self.calls: list[str] = []
        self.key = ("public", secrets.token_hex(8))
        self.account = ("mdb_sa_id_test", secrets.token_hex(8))
        self.nonce, self.token = secrets.token_hex(8), secrets.token_hex(16)
        self.lock = threading.Lock()

    def end_token(self) -> None:
        """Take the token that was given out no more, as after its hour."""
        self.token = secrets.token_hex(16)

    def answer(self, method: str, path: str, body: Any) -> Any:  # noqa: C901, PLR0911 # one line a route
        """What the project answers; raises RefusedError."""
        project = self.project
        parts = [unquote(part) for part in path.split("/")]
        if parts[:2] == ["groups", "byName"] and len(parts) == 3:  # noqa: PLR2004 # the route
            if parts[2] != project.name:
                raise RefusedError(404, "GROUP_NAME_NOT_FOUND", f"No group with name {parts[2]} exists.")
            return {"id": project.id, "name": project.name}
        if parts[:2] != ["groups", project.id] or parts[2:3] != ["clusters"]:
            raise RefusedError(404, "RESOURCE_NOT_FOUND", f"Cannot find resource {path}.")
        match (method, parts[3:]):
            case ("POST", []):
                return project.create(body)
            case ("GET", [name]):
                return project.cluster(name)
            case ("GET", [name, "backup", "schedule"]):
                return project.schedule(name)
            case ("GET", [name, "backup", "snapshots"]):
                return {"results": project.snapshots if project.cluster(name) else []}
            case ("GET", [name, "backup", "restoreJobs"]):
                return {"results": project.jobs if project.cluster(name) else []}
            case ("POST", [name, "backup", "restoreJobs"]):
                return project.begin_restore(name, body)
            case ("GET", [_, "backup", "restoreJobs", job]):
                return project.job(job)
            case _:
                raise RefusedError(405, "METHOD_NOT_ALLOWED", f"{method} {path}")


class _Handler(LoopbackHandler):
    owner: ClassVar[AtlasServer]

    def work(self) -> None:
        path = urlsplit(self.path).path
        content = self.content()
        if path == "/api/oauth/token":
            self._send(*self._token())
            return
        if not self._is_known(path):
            challenge = f'Digest realm="{REALM}", domain="", nonce="{self.owner.nonce}", algorithm=MD5, qop="auth"'
            refusal = RefusedError(401, "", "You are not authorized for this resource.")
            self._send(401, refusal.body, {"WWW-Authenticate": challenge})
            return
        self._ask(path.removeprefix(_ROOT), content)

    def _ask(self, path: str, content: bytes) -> None:
        owner = self.owner
        with owner.lock:
            what = f"{self.command} {_named(path)}"
            owner.calls.append(what)
            fault = owner.faults.next(what)
            if fault and fault.kind in STATUS:
                refusal = RefusedError(STATUS[fault.kind], "UNEXPECTED_ERROR", f"simulated: {fault.kind}")
                self._send(refusal.status, refusal.body, fault.headers)
                return
            answer = None if fault and fault.kind not in TAKES_EFFECT else self._answered(path, content)
        if fault is None:
            self._send(*(answer or (200, {})))
            return
        self.sever()

    def _answered(self, path: str, content: bytes) -> tuple[int, Any]:
        if not _VERSION.fullmatch(self.headers.get("Accept", "")):
            return 406, RefusedError(406, "INVALID_VERSION_DATE", "Accept names no version of the API.").body
        try:
            return 200, self.owner.answer(self.command, path, json.loads(content) if content else None)
        except RefusedError as error:
            return error.status, error.body

    def _token(self) -> tuple[int, Mapping[str, Any]]:
        wanted = base64.b64encode(":".join(self.owner.account).encode()).decode()
        if self.headers.get("Authorization") != f"Basic {wanted}":
            return 401, {"error": "invalid_client"}
        return 200, {"access_token": self.owner.token, "token_type": "Bearer", "expires_in": 3600}

    def _is_known(self, path: str) -> bool:
        given = self.headers.get("Authorization", "")
        if given.startswith("Bearer "):
            return given == f"Bearer {self.owner.token}"
        if not path.startswith(_ROOT) or not given.startswith("Digest "):
            return False
        fields = {key: value.strip('"') for key, value in re.findall(r'(\w+)=("[^"]*"|[^,\s]+)', given)}
        user, password = self.owner.key
        one = _md5(f"{user}:{REALM}:{password}")
        other = _md5(f"{self.command}:{fields.get('uri')}")
        middle = ":".join(fields.get(key, "") for key in ("nonce", "nc", "cnonce", "qop"))
        is_ours = fields.get("username") == user and fields.get("nonce") == self.owner.nonce
        return is_ours and fields.get("response") == _md5(f"{one}:{middle}:{other}")

    def _send(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        self.send(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})


def _named(path: str) -> str:
    """What a path is about: the last of its parts that is no name of a thing."""
    known = ("byName", "clusters", "schedule", "snapshots", "restoreJobs")
    return next((part for part in reversed(path.split("/")) if part in known), path)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
