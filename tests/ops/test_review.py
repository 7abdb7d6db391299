"""The page about a change, and the commands around it."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ops.__main__ import application
from ops.policy_events import policy_findings, rules_run

SQL = "gcp:sql/databaseInstance:DatabaseInstance"
URN = f"urn:pulumi:dev::triptrip::triptrip:platform:Platform${SQL}::postgres-primary"
RUNNER = CliRunner()


def step(op: str, *, protect: bool = True, **inputs: Any) -> dict[str, Any]:
    old = {"inputs": {"deletionProtection": True}, "protect": True}
    new = None if op == "delete" else {"inputs": {"deletionProtection": True, **inputs}, "protect": protect}
    return {"resourcePreEvent": {"metadata": {"op": op, "urn": URN, "old": old, "new": new}}}


def said(level: str, rule: str = "sql-pitr") -> dict[str, Any]:
    message = "it is off\nWhy: data is lost\nFix: turn it on\n"
    return {
        "policyEvent": {
            "resourceUrn": URN,
            "message": message,
            "policyName": rule,
            "enforcementLevel": level,
            "severity": "high",
        }
    }


def summary(result: str) -> dict[str, Any]:
    return {"summaryEvent": {"result": result}}


@pytest.fixture
def log(tmp_path: Path) -> Any:
    def written(*events: dict[str, Any]) -> str:
        file = tmp_path / "events.json"
        file.write_text("".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events), encoding="utf-8")
        return str(file)

    return written


def invoke(*words: str) -> tuple[int, str]:
    done = RUNNER.invoke(application, list(words))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_a_change_that_nothing_refuses(log: Any) -> None:
    code, page = invoke("review", log(step("update"), said("advisory"), summary("succeeded")), "--stack", "dev")
    assert code == 0
    assert page.startswith("### dev: 1 to update\n")
    assert "1 notes (waived, advisory, not decided yet)" in page
    assert "CAUTION" not in page
    assert f"| update | `{SQL} postgres-primary` |" in page


def test_a_change_that_the_gate_refuses(log: Any) -> None:
    code, page = invoke("review", log(step("delete"), summary("succeeded")), "--stack", "dev")
    assert code == 1
    assert "> The gate refuses 1 changes:" in page
    assert f"> - `gate-delete` {URN}: would be deleted; it is: the PostgreSQL tier. To allow it: a waiver" in page


def test_a_change_that_a_rule_refuses(log: Any) -> None:
    code, page = invoke("review", log(step("update"), said("mandatory"), summary("failed")), "--stack", "dev")
    assert code == 1
    assert "> - **sql-pitr** (high) `postgres-primary`: it is off; Why: data is lost; Fix: turn it on" in page


def test_a_preview_that_failed_is_refused_and_shown(log: Any, tmp_path: Path) -> None:
    output = tmp_path / "diff.txt"
    output.write_text("one\nerror: no such setting\n", encoding="utf-8")
    for events in (log(step("update"), summary("failed")), str(tmp_path / "absent.json")):
        code, page = invoke("review", events, "--stack", "dev", "--output", str(output))
        assert code == 1
        assert page.startswith("### dev: preview failed")
        assert "error: no such setting" in page
    code, page = invoke("review", str(tmp_path / "absent.json"), "--stack", "dev")
    assert code == 1
    assert "before its first resource" in page


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, "give either a PLAN file or --stack NAME"),
        (("absent.json",), 2, "absent.json: cannot be read"),
        (("--stack", "dev", "--pulumi", "/no/such/pulumi"), 2, "name the CLI with --pulumi or $PULUMI_COMMAND"),
    ],
)
def test_the_gate_that_cannot_be_asked(words: tuple[str, ...], code: int, told: str) -> None:
    assert invoke("gate", *words)[0] == code
    assert told in invoke("gate", *words)[1]


def test_a_stack_without_levels_cannot_be_asked() -> None:
    code, told = invoke("policy", "--stack", "staging")
    assert code == 2
    assert "stack staging has no policies/levels/staging.json" in told


def test_the_gate_on_a_file(log: Any) -> None:
    done = summary("succeeded")
    code, told = invoke("gate", log(step("same", protect=False, deletionProtection=False), done))
    assert code == 1
    assert "would lose Pulumi's protect" in told
    assert "deletionProtection would go from true to false" in told
    assert invoke("gate", log(step("update"), done))[0] == 0


def test_the_gate_passes_no_preview_that_failed(log: Any) -> None:
    for events in ((step("update"),), (step("update"), summary("failed"))):
        code, told = invoke("gate", log(*events))
        assert code == 1
        assert "the gate cannot say that nothing is lost" in told


def test_a_cli_that_writes_no_events_is_no_pass(tmp_path: Path) -> None:
    silent = tmp_path / "pulumi.py"
    silent.write_text("print('nothing to say')\n", encoding="utf-8")
    code, told = invoke("gate", "--stack", "dev", "--pulumi", shlex.join([sys.executable, str(silent)]))
    assert code == 1
    assert "the gate cannot say that nothing is lost" in told
    assert "nothing to say" in told


def test_policy_events_are_sorted_and_counted(log: Any) -> None:
    passed = {"policyAnalyzeSummaryEvent": {"passed": ["a", "b"], "failed": ["c"]}}
    lines = Path(log(said("advisory", "a"), said("mandatory", "b"), passed)).read_text(encoding="utf-8").splitlines()
    assert [each.rule for each in policy_findings(["not an event", *lines])] == ["b", "a"]
    assert rules_run(lines) == 3
