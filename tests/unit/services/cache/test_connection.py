"""How a program comes from what it is handed to the cache."""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import google.auth
import pytest
from google.auth.exceptions import DefaultCredentialsError
from redis import SSLConnection
from redis.exceptions import AuthenticationError, ConnectionError  # noqa: A004 # Redis' own

from infra.derive.platform import derive
from sandbox.servers.certificates import certificate_for
from services.cache.connection import Handed, HandedError, TokenOfTheAccount, connect
from tests.stacks import VALKEY, settings_of


def handed(**changed: object) -> str:
    urls = {where: f"rediss://:word@redis-{where}.data.internal:6378/0" for where in ("write", "read")}
    whole = {"urls": urls, "authentication": "password", "certificateAuthority": "/etc/triptrip/cache-ca.pem"}
    return json.dumps({**whole, **changed})


@pytest.mark.parametrize(("over", "password", "signed"), [({}, "a/b", "a/b"), (VALKEY, None, None)])
def test_what_the_platform_hands_out_is_understood(over: Mapping[str, Any], password: str, signed: str) -> None:
    plan = derive(settings_of("prod", over)).cache
    assert plan is not None
    told = Handed.read(plan.connection({"write": 6378, "read": 6379}, password))
    with told.client(told.urls.read) as client:
        pool: Any = client.connection_pool
    options = pool.connection_kwargs
    assert (options["host"], options["port"], options.get("password")) == (plan.hosts["read"], 6379, signed)
    assert (options["ssl_ca_certs"], options["ssl_check_hostname"]) == ("/etc/triptrip/cache-ca.pem", False)
    assert ("credential_provider" in options) is (password is None)
    assert pool.max_connections == plan.pool.max_total
    assert pool.timeout * 1000 == plan.pool.max_wait.milliseconds


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("word", "it: Invalid JSON"),
        ('{"urls": {"read": "word"}}', "urls.write: Field required"),
        (handed(urls={"write": "redis://:word@10.0.0.5:6379/0", "read": "rediss://:word@h:1/0"}), "wants rediss://"),
        (handed(authentication="word"), "authentication: Input should be 'password' or 'iam'"),
        (handed(pool={"maxTotal": 0}), "pool.maxTotal: Input should be greater than 0"),
    ],
)
def test_what_cannot_be_used_is_told_without_a_word_of_it(text: str, told: str) -> None:
    with pytest.raises(HandedError) as refused:
        connect(text)
    assert told in str(refused.value)
    assert "word@" not in str(refused.value).replace(":password@", "")


def test_a_server_that_is_not_there_is_called_four_times(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def refuse(connection: SSLConnection) -> object:
        calls.append(connection)
        raise ConnectionRefusedError

    monkeypatch.setattr(SSLConnection, "_connect", refuse)
    monkeypatch.setattr("redis.retry.sleep", lambda _: None)
    with pytest.raises(ConnectionError):
        connect(handed()).lock_acquire("hotel:7")
    assert len(calls) == 1 + 3


def test_a_command_that_was_sent_is_not_sent_again(tmp_path: Path) -> None:
    certificate = certificate_for("cache.internal")
    authority = tmp_path / "ca.pem"
    authority.write_text(certificate.authority, encoding="ascii")
    (tmp_path / "server.pem").write_text(certificate.chain + certificate.key, encoding="ascii")
    with _cuts_off(b"FCALL", tmp_path / "server.pem") as (port, cut):
        url = f"rediss://:word@127.0.0.1:{port}/0"
        cache = connect(handed(urls={"write": url, "read": url}, certificateAuthority=str(authority)))
        with pytest.raises(ConnectionError):
            cache.leaderboard_add("hotels", "2026-11", "7", 1)
    assert len(cut) == 1


@contextlib.contextmanager
def _cuts_off(command: bytes, certificate: Path) -> Iterator[tuple[int, list[bytes]]]:
    """A server that says OK to everything but one command, which it takes and hangs up; its port, what it took."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    taken: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), context.wrap_socket(line, server_side=True) as talk:
                while heard := talk.recv(4096):
                    if command in heard:
                        taken.append(heard)
                        break
                    talk.sendall(b"+OK\r\n" * heard.count(b"*"))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        try:
            yield listener.getsockname()[1], taken
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


class _Account:
    """A service account whose token is new each time that it is asked for."""

    asked = 0
    valid = False

    def refresh(self, _: object) -> None:
        self.asked += 1
        self.valid = True

    @property
    def token(self) -> str:
        return f"token-{self.asked}"


def test_a_token_is_kept_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    account = _Account()
    monkeypatch.setattr(google.auth, "default", lambda scopes: (account, scopes))
    token = TokenOfTheAccount()
    assert [token.get_credentials() for _ in range(2)] == [("default", "token-1")] * 2
    account.valid = False
    assert token.get_credentials() == ("default", "token-2")


def test_without_an_account_the_sign_in_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody: Any = DefaultCredentialsError
    raised = nobody("none here")

    def default(**_: object) -> object:
        raise raised

    monkeypatch.setattr(google.auth, "default", default)
    with pytest.raises(AuthenticationError, match="no service account to sign in as: none here"):
        TokenOfTheAccount().get_credentials()
