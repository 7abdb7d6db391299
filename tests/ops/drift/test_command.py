"""The command around a drift: exit codes, its three forms, and what it says when it cannot ask."""

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ops.__main__ import application
from tests.ops.drift.events import BUCKET, SIGNATURE, SQL, read, summary, written

Ask = Callable[..., tuple[int, str]]
LABEL = read({"labels": {"a": "b"}}, {"labels": {"a": "c"}}, {"labels.a": "update"}, type_=BUCKET, name="copies")
SAME = read({}, {}, op="same")
OPEN = read(
    {"settings": {}},
    {"settings": {}},
    {"settings.ipConfiguration.authorizedNetworks": "add"},
    outputs=({}, {"settings": {"ipConfiguration": {"authorizedNetworks": [{"name": "a|b<c", "value": "0.0.0.0/0"}]}}}),
)
GONE = read({}, None, op="delete", type_=BUCKET, name="copies")
DISK = read(
    {"settings": {"diskSize": 100, "diskAutoresize": True}},
    {"settings": {"diskSize": 150, "diskAutoresize": True}},
    op="same",
)
PASSWORD = read({"password": SIGNATURE}, {"password": "hunter2"}, {"password": "update"}, type_="gcp:sql/user:User")
# Somebody wrote the value anew, and the provider marks it no more.
UNMARKED = read({"items": [{"x": SIGNATURE}]}, {"items": [{"x": "hunter2"}, {}]}, {"items": "update"})


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """The command with a CLI that writes these events and ends with that code."""

    def asked(*events: dict[str, Any], words: tuple[str, ...] = (), code: int = 0, last: Any = None) -> tuple[int, str]:
        kept = written(tmp_path, *events, last or summary())
        script = tmp_path / "pulumi.py"
        script.write_text(
            "import pathlib, shutil, sys\n"
            f"assert sys.argv[1:3] == ['refresh', '--preview-only'], sys.argv\n"
            f"shutil.copy({str(kept)!r}, sys.argv[sys.argv.index('--event-log') + 1])\n"
            f"print('what the engine said')\nsys.exit({code})\n",
            encoding="utf-8",
        )
        return invoke("--stack", "prod", "--pulumi", shlex.join([sys.executable, str(script)]), *words)

    return asked


def invoke(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(application, ["drift", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_nothing_differs(ask: Ask) -> None:
    assert ask(SAME) == (0, "prod: no drift in 1 resources\n")


def test_what_is_benign_or_expected_is_told_and_passes(ask: Ask) -> None:
    code, told = ask(SAME, LABEL, DISK)
    assert code == 0
    assert told.splitlines() == [
        "prod: 1 expected, 1 benign in 3 resources",
        "",
        "Expected: the platform did it by itself",
        f"  postgres-primary ({SQL})",
        "    settings.diskSize: 100 → 150",
        "        why: Cloud SQL enlarges the disk before it is full, and never shrinks it",
        "        do:  nothing; a deployment leaves it as it is; `pulumi refresh` takes it into the state",
        "",
        "Benign",
        f"  copies ({BUCKET})",
        "    labels.a: b → c",
        "        why: labels order bills and lists",
        "        do:  `pulumi up --refresh` puts it back; if it is to stay, write it into the stack file",
    ]


def test_what_is_security_relevant_comes_first_and_fails(ask: Ask) -> None:
    code, told = ask(LABEL, OPEN, GONE)
    assert code == 1
    first, _, group, *rest = told.splitlines()
    assert first == "prod: 2 security-relevant, 1 benign in 3 resources"
    assert group == "Security-relevant: look at each today"
    assert rest.index("    is gone from the cloud") < rest.index("Benign")


def test_the_summary_of_a_run(ask: Ask) -> None:
    code, page = ask(LABEL, OPEN, words=("--format", "markdown"))
    assert code == 1
    assert page.startswith("### Drift of prod: 1 security-relevant, 1 benign in 2 resources\n\n> [!CAUTION]\n")
    [row] = [line for line in page.splitlines() if "postgres-primary" in line]
    assert 'authorizedNetworks: not set → [{"name": "a\\|b&lt;c", "value": "0.0.0.0/0"}]' in row
    assert row.replace("\\|", "").count("|") == 5
    assert "<details><summary>Benign (1)</summary>" in page


def test_everything_for_machines(ask: Ask) -> None:
    code, told = ask(OPEN, GONE, words=("--format", "json"))
    assert code == 1
    found = json.loads(told)
    assert found["counts"] == {"security": 2, "expected": 0, "benign": 0}
    assert found["finished"]
    assert [(each["name"], each["gone"], each["property"], each["declared"]) for each in found["findings"]] == [
        ("postgres-primary", False, "settings.ipConfiguration.authorizedNetworks", None),
        ("copies", True, None, None),
    ]


@pytest.mark.parametrize("form", ["terminal", "markdown", "json"])
def test_no_form_shows_a_secret(ask: Ask, form: str) -> None:
    code, told = ask(PASSWORD, UNMARKED, words=("--format", form))
    assert code == 1
    assert told.count("[secret]") == 4
    assert "hunter2" not in told


@pytest.mark.parametrize("form", ["terminal", "markdown", "json"])
def test_a_refresh_that_failed_half_way_is_no_pass(ask: Ask, form: str) -> None:
    code, told = ask(SAME, words=("--format", form), code=255, last=summary("failed"))
    assert code == 2
    assert "no drift" not in told
    assert ("what the engine said" in told) is (form != "json")
    assert form != "json" or json.loads(told)["finished"] is False
    assert ask(OPEN, words=("--format", form), code=255, last=summary("failed"))[0] == 1


def test_a_stack_without_resources_is_no_pass(ask: Ask) -> None:
    code, told = ask()
    assert code == 2
    assert "stack prod holds no resource" in told


def test_a_cli_that_cannot_be_asked(tmp_path: Path) -> None:
    code, told = invoke("--stack", "prod", "--pulumi", "/no/such/pulumi")
    assert code == 2
    assert "name the CLI with --pulumi or $PULUMI_COMMAND" in told
    silent = tmp_path / "pulumi.py"
    silent.write_text("print('no such stack')\n", encoding="utf-8")
    code, told = invoke("--stack", "prod", "--pulumi", shlex.join([sys.executable, str(silent)]))
    assert code == 2
    assert "read nothing of stack prod" in told
    assert "no such stack" in told
