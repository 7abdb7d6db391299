"""What a machine fetches at its start, from a Secret Manager that is played here."""

import base64
import json
import stat
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from infra.derive import pgbouncer
from infra.derive.pooler_units import FOLDER
from sandbox.servers.certificates import certificate_for
from services.pooler.secrets import SecretError, Wanted, fetch, files
from tests.integration.tiers import postgres_plan_of


class Manager(ThreadingHTTPServer):
    """Answers for the metadata server and Secret Manager; `failures` are status codes to answer with before."""

    def __init__(self, contents: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.contents = contents
        self.failures: list[int] = []
        self.address = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Manager

    def do_GET(self) -> None:
        if self.server.failures:
            self._send(self.server.failures.pop(), {})
        elif self.path == "/token" and self.headers["Metadata-Flavor"] == "Google":
            self._send(200, {"access_token": "t0ken"})
        elif self.headers["Authorization"] == "Bearer t0ken" and self.path in self.server.contents:
            data = base64.b64encode(self.server.contents[self.path].encode()).decode()
            self._send(200, {"payload": {"data": data}})
        else:
            self._send(404, {})

    def _send(self, code: int, body: dict[str, Any]) -> None:
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


CERTIFICATE = certificate_for("pg-write.example")
CONTENTS = {
    "/v1/projects/p/secrets/pooler-certificate/versions/1:access": CERTIFICATE.chain + CERTIFICATE.key,
    "/v1/projects/p/secrets/ca/versions/latest:access": CERTIFICATE.authority,
    "/v1/projects/p/secrets/password/versions/latest:access": "s3cret",
}


@pytest.fixture
def manager() -> Iterator[Manager]:
    server = Manager(dict(CONTENTS))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def wanted(tmp_path: Path) -> Wanted:
    rows = (
        ("pooler-certificate", "1", "certificate"),
        ("ca", "latest", "authorities"),
        ("password", "latest", "password"),
    )
    return Wanted.model_validate(
        {
            "project": "p",
            "folder": tmp_path,
            "folders": [tmp_path / "write", tmp_path / "read"],
            "user": "pooler",
            "secrets": [{"secret": secret, "version": version, "form": form} for secret, version, form in rows],
        }
    )


def get(manager: Manager, wanted: Wanted) -> None:
    fetch(wanted, manager.address, f"{manager.address}/token")


def test_every_secret_becomes_files_for_its_owner_alone(manager: Manager, wanted: Wanted) -> None:
    get(manager, wanted)
    found = {file.name: file.read_text() for file in wanted.folder.iterdir() if file.is_file()}
    assert found == {
        "certificate.pem": CERTIFICATE.chain,
        "key.pem": CERTIFICATE.key,
        "postgres-ca.pem": CERTIFICATE.authority,
        "password": "s3cret",
        "users.txt": '"pooler" "s3cret"\n',
    }
    assert {stat.S_IMODE((wanted.folder / name).stat().st_mode) for name in found} == {0o600}
    assert (wanted.folder / "read").is_dir()


def test_a_second_time_replaces_them(manager: Manager, wanted: Wanted) -> None:
    get(manager, wanted)
    manager.contents = {**CONTENTS, "/v1/projects/p/secrets/password/versions/latest:access": "other"}
    get(manager, wanted)
    assert (wanted.folder / "password").read_text() == "other"


def test_what_passes_by_itself_is_asked_for_again(
    manager: Manager, wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    manager.failures = [503, 429]
    get(manager, wanted)
    assert (wanted.folder / "password").exists()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("pooler-certificate/versions/1", CERTIFICATE.chain, "no certificate with its key"),
        ("pooler-certificate/versions/1", CERTIFICATE.key, "no certificate with its key"),
        ("ca/versions/latest", "nonsense", "holds no certificate"),
        ("password/versions/latest", 'with "quotes"', "a quote or line break"),
        ("password/versions/latest", "", "is empty"),
        ("password/versions/latest", None, "secret password, version latest: HTTP 404"),
    ],
)
def test_a_secret_that_is_wrong_or_missing_leaves_nothing_half_done(
    manager: Manager, wanted: Wanted, name: str, content: str | None, told: str
) -> None:
    path = f"/v1/projects/p/secrets/{name}:access"
    manager.contents = {key: text for key, text in CONTENTS.items() if key != path}
    if content is not None:
        manager.contents = {**CONTENTS, path: content}
    with pytest.raises(SecretError, match=told) as raised:
        get(manager, wanted)
    assert not list(wanted.folder.iterdir())
    assert not content or content not in str(raised.value)


def test_the_platforms_own_list_makes_what_its_pgbouncer_reads() -> None:
    pooler = postgres_plan_of("prod").pooler
    assert pooler is not None
    wanted = Wanted.model_validate_json(pooler.files[f"{FOLDER}/secrets.json"])
    forms = {
        "certificate": CERTIFICATE.chain + CERTIFICATE.key,
        "authorities": CERTIFICATE.authority,
        "password": "s3cret",
    }
    made = {str(path) for path in files(wanted, {one.secret: forms[one.form] for one in wanted.secrets})}
    router = json.loads(pooler.files[f"{FOLDER}/read-router.json"])["signing"]
    assert made == {
        pgbouncer.USERS,
        pgbouncer.CERTIFICATE,
        pgbouncer.KEY,
        pgbouncer.SERVER_CERTIFICATES,
        router["passwordFile"],
    }
    assert router["certificateAuthority"] in made


def templated(folder: Path, template: str) -> Wanted:
    secret = {"secret": "s", "version": "latest", "form": "template", "file": "file", "template": template}
    return Wanted.model_validate({"project": "p", "folder": folder, "secrets": [secret]})


@pytest.mark.parametrize(
    ("template", "content", "made"),
    [
        ("KEY=${line}", "a$b\n", "KEY=a$b"),
        ('{"password": ${quoted}}', 'with "quotes"', '{"password": "with \\"quotes\\""}'),
        ("${text}", "one\ntwo\n", "one\ntwo\n"),
    ],
)
def test_a_template_is_filled_with_a_secret(tmp_path: Path, template: str, content: str, made: str) -> None:
    assert files(templated(tmp_path, template), {"s": content}) == {tmp_path / "file": made}


@pytest.mark.parametrize(("template", "content"), [("KEY=${line}", "one\nOTHER=two"), ("${text}", " \n")])
def test_a_secret_that_would_become_other_lines_is_refused_and_not_shown(
    tmp_path: Path, template: str, content: str
) -> None:
    with pytest.raises(SecretError, match="secret s is empty, or has more than one line") as caught:
        files(templated(tmp_path, template), {"s": content})
    assert "two" not in str(caught.value)


@pytest.mark.parametrize("change", [{"file": ""}, {"template": ""}, {"form": "password"}])
def test_file_and_template_belong_together(tmp_path: Path, change: dict[str, str]) -> None:
    secret = {"secret": "s", "version": "1", "form": "template", "file": "f", "template": "t", **change}
    with pytest.raises(ValidationError, match="file and template belong to form template"):
        Wanted.model_validate({"project": "p", "folder": tmp_path, "secrets": [secret]})
