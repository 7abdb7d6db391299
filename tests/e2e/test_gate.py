"""The gate on what the real engine writes: the three forms agree, and a preview that failed passes nothing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops.__main__ import application
from ops.gate import judge, read_changes
from policies.kit import waivers
from tests.e2e.runner import Sandbox


@pytest.fixture(autouse=True)
def _event_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_DEBUG_COMMANDS", "true")


def gate(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(application, ["gate", *words])
    return done.exit_code, done.output


def test_every_form_tells_the_same_losses(deployed_dev: Sandbox, tmp_path: Path) -> None:
    deployed_dev.configure("dev", {"postgres": {"backup": {"retained": 7, "finalBackup": "5 days"}}})
    plan, events = tmp_path / "plan.json", tmp_path / "events.json"
    told = deployed_dev.run("preview", "--json", "--event-log", str(events), "--save-plan", str(plan), stack="dev")
    told.succeeded()
    preview, state = tmp_path / "preview.json", tmp_path / "state.json"
    preview.write_text(told.stdout, encoding="utf-8")
    state.write_text(deployed_dev.run("stack", "export", stack="dev").stdout, encoding="utf-8")
    found = [judge(read_changes(file, state), waivers.load()) for file in (preview, events, plan)]
    assert found[0] == found[1] == found[2]
    assert [(each.rule, each.what) for each in found[0]] == [
        (
            "gate-retention",
            "settings.backupConfiguration.backupRetentionSettings.retainedBackups would go from 8 to 7",
        ),
        ("gate-retention", "settings.finalBackupConfig.retentionDays would go from 7 to 5"),
    ]
    assert {each.urn.rpartition("::")[2] for each in found[0]} == {"postgres-primary"}


def test_a_preview_that_the_engine_refused_passes_nothing(deployed_dev: Sandbox, tmp_path: Path) -> None:
    # Each store is protected, so the engine ends the preview at its first deletion.
    deployed_dev.configure("dev", {"bigquery": None})
    events = tmp_path / "events.json"
    told = deployed_dev.run("preview", "--json", "--event-log", str(events), stack="dev").failed("is protected")
    preview = tmp_path / "preview.json"
    preview.write_text(told.stdout, encoding="utf-8")
    for file in (preview, events):
        code, said = gate(str(file))
        assert code == 1
        assert "the gate cannot say that nothing is lost" in said


def test_a_stack_is_gated_without_a_file(deployed_dev: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIPTRIP_SANDBOX", str(deployed_dev.folder))
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    code, said = gate("--stack", "dev", "--pulumi", "sandbox/pulumi")
    assert code == 0, said
    deployed_dev.configure("dev", {"project": {"deletionGuards": False}})
    code, said = gate("--stack", "dev", "--pulumi", "sandbox/pulumi")
    assert code == 1
    assert "gate-retire" in said
