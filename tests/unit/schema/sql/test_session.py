from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import google.auth
import google.auth.exceptions
import psycopg
import pytest

from schema.kit import SchemaError
from schema.sql.session import connected

IAM = "postgresql://triptrip-dev-migration%40triptrip-dev.iam@pg-primary.dev.triptrip.internal:5432/triptrip?sslmode=verify-ca"

ISSUED = "issued-for-an-hour"


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What psycopg was asked to connect with."""
    found: dict[str, Any] = {}
    monkeypatch.setattr(psycopg, "connect", lambda **words: found.update(words) or nullcontext())
    account = SimpleNamespace(token=ISSUED, refresh=lambda _: None)
    monkeypatch.setattr(google.auth, "default", lambda scopes: found.update(scopes=scopes) or (account, "project"))
    return found


def test_a_users_account_signs_in_with_a_token_for_this_and_nothing_else(given: dict[str, Any]) -> None:
    with connected(IAM, "PostgreSQL"):
        pass
    assert given["password"] == ISSUED
    assert given["scopes"] == ["https://www.googleapis.com/auth/sqlservice.login"]
    assert (given["user"], given["sslmode"]) == ("triptrip-dev-migration@triptrip-dev.iam", "verify-ca")
    assert given["autocommit"] is True


@pytest.mark.parametrize("text", [f"postgresql://tsdbadmin:{ISSUED}@host/tsdb", IAM.replace("@pg", f":{ISSUED}@pg")])
def test_a_password_that_is_given_is_used(given: dict[str, Any], text: str) -> None:
    with connected(text, "TimescaleDB"):
        pass
    assert given["password"] == ISSUED
    assert "scopes" not in given


def test_what_the_server_refuses_inside_is_told_as_one_message(given: dict[str, Any]) -> None:
    with (
        pytest.raises(SchemaError, match="TimescaleDB: the connection was lost: gone"),
        connected(f"postgresql://tsdbadmin:{ISSUED}@host/tsdb", "TimescaleDB"),
    ):
        raise psycopg.OperationalError("gone")
    assert given["password"] == ISSUED


def test_a_process_without_an_account_is_told_what_to_do(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(**_: object) -> None:
        raise google.auth.exceptions.DefaultCredentialsError("nobody is here")  # type: ignore[no-untyped-call]  # has no types

    monkeypatch.setattr(google.auth, "default", nobody)
    with (
        pytest.raises(SchemaError, match="this process has no account: nobody is here") as refused,
        connected(IAM, "PostgreSQL"),
    ):
        pytest.fail("nobody may come in")
    assert "--impersonate-service-account" in refused.value.fix
    assert given == {}


@pytest.mark.parametrize("text", ["nonsense", "postgresql://u:secret@host/?colour=red", "host='open"])
def test_what_is_no_connection_string_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(SchemaError) as refused, connected(text, "PostgreSQL of dev"):
        pytest.fail("nobody may come in")
    assert "is no connection string" in str(refused.value)
    assert "secret" not in str(refused.value)
    assert text not in str(refused.value)


class Failing:
    """A server that cannot be reached the first times; time passes only while somebody sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
        self.answers = list(answers)
        self.now = 0.0
        monkeypatch.setattr(psycopg, "connect", self.connect)
        monkeypatch.setattr("time.sleep", self.sleep)
        monkeypatch.setattr("time.monotonic", lambda: self.now)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def connect(self, **_: object) -> Any:  # stands in for a connection
        self.now += 10
        if self.answers:
            raise psycopg.OperationalError(self.answers.pop(0))
        return nullcontext()


TEXT = f"postgresql://tsdbadmin:{ISSUED}@host/tsdb"


def test_a_job_waits_for_its_way_into_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_RUN_JOB", "schema-timescale")
    server = Failing(monkeypatch, *["timeout expired"] * 9)
    with connected(TEXT, "TimescaleDB"):
        pass
    assert server.now > 90


def test_a_job_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_RUN_JOB", "schema-timescale")
    server = Failing(monkeypatch, *["timeout expired"] * 1000)
    with pytest.raises(SchemaError, match="cannot connect to tsdb on host: timeout expired"), connected(TEXT, "T"):
        pass
    assert 150 <= server.now < 170


@pytest.mark.parametrize(
    ("job", "answer"), [("schema", "FATAL:  password authentication failed"), ("", "timeout expired")]
)
def test_nobody_waits_for_an_answer_that_stays_or_outside_a_job(
    monkeypatch: pytest.MonkeyPatch, job: str, answer: str
) -> None:
    monkeypatch.delenv("CLOUD_RUN_JOB", raising=False)
    if job:
        monkeypatch.setenv("CLOUD_RUN_JOB", job)
    server = Failing(monkeypatch, answer, answer)
    with pytest.raises(SchemaError), connected(TEXT, "TimescaleDB"):
        pass
    assert len(server.answers) == 1


def test_the_rest_of_a_password_that_was_not_encoded_is_no_name_of_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    Failing(monkeypatch, 'could not translate host name "word@host" to address')
    with pytest.raises(SchemaError) as refused, connected("postgresql://tsdbadmin:pass@word@host/tsdb", "TimescaleDB"):
        pass
    assert "word" not in str(refused.value)
    assert "on host" in str(refused.value)
