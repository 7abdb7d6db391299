"""Jobs: what bounds them, how a repeat finds them, and what a refusal looks like."""

from pathlib import Path
from typing import Any

import google.auth
import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError

from schema.bigquery.connection import connect, told
from schema.bigquery.jobs import MOST_BYTES, Jobs
from schema.kit import Environment, File, SchemaError, load_environment
from tests.unit.schema.bigquery.fake import Fake, Request, error

FILE = File("sums", Path("schema/bigquery/views/sums.sql"), "SELECT 1")


@pytest.fixture
def fake() -> Fake:
    return Fake()


def test_every_job_is_bounded(fake: Fake) -> None:
    Jobs(fake.client()).run("SELECT 1", "schema-view-sums-1", FILE)
    sent = next(request for request in fake.seen if request.method == "POST")
    assert sent.body["configuration"]["query"]["maximumBytesBilled"] == str(MOST_BYTES)
    assert int(sent.body["configuration"]["jobTimeoutMs"]) > 0
    assert sent.body["jobReference"]["jobId"] == "schema-view-sums-1"
    assert all(request.timeout for request in fake.seen)


def test_dry_run_runs_nothing(fake: Fake) -> None:
    def costly(request: Request) -> tuple[int, Any] | None:
        if request.method != "POST":
            return None
        read = {"totalBytesProcessed": str(5 << 30)}
        return 200, {**request.body, "status": {"state": "DONE"}, "statistics": {**read, "query": read}}

    fake.answer = costly
    assert Jobs(fake.client()).estimate("SELECT 1", FILE) == 5 << 30
    assert [request.body["configuration"]["dryRun"] for request in fake.seen] == [True]


def test_taken_id_is_the_same_job(fake: Fake) -> None:
    jobs = Jobs(fake.client())
    jobs.run("SELECT 1", "schema-view-sums-1", FILE)
    jobs.run("SELECT 1", "schema-view-sums-1", FILE)
    assert list(fake.jobs) == ["schema-view-sums-1"]


def test_lost_answer_starts_no_second_job(fake: Fake) -> None:
    lost: list[Request] = []

    def lose_first_answer(request: Request) -> tuple[int, Any] | None:
        if request.method == "POST" and not lost:
            lost.append(request)
            fake._answer(request)  # noqa: SLF001 # begun, and the answer lost on its way
            raise requests.ConnectionError("reset")
        return None

    fake.answer = lose_first_answer
    Jobs(fake.client()).run("SELECT 1", "schema-view-sums-1", FILE)
    assert lost
    assert list(fake.jobs) == ["schema-view-sums-1"]


def failed(job: dict[str, Any]) -> dict[str, Any]:
    reason = {"reason": "quotaExceeded", "message": "too many of them"}
    return {**job, "status": {"state": "DONE", "errorResult": reason, "errors": [reason]}}


def test_note_that_failed_is_made_under_the_next_id(fake: Fake) -> None:
    jobs = Jobs(fake.client())
    for _ in range(2):
        jobs.note("INSERT", "schema-view-sums-1-begin", ())
        assert list(fake.jobs) == ["schema-view-sums-1-begin"]
    for number in (2, 3):
        fake.jobs = {name: failed(job) for name, job in fake.jobs.items()}
        jobs.note("INSERT", "schema-view-sums-1-begin", ())
        assert list(fake.jobs)[-1] == f"schema-view-sums-1-begin-{number}"
    assert len(fake.jobs) == 3


def test_note_that_fails_is_told_and_not_repeated(fake: Fake) -> None:
    def refuse(request: Request) -> tuple[int, Any] | None:
        if request.method != "POST":
            return None
        status, job = fake._answer(request)  # noqa: SLF001 # begun, and failed at once
        fake.jobs[job["jobReference"]["jobId"]] = failed(job)
        return status, failed(job)

    fake.answer = refuse
    with pytest.raises(SchemaError, match="too many of them"):
        Jobs(fake.client()).note("INSERT", "schema-view-sums-1-begin", ())
    assert list(fake.jobs) == ["schema-view-sums-1-begin"]


