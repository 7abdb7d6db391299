"""The cache's runbooks: what they ask is asked of a real Redis, by its own client, as somebody on call does."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sandbox.servers.certificates import Certificate, certificate_for
from sandbox.servers.redis import RedisServer
from sandbox.servers.server import Endpoint
from sandbox.servers.workspace import Workspace
from tests.integration.conftest import group
from tests.integration.recovery.test_redis import fill
from tests.runbooks.page import Page

RUNBOOKS = Path(__file__).resolve().parents[2] / "docs" / "runbooks"
CACHE = RUNBOOKS / "cache.md"
PAGES = [CACHE, *sorted((RUNBOOKS / "alerts").glob("cache-*.md")), *sorted((RUNBOOKS / "alerts").glob("valkey-*.md"))]
ASKS = re.compile(r"(?:^|[ |])(?:cache|redis-cli) ")


@dataclass(frozen=True)
class Cache:
    """A primary with a replica, and what must be put in place of the runbooks' own addresses."""

    primary: RedisServer
    replica: RedisServer
    authority: Path
    programs: Path

    def run(self, line: str, client: str) -> subprocess.CompletedProcess[str]:
        """Give a line to a shell that knows the words of cache.md; `client` stands for the client of an example."""
        text = f"set -euo pipefail\n{definition()}\n{line}\n"
        places = {
            "/tmp/cache-ca.pem": self.authority,  # noqa: S108 # the runbook's own
            "127.0.0.1": self.primary.address,
            "6378": self.primary.port,
            "6379": self.replica.port,
            r"10\.10\.0\.7": re.escape(client),
        }
        for theirs, ours in places.items():
            text = text.replace(theirs, str(ours))
        environment = {"PATH": f"{self.programs}:/usr/bin:/bin", "REDISCLI_AUTH": self.primary.workspace.password}
        words = ("/bin/bash", "-c", text)
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 # the runbooks'


def definition() -> str:
    """The shell's function that cache.md makes."""
    (found,) = (line for line in _lines(CACHE) if line.startswith("cache() "))
    return found


def asked(page: Path) -> list[str]:
    """Every line of a page that asks the cache."""
    return [line for line in _lines(page) if ASKS.search(line) and not re.match(r"cache\(\)|.*gcloud ", line)]


def _lines(page: Path) -> Iterator[str]:
    for block in Page.read(page).blocks:
        if block.kind == "bash":
            yield from block.text.replace("\\\n", " ").splitlines()


@pytest.fixture(scope="module")
def cache(module_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cache]:
    programs, folder = group("redis"), tmp_path_factory.mktemp("cache")
    # No name that the runbooks use: Google's certificate names the instance, only its authority is looked at.
    certificate = certificate_for("instance.internal")
    places = [Endpoint("127.0.0.1", module_workspace.claim_port()) for _ in range(2)]
    primary, replica = (
        RedisServer(module_workspace, programs, name, certificate, place)
        for name, place in zip(("primary", "replica"), places, strict=True)
    )
    authority, client = folder / "authority.pem", folder / "redis-cli"
    authority.write_text(certificate.authority, encoding="utf-8")
    words = " ".join(f"'{word}'" for word in programs.command("redis-cli"))
    client.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
    client.chmod(0o755)
    primary.start()
    replica.start()
    _follow(replica, primary, certificate)
    with primary.client() as connection:
        fill(connection, count=20)
    yield Cache(primary, replica, authority, folder)
    replica.stop()
    primary.stop()


def _follow(replica: RedisServer, primary: RedisServer, certificate: Certificate) -> None:
    """Let one server be the replica of the other, over TLS."""
    authority = replica.snapshot.with_name("authority.pem")
    replica.workspace.write(authority, certificate.authority)
    with replica.client() as client:
        client.config_set("tls-ca-cert-file", str(authority))
        client.config_set("tls-replication", "yes")
        client.config_set("masterauth", primary.workspace.password)
        client.replicaof(primary.address, primary.port)
        replica.workspace.wait_for(
            "the replica follows", lambda: client.info("replication")["master_link_status"] == "up", 30, replica.log
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_line_that_asks_the_cache_is_answered(cache: Cache, page: Path) -> None:
    lines = asked(page)
    assert lines
    for line in lines:
        with cache.primary.client() as client:
            address = str(client.client_info()["addr"]).rpartition(":")[0]
            done = cache.run(line, address)
        assert (done.returncode, done.stderr) == (0, ""), f"{line}\n{done.stdout}"
        assert "ERR" not in done.stdout, f"{line}\n{done.stdout}"


def test_without_the_password_nothing_is_answered(cache: Cache) -> None:
    done = cache.run("unset REDISCLI_AUTH; cache INFO server", "")
    assert "NOAUTH" in done.stdout + done.stderr


def test_another_authority_is_not_believed(cache: Cache, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_text(certificate_for("instance.internal").authority, encoding="utf-8")
    done = replace(cache, authority=other).run("cache PING", "")
    assert done.returncode != 0
    assert "certificate verify failed" in done.stderr
