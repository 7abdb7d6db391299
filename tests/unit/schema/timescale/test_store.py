"""How the store is reached: never without TLS over a network, and nothing of a password is shown."""

from dataclasses import replace

import pytest

from schema.kit import Environment, SchemaError, load_environment
from schema.timescale.store import check_encryption, opened

SECRET = "hunter-42"  # noqa: S105 # no real one


def refusal(text: str) -> str:
    """What a way in is refused with; empty when it is taken."""
    try:
        check_encryption(text, "here")
    except SchemaError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:p@db.example.com:5432/tsdb?sslmode=verify-full&sslrootcert=system",
        "host=db.example.com sslmode=verify-full",
        "postgresql://u:p@127.0.0.1:5432/postgres",
        "postgresql://u:p@localhost/postgres?sslmode=disable",
        "postgresql://u:p@[::1]:5432/postgres",
        "host=/var/run/postgresql dbname=postgres",
        "dbname=postgres",
    ],
)
def test_ways_that_are_taken(text: str) -> None:
    assert refusal(text) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("postgresql://u:{}@db.example.com/tsdb", "sslmode is not given"),
        ("postgresql://u:{}@db.example.com/tsdb?sslmode=disable", "sslmode is disable"),
        ("postgresql://u:{}@db.example.com/tsdb?sslmode=require", "sslmode is require"),
        ("postgresql://u:{}@localhost,db.example.com/tsdb", "localhost, db.example.com is another machine"),
        ("host=localhost hostaddr=10.0.0.1 password={}", "10.0.0.1 is another machine"),
    ],
)
def test_ways_that_are_refused(text: str, said: str) -> None:
    told = refusal(text.format(SECRET))
    assert said in told
    assert SECRET not in told


@pytest.fixture
def prod() -> Environment:
    return load_environment("prod")


def test_an_environment_without_it(prod: Environment) -> None:
    without = replace(prod, plan=replace(prod.plan, timescale=None))
    with pytest.raises(SchemaError, match=r"Pulumi\.prod\.yaml: declares no timescale"), opened(without):
        pass


def test_a_way_that_is_not_set(prod: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRIPTRIP_SCHEMA_TIMESCALE", raising=False)
    with pytest.raises(SchemaError, match="TRIPTRIP_SCHEMA_TIMESCALE: is not set"), opened(prod):
        pass


@pytest.mark.parametrize("text", ["postgresql://u:{}@127.0.0.1:1/postgres", "postgresql://u:{}@[nowhere/postgres"])
def test_what_cannot_be_reached_is_told_without_the_password(
    prod: Environment, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("TRIPTRIP_SCHEMA_TIMESCALE", text.format(SECRET))
    with pytest.raises(SchemaError, match="TimescaleDB of prod") as raised, opened(prod):
        pass
    assert SECRET not in str(raised.value)
