"""What the other stores' commands say before they connect to anything: plans, consent, and what is missing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops.__main__ import application
from ops.recovery.mongodb.atlas import ACCOUNT_VARIABLES, KEY_VARIABLES

COMMANDS = {
    "redis": [],
    "mongodb": ["--collection", "reviews"],
    "mongodb-cluster": [],
    "elasticsearch": ["--index", "hotels"],
    "timescale": [],
}


@pytest.fixture(autouse=True)
def nothing_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No way to any store, and a folder of journals of the test's own."""
    for store in ("MONGODB", "ELASTICSEARCH", "ELASTICSEARCH_API_KEY", "TIMESCALE"):
        monkeypatch.delenv(f"TRIPTRIP_SCHEMA_{store}", raising=False)
    for name in (*ACCOUNT_VARIABLES, *KEY_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    # Nothing of Google is asked: an endpoint on loopback needs no account.
    for api in ("REDIS", "DNS", "STORAGE"):
        monkeypatch.setenv(f"TRIPTRIP_ENDPOINT_{api}", "http://127.0.0.1:9")
    monkeypatch.setenv("TRIPTRIP_RECOVERY_FOLDER", str(tmp_path / "recovery"))
    return tmp_path / "recovery"


def told(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(application, ["restore", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "Traceback" not in done.output
    return done.exit_code, " ".join(done.output.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_plan_needs_no_way_to_anything_and_begins_nothing(command: str, nothing_known: Path) -> None:
    for environment in ("dev", "prod"):
        code, said = told(command, "--env", environment, "--plan", *COMMANDS[command])
        assert code == 0, said
        assert said.endswith("nothing was touched")
        assert "asks first" in said or command == "mongodb-cluster"
    assert not nothing_known.exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_prod_is_not_begun_before_its_name_is_typed(command: str, nothing_known: Path) -> None:
    code, said = told(command, "--env", "prod", *COMMANDS[command])
    assert (code, "its name was not typed" in said) == (1, True), said
    code, said = told(command, "--env", "prod", "--yes-really", "dev", *COMMANDS[command])
    assert (code, "--yes-really: names dev allowed: prod" in said) == (1, True), said
    assert not nothing_known.exists()


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("mongodb", "environment variable TRIPTRIP_SCHEMA_MONGODB: is not set"),
        ("mongodb-cluster", "Atlas' Admin API: has no credentials here"),
        ("elasticsearch", "environment variable TRIPTRIP_SCHEMA_ELASTICSEARCH: is not set"),
        ("timescale", "environment variable TRIPTRIP_SCHEMA_TIMESCALE: is not set"),
    ],
)
def test_what_is_missing_is_told_in_one_message(command: str, missing: str, nothing_known: Path) -> None:
    code, said = told(command, "--env", "prod", "--yes-really", "prod", *COMMANDS[command])
    assert code == 2
    assert missing in said
    assert not nothing_known.exists()


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (["redis", "--env", "nowhere"], "--env: nowhere has no stack file"),
        (
            ["mongodb", "--collection", "reviews", "--rule", "newest"],
            "--rule: newest is none allowed: missing, replace",
        ),
        (
            ["mongodb-cluster", "--point-in-time", "2026-11-26 03:00"],
            "--point-in-time: '2026-11-26 03:00' is no moment",
        ),
        (["redis", "--run", "yesterday"], "--run: 'yesterday' is none"),
    ],
)
def test_a_wrong_option_is_told_with_what_is_allowed(words: list[str], refused: str) -> None:
    code, said = told(*words)
    assert code == 2
    assert refused in said
