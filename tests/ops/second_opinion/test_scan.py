"""Checkov's JSON as findings: waived, expired, unused; and every opinion that would say nothing."""

import datetime as dt
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ops import second_opinion as opinion
from ops.second_opinion import NOT_ASKED, PASSED, REFUSED, Rendered, ScanError, scan, scanner, tell
from ops.second_opinion.scan import Scan, parse
from policies.kit.waivers import Waiver, Waivers

URN = "urn:pulumi:prod::triptrip::x:y:Z$gcp:sql/databaseInstance:DatabaseInstance::postgres-primary"
BUCKET = "urn:pulumi:prod::triptrip::gcp:storage/bucket:Bucket::snapshots"
URNS = {"google_sql_database_instance.postgres-primary": URN, "google_storage_bucket.snapshots": BUCKET}
TODAY = dt.date(2026, 11, 25)


def check(id_: str, address: str = "google_sql_database_instance.postgres-primary", **more: Any) -> dict[str, Any]:
    return {
        "check_id": id_,
        "check_name": f"Ensure {id_}",
        "check_class": "checkov.common.graph.checks_infra.base_check",
        "resource": address,
        "guideline": None,
        **more,
    }


FAILED = (
    check("CKV_GCP_6", check_class="checkov.terraform.checks.resource.gcp.RequireSsl"),
    check("CKV2_GCP_13", guideline="https://docs.example/13"),
    check("CKV_GCP_62", "google_storage_bucket.snapshots"),
)
BUCKET_CHECK = check("CKV_GCP_29", "google_storage_bucket.snapshots")
OWN_CHECK = check("CKV_GCP_41", "google.default")


def report(failed: tuple[dict[str, Any], ...] = FAILED, **summary: Any) -> str:
    passed = [check("CKV_GCP_14"), check("CKV_GCP_60"), BUCKET_CHECK, OWN_CHECK]
    counts = {"passed": len(passed), "failed": len(failed), "skipped": 0, "parsing_errors": 0, "resource_count": 2}
    return json.dumps(
        {
            "check_type": "terraform",
            "results": {"passed_checks": passed, "failed_checks": list(failed)},
            "summary": {**counts, "checkov_version": "3.3.30", **summary},
        }
    )


def waivers(*rows: tuple[str, str, str]) -> Waivers:
    found = [
        Waiver(
            rule=rule,
            urn=urn,
            reason="decided in the review of autumn",
            owner="ops",
            expires=dt.date.fromisoformat(day),
        )
        for rule, urn, day in rows
    ]
    return Waivers(tuple(found), TODAY)


def told(judged: Scan, accepted: Waivers) -> tuple[int, str]:
    written = io.StringIO()
    code = tell(judged, "prod", accepted, Console(file=written, soft_wrap=True))
    return code, written.getvalue()


def test_findings_carry_urn_title_and_where_the_rule_is() -> None:
    found = parse(report(), URNS)
    assert [(each.check, each.urn) for each in found.findings] == [
        ("CKV2_GCP_13", URN),
        ("CKV_GCP_6", URN),
        ("CKV_GCP_62", BUCKET),
    ]
    assert [each.guideline for each in found.findings] == [
        "https://docs.example/13",
        "https://github.com/bridgecrewio/checkov/blob/3.3.30/checkov/terraform/checks/resource/gcp/RequireSsl.py",
        "https://www.checkov.io/5.Policy%20Index/terraform.html",
    ]
    assert found.findings[1].title == "Ensure CKV_GCP_6"
    assert found.passed == {URN: 2, BUCKET: 1, "google.default": 1}
    assert found.version == "3.3.30"


def test_a_waiver_lets_its_finding_pass_until_its_last_day() -> None:
    accepted = waivers(
        ("CKV_GCP_6", URN, "2026-11-25"),
        ("CKV2_GCP_13", URN.replace("primary", "*"), "2026-11-24"),
        ("CKV_GCP_62", BUCKET.replace("prod", "dev"), "2027-05-31"),
    )
    code, text = told(parse(report(), URNS).judged(accepted), accepted)
    assert code == REFUSED
    assert f"waived CKV_GCP_6 {URN}: Ensure CKV_GCP_6 (waived until 2026-11-25 by ops: decided in the review" in text
    assert f"refused CKV2_GCP_13 {URN}: Ensure CKV2_GCP_13; its waiver ended on 2026-11-24; the rule: https" in text
    assert f"refused CKV_GCP_62 {BUCKET}" in text
    assert "To allow it: a waiver for CKV_GCP_62 in policies/waivers.yaml" in text
    assert "4 checks passed, 2 refused, 1 waived" in text
    assert "no finding needs" not in text


