"""`python -m ops adopt`: production is named first, a plan touches nothing, a refusal is one message."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops.__main__ import application
from ops.adoption import command
from tests.ops.adoption.engines import OSAKA, Engine


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The engine that the command finds."""
    made = Engine(cloud={OSAKA})
    monkeypatch.setattr(command, "Pulumi", lambda *_: made)
    return made


def adopt(folder: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(
        application, ["adopt", "--stack", "prod", "--instance", OSAKA, "--folder", str(folder), *words]
    )
    return done.exit_code, done.output


def changed(engine: Engine) -> list[tuple[str, ...]]:
    return [call for call in engine.held["calls"] if call[:2] in (("config", "set"), ("stack", "import"))]


def test_production_is_not_touched_unless_it_is_named(engine: Engine, tmp_path: Path) -> None:
    code, said = adopt(tmp_path)
    assert (code, changed(engine)) == (1, [])
    assert "prod was not typed" in said


def test_another_environments_name_is_no_consent(engine: Engine, tmp_path: Path) -> None:
    code, said = adopt(tmp_path, "--yes-really", "dev")
    assert (code, changed(engine)) == (1, [])
    assert "allowed: prod" in said


def test_a_plan_needs_no_consent(engine: Engine, tmp_path: Path) -> None:
    code, said = adopt(tmp_path, "--plan")
    assert (code, changed(engine)) == (0, [])
    assert f"settings: postgres.primary.instance: {OSAKA}" in said
    assert "nothing was changed (--plan)" in said


def test_it_tells_what_was_done_and_what_is_next(engine: Engine, tmp_path: Path) -> None:
    code, said = adopt(tmp_path, "--yes-really", "prod")
    assert code == 0
    assert changed(engine)
    assert "triptrip-prod-postgres-1 is managed by nobody any more" in said
    assert "next: commit Pulumi.prod.yaml and deploy; no database is replaced" in said


def test_a_refusal_is_one_message(engine: Engine, tmp_path: Path) -> None:
    engine.held["losing"] = "postgres-primary"
    code, said = adopt(tmp_path, "--yes-really", "prod")
    assert code == 1
    assert "postgres-primary would be replaced" in said
    assert "Traceback" not in said