def test_job_of_a_killed_run_is_waited_for(fake: Fake) -> None:
    jobs = Jobs(fake.client())
    jobs.run("SELECT 1", "schema-view-sums-1", FILE)
    assert not jobs.finish("schema-view-sums-1", FILE)
    assert not jobs.finish("schema-view-sums-2", FILE)
    running = fake.jobs["schema-view-sums-1"]
    running["status"] = {"state": "RUNNING"}

    def end_when_asked_again(request: Request) -> tuple[int, Any] | None:
        if "/queries/" in request.path:
            running["status"] = {"state": "DONE"}
        return None

    fake.answer = end_when_asked_again
    assert jobs.finish("schema-view-sums-1", FILE)


def test_refusal_names_file_line_and_reason(fake: Fake) -> None:
    refused = error(400, "invalidQuery", "Unrecognized name: prize at [7:3]")
    fake.answer = lambda request: (400, refused) if request.method == "POST" else None
    with pytest.raises(SchemaError) as raised:
        Jobs(fake.client()).estimate("SELECT prize", FILE)
    assert raised.value.where == "schema/bigquery/views/sums.sql:7"
    assert raised.value.given == "BigQuery refuses it: Unrecognized name: prize"


def test_missing_rights_are_named(fake: Fake) -> None:
    forbidden = error(403, "accessDenied", "Access Denied: User does not have bigquery.jobs.create permission")
    fake.answer = lambda request: (403, forbidden) if request.method == "POST" else None
    with pytest.raises(SchemaError, match=r"BigQuery forbids it: .*bigquery\.jobs\.create") as raised:
        Jobs(fake.client()).run("SELECT 1", "schema-view-sums-1", FILE)
    assert "roles/bigquery.jobUser" in str(raised.value)


def test_busy_server_is_asked_again(fake: Fake) -> None:
    def busy_once(_: Request) -> tuple[int, Any] | None:
        return (503, error(503, "backendError", "try again")) if len(fake.seen) == 1 else None

    fake.answer = busy_once
    Jobs(fake.client()).run("SELECT 1", "schema-view-sums-1", FILE)
    assert list(fake.jobs) == ["schema-view-sums-1"]


def test_server_that_is_not_there() -> None:
    with pytest.raises(SchemaError, match="cannot be reached") as raised, told("triptrip-test.analytics"):
        raise requests.ConnectionError("refused")
    assert raised.value.where == "triptrip-test.analytics"


@pytest.fixture(scope="module")
def environment() -> Environment:
    return load_environment("prod")


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9050", "http://localhost:9050/"])
def test_emulator_is_asked_without_credentials(
    endpoint: str, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIPTRIP_SCHEMA_BIGQUERY", endpoint)
    client = connect(environment)
    assert isinstance(client._credentials, AnonymousCredentials)  # noqa: SLF001 # the client has no other way to tell
    assert client.project == "triptrip-prod"
    assert client.location == "asia-northeast1"


@pytest.mark.parametrize("endpoint", ["http://bigquery.example.com", "bigquery.googleapis.com", "ftp://127.0.0.1"])
def test_anything_else_is_asked_over_tls(
    endpoint: str, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIPTRIP_SCHEMA_BIGQUERY", endpoint)
    with pytest.raises(SchemaError, match="is no endpoint of BigQuery"):
        connect(environment)


def test_missing_credentials(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def default(scopes: list[str]) -> None:
        raise DefaultCredentialsError(f"none for {scopes}")  # type: ignore[no-untyped-call] # has no types

    monkeypatch.setenv("TRIPTRIP_SCHEMA_BIGQUERY", "https://bigquery.googleapis.com")
    monkeypatch.setattr(google.auth, "default", default)
    with pytest.raises(SchemaError, match="are not to be had: none for"):
        connect(environment)
