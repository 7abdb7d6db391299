"""Installing servers: what is pinned is what is used, and what cannot be had is named."""

import hashlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sandbox.servers import debian, gcloud, install, maven
from sandbox.servers.account import Account, AccountError, first_reachable, server_account
from sandbox.servers.debian import DownloadError
from sandbox.servers.groups import (
    Artifact,
    DebianLock,
    JavaSources,
    MavenLock,
    Package,
    debian_lock,
    gcloud_lock,
    groups,
    lock_files,
    maven_lock,
)
from sandbox.servers.limits import LimitError, check_open_files
from sandbox.servers.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
GOOD = b"the package as it was locked"
LOCK = DebianLock(
    suite="trixie",
    architecture="amd64",
    snapshot="20261125T000000Z",
    wanted=("thing",),
    packages={"thing": Package(path="pool/t/thing+1.deb", size=len(GOOD), sha256=hashlib.sha256(GOOD).hexdigest())},
)


class Mirror(ThreadingHTTPServer):
    """Serves one content per path, and 404 for the rest."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.contents = contents
        super().__init__(("127.0.0.1", 0), Answer)


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Mirror)
        content = self.server.contents.get(self.path)
        self.send_response(404 if content is None else 200)
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """The contents of a mirror, to be filled by the test; the archive is its folder /snapshot."""
    contents: dict[str, bytes] = {}
    with Mirror(contents) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv(debian.MIRROR_VARIABLE, f"{address}/debian/")
        monkeypatch.setattr(debian, "_SNAPSHOT", f"{address}/snapshot")
        yield contents
        server.shutdown()
        thread.join()


def test_a_package_comes_from_the_mirror(mirror: dict[str, bytes], tmp_path: Path) -> None:
    mirror["/debian/pool/t/thing%2B1.deb"] = GOOD
    assert debian.download(LOCK, "thing", tmp_path).read_bytes() == GOOD


@pytest.mark.parametrize("on_mirror", [None, b"a newer one", GOOD[:-1]])
def test_a_package_that_the_mirror_no_longer_has_comes_from_the_archive(
    mirror: dict[str, bytes], tmp_path: Path, on_mirror: bytes | None
) -> None:
    if on_mirror is not None:
        mirror["/debian/pool/t/thing%2B1.deb"] = on_mirror
    mirror["/snapshot/20261125T000000Z/pool/t/thing%2B1.deb"] = GOOD
    assert debian.download(LOCK, "thing", tmp_path).read_bytes() == GOOD


def test_another_content_is_refused_and_every_source_named(mirror: dict[str, bytes], tmp_path: Path) -> None:
    mirror["/debian/pool/t/thing%2B1.deb"] = b"something else"
    with pytest.raises(DownloadError, match=r"another content than locked, 14 bytes instead of 28.*snapshot.*404"):
        debian.download(LOCK, "thing", tmp_path)
    assert not list(tmp_path.iterdir())


def test_only_web_addresses_are_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(debian.MIRROR_VARIABLE, f"file://{tmp_path}")
    with pytest.raises(DownloadError, match=debian.MIRROR_VARIABLE):
        debian.download(LOCK, "thing", tmp_path)


ARTIFACT = Artifact(path="org/thing/1/thing-1.jar", sha256=hashlib.sha256(GOOD).hexdigest(), into="lib")


@pytest.fixture
def repository(mirror: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The contents of a Maven repository, to be filled by the test."""
    address = os.environ[debian.MIRROR_VARIABLE].removesuffix("/debian/")
    monkeypatch.setenv(maven.REPOSITORY_VARIABLE, f"{address}/maven2")
    return mirror


def test_an_artifact_is_put_where_its_lock_says(repository: dict[str, bytes], tmp_path: Path) -> None:
    repository["/maven2/org/thing/1/thing-1.jar"] = GOOD
    maven.fill(MavenLock(artifacts=(ARTIFACT,)), tmp_path)
    assert (tmp_path / "lib" / "thing-1.jar").read_bytes() == GOOD


@pytest.mark.parametrize(("content", "told"), [(b"something else", "another content than locked"), (None, "404")])
def test_an_artifact_that_is_not_as_locked_is_refused(
    repository: dict[str, bytes], tmp_path: Path, content: bytes | None, told: str
) -> None:
    if content is not None:
        repository["/maven2/org/thing/1/thing-1.jar"] = content
    with pytest.raises(maven.MavenError, match=rf"thing-1\.jar: .*{told}"):
        maven.fill(MavenLock(artifacts=(ARTIFACT,)), tmp_path)