def test_everything_waived_passes_and_each_store_says_what_passed() -> None:
    accepted = waivers(
        *((each["check_id"], URNS[each["resource"]], "2027-05-31") for each in FAILED),
        ("CKV_GCP_79", URN, "2027-05-31"),
        ("sql-require-tls", URN, "2027-05-31"),
        ("CKV_GCP_79", URN.replace("prod", "dev"), "2027-05-31"),
    )
    code, text = told(parse(report(), URNS).judged(accepted), accepted)
    assert code == PASSED
    assert "gcp:sql/databaseInstance:DatabaseInstance: 2 passed, 2 not" in text
    assert "gcp:storage/bucket:Bucket: 1 passed, 1 not" in text
    assert "1 other types: 1 passed, 0 not" in text
    assert text.count("no finding needs this waiver") == 1
    assert f"any more: CKV_GCP_79 for {URN}" in text


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("Traceback", "wrote no JSON"),
        ('{"passed": 0, "failed": 0, "resource_count": 0}', "scanned nothing"),
        ("[]", "scanned nothing"),
        (report(resource_count=1), "scanned 1 resources of 2"),
        (report(parsing_errors=1), "could not read"),
        (report(skipped=1), "1 checks were skipped by a comment"),
        (report(passed=5), "reports 5 passed checks and lists 4"),
        (json.dumps({**json.loads(report(passed=0)), "results": {}}), "reports 0 passed checks and lists 0"),
    ],
)
def test_an_opinion_that_says_nothing_is_an_error(output: str, said: str) -> None:
    with pytest.raises(ScanError, match=said):
        parse(output, URNS)


def executable(folder: Path, script: str) -> Path:
    file = folder / "checkov"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def test_the_scanner_sees_the_text_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BC_API_KEY", "an account of the user")
    monkeypatch.setenv("CKV_SKIP_CHECK", "CKV_GCP_6")
    output = tmp_path / "report.json"
    output.write_text(report(), encoding="utf-8")
    script = (
        'test "$(cat main.tf)" = text && test "$HOME" = "$PWD" && test "$2" = "$PWD" && '
        f'test -z "$BC_API_KEY$CKV_SKIP_CHECK" && cat {output}'
    )
    assert len(scan(Rendered("text", URNS), executable(tmp_path, script)).findings) == 3


def test_a_scanner_that_fails_is_an_error(tmp_path: Path) -> None:
    rendered = Rendered("text", URNS)
    with pytest.raises(ScanError, match="code 3: out of memory"):
        scan(rendered, executable(tmp_path, "echo out of memory >&2; exit 3"))
    with pytest.raises(ScanError, match="cannot be run"):
        scan(rendered, tmp_path / "nothing")


def test_the_stamp_names_the_scanner(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    with pytest.raises(ScanError, match="run sandbox/setup scanner"):
        scanner(stamp)
    stamp.write_text(f"{tmp_path / 'gone'}\n", encoding="utf-8")
    with pytest.raises(ScanError, match="run sandbox/setup scanner"):
        scanner(stamp)
    file = executable(tmp_path, "true")
    stamp.write_text(f"{file}\n", encoding="utf-8")
    assert scanner(stamp) == file


SAID = {"prod": "checkov is not installed: run sandbox/setup scanner\n", "nowhere": "1 setting cannot be used:"}


@pytest.mark.parametrize("stack", SAID)
def test_without_an_answer_the_command_says_why(
    stack: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent() -> Path:
        raise ScanError("checkov is not installed: run sandbox/setup scanner")

    known: Mapping[str, Any] = {"prod": absent, "nowhere": lambda: Path("checkov")}
    monkeypatch.setattr(opinion, "scanner", known[stack])
    assert opinion.second_opinion(stack) == NOT_ASKED
    assert capsys.readouterr().err.startswith(f"second opinion on {stack}: {SAID[stack]}")


def test_the_command_gives_the_scanner_s_opinion_on_the_plan(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def canned(rendered: Rendered, checkov: Path) -> Scan:
        assert checkov == Path("checkov")
        assert "google_sql_database_instance.postgres-primary" in rendered.urns
        return parse(report(()), URNS)

    monkeypatch.setattr(opinion, "scanner", lambda: Path("checkov"))
    monkeypatch.setattr(opinion, "scan", canned)
    monkeypatch.setattr("policies.kit.waivers.load", waivers)
    assert opinion.second_opinion("dev") == PASSED
    assert "second opinion on dev, checkov 3.3.30: 4 checks passed, 0 refused, 0 waived" in capsys.readouterr().out