def test_artifacts_come_over_https(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(maven.REPOSITORY_VARIABLE, "http://repository.example/maven2")
    with pytest.raises(maven.MavenError, match=maven.REPOSITORY_VARIABLE):
        maven.fill(MavenLock(artifacts=(ARTIFACT,)), tmp_path)


@pytest.mark.parametrize(("printed", "told"), [(None, "not on PATH"), ("javac 11.0.2", "is of version 11")])
def test_an_old_or_missing_compiler_is_told_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, printed: str | None, told: str
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    if printed:
        (programs / "javac").write_text(f"#!/bin/sh\necho {printed}\n")
        (programs / "javac").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    java = JavaSources(sources="elasticsearch_plugin", compiled_against=(), into="lib")
    with pytest.raises(maven.JavaMissingError, match=told):
        maven.fill(MavenLock(artifacts=(ARTIFACT,), java=java), tmp_path / "place")
    assert not (tmp_path / "place").exists()


@pytest.mark.parametrize("name", groups())
def test_every_group_is_pinned_by_checksums(name: str) -> None:
    for part in groups()[name].parts.values():
        for file in lock_files(part):
            assert file.is_file()
        if part.kind == "debian":
            lock = debian_lock(part.lock)
            assert set(lock.wanted) == set(lock.packages)
            assert lock.snapshot
        elif part.kind == "maven":
            assert all(re.fullmatch(r"[0-9a-f]{64}", artifact.sha256) for artifact in maven_lock(part.lock).artifacts)
        elif part.kind == "gcloud":
            # Its package manager has checked what the machine has of it.
            assert gcloud_lock(part.lock).package
        else:
            pinned = lock_files(part)[-1].read_text(encoding="utf-8")
            assert ("sha512-" if part.kind == "npm" else "--hash=sha256:") in pinned
    for program in groups()[name].programs.values():
        assert program.part in groups()[name].parts


@pytest.mark.parametrize(("variables", "code"), [({}, 0), ({"CI": "true"}, 1), ({"TRIPTRIP_REQUIRE_SERVERS": "1"}, 1)])
def test_a_missing_group_is_named_and_fails_where_it_is_required(
    workspace: Workspace, variables: dict[str, str], code: int
) -> None:
    cache = workspace.folder / "cache"
    cache.mkdir()
    ambient = {name: value for name, value in os.environ.items() if name not in ("CI", "TRIPTRIP_REQUIRE_SERVERS")}
    test = "tests/integration/test_cleanup.py::test_programs_are_named_after_their_group"
    done = subprocess.run(  # noqa: S603 # our own command
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", "-n0", test],
        cwd=ROOT,
        # With nothing on PATH no package manager is found.
        env={**ambient, **variables, "PATH": str(cache), "TRIPTRIP_CACHE": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    assert "servers that tests had to do without" in done.stdout
    reason = "servers of group postgres cannot be installed: npm is not on PATH; to fix: install Node.js 20 or newer"
    assert f"{reason} (1 test)" in done.stdout
    assert ("1 skipped" if code == 0 else "1 error") in done.stdout


def test_binaries_for_another_machine_are_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    with pytest.raises(install.InstallError, match=r"binaries are for linux-x86_64, this is linux-aarch64"):
        install.install("postgres")


def test_too_few_open_files_are_told_with_what_to_do() -> None:
    with pytest.raises(LimitError, match=r"needs 1000000000000 open files.*ulimit -Hn"):
        check_open_files("the pooler", 10**12)


def test_servers_never_run_as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    assert server_account().uid != 0
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("TRIPTRIP_SERVER_USER", "root")
    with pytest.raises(AccountError, match="unprivileged"):
        server_account()
    monkeypatch.setenv("TRIPTRIP_SERVER_USER", "no-such-user")
    with pytest.raises(AccountError, match="no-such-user is not in the user database"):
        server_account()


def test_a_folder_that_the_servers_user_cannot_enter_is_passed_over(tmp_path: Path) -> None:
    stranger = Account("stranger", 54321, 54321, is_other=True)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert first_reachable(stranger, (closed / "inside", Path("/usr"))) == Path("/usr")
    with pytest.raises(AccountError, match="can enter none of"):
        first_reachable(stranger, (closed,))


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A Google Cloud SDK without components, on PATH."""
    made = tmp_path / "sdk"
    for folder in (made / "bin", made / "platform/pubsub-emulator/lib"):
        folder.mkdir(parents=True)
    (made / "bin/gcloud").write_text("#!/bin/sh\n", encoding="ascii")
    (made / "bin/gcloud").chmod(0o755)
    monkeypatch.setenv("PATH", str(made / "bin"))
    return made


def test_the_emulator_comes_from_the_sdk_on_this_machine(sdk: Path, tmp_path: Path) -> None:
    jar = sdk / "platform/pubsub-emulator/lib/cloud-pubsub-emulator-0.8.20-all.jar"
    jar.write_text("an emulator", encoding="ascii")
    gcloud.fill(gcloud_lock("pubsub"), tmp_path)
    assert (tmp_path / "emulator.jar").read_text(encoding="ascii") == "an emulator"


@pytest.mark.usefixtures("sdk")
def test_an_sdk_without_the_emulator_is_told(tmp_path: Path) -> None:
    with pytest.raises(gcloud.SdkError, match=r"sdk has no platform/pubsub-emulator"):
        gcloud.fill(gcloud_lock("pubsub"), tmp_path)


def test_no_sdk_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(gcloud.SdkError, match="gcloud is not on PATH"):
        gcloud.fill(gcloud_lock("pubsub"), tmp_path)
