"""Runs checkov on rendered Terraform and reads what it says about each resource."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ops.second_opinion.terraform import Rendered
from policies.kit.waivers import Waiver, Waivers

ROOT = Path(__file__).resolve().parents[2]
STAMP = ROOT / ".sandbox" / "scanner.stamp"
"""Where `sandbox/setup scanner` writes the path of the executable."""

INSTALL = "run sandbox/setup scanner"
_RULE = re.compile(r"CKV\d*_")
_ARGUMENTS = ("--skip-download", "--framework", "terraform", "--output", "json", "--compact", "--soft-fail")
_SOURCE = "https://github.com/bridgecrewio/checkov/blob"
_RESOURCE_RULES = "checkov/terraform/checks/"
_INDEX = "https://www.checkov.io/5.Policy%20Index/terraform.html"
_TIMEOUT_SECONDS = 600
_TAIL_CHARACTERS = 2000
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")


class ScanError(Exception):
    """The scanner gave no opinion that can be relied on."""


class NoScannerError(ScanError):
    """The scanner is not installed."""


@dataclass(frozen=True)
class Finding:
    """One failed check: its id, the resource, what checkov asks for, and where the rule can be read.

    `waiver` lets it pass; `expired` is a waiver that did until its last day.
    """

    check: str
    urn: str
    title: str
    guideline: str
    waiver: Waiver | None = None
    expired: Waiver | None = None

    def __str__(self) -> str:
        if self.waiver:
            row = self.waiver
            return f"{self.check} {self.urn}: {self.title} (waived until {row.expires} by {row.owner}: {row.reason})"
        ended = f"its waiver ended on {self.expired.expires}; " if self.expired else ""
        return (
            f"{self.check} {self.urn}: {self.title}; {ended}the rule: {self.guideline} . To allow it: a waiver for "
            f"{self.check} in policies/waivers.yaml, reviewed with the change"
        )


@dataclass(frozen=True)
class Scan:
    """What the scanner said: its version, the failed checks, and how many checks passed by URN."""

    version: str
    findings: Sequence[Finding]
    passed: Mapping[str, int]

    def judged(self, waivers: Waivers) -> Scan:
        """The same with waivers laid over the findings; expired ones let nothing pass."""
        return replace(self, findings=[_judged(each, waivers) for each in self.findings])

    def unused(self, waivers: Waivers, stack: str) -> list[Waiver]:
        """The stack's waivers of the scanner's rules that no finding needs."""
        own = [row for row in waivers.rows if row.stack == stack and _RULE.match(row.rule)]
        return [row for row in own if not any(row.covers(each.check, each.urn) for each in self.findings)]


def scanner(stamp: Path = STAMP) -> Path:
    """The installed checkov; raises NoScannerError when there is none."""
    path = Path(stamp.read_text(encoding="utf-8").strip()) if stamp.is_file() else None
    if path is None or not os.access(path, os.X_OK):
        raise NoScannerError(f"checkov is not installed: {INSTALL}")
    return path


def scan(rendered: Rendered, checkov: Path) -> Scan:
    """What checkov says of rendered Terraform; raises ScanError when it cannot be run or did not see everything."""
    with tempfile.TemporaryDirectory(prefix="second-opinion-") as folder:
        (Path(folder) / "main.tf").write_text(rendered.text, encoding="utf-8")
        return parse(_run(checkov, Path(folder)), rendered.urns)


def parse(output: str, urns: Mapping[str, str]) -> Scan:
    """Checkov's JSON as a Scan of the resources behind the addresses.

    Raises ScanError when it is no report, when a file could not be read or a check was skipped, when fewer resources
    were scanned than there are, or when nothing passed: such an opinion would say nothing.
    """
    report = _report(output)
    summary: Mapping[str, Any] = report["summary"]
    scanned = summary["resource_count"]
    if summary["parsing_errors"]:
        raise ScanError("checkov could not read the rendered Terraform")
    if summary["skipped"]:
        raise ScanError(
            f"{summary['skipped']} checks were skipped by a comment: only policies/waivers.yaml may do that"
        )
    if scanned < len(urns):
        raise ScanError(f"checkov scanned {scanned} resources of {len(urns)}")
    results = report["results"]
    passed = Counter(_urn(each, urns) for each in results.get("passed_checks", ()))
    if not passed.total() or passed.total() != summary["passed"]:
        raise ScanError(f"checkov reports {summary['passed']} passed checks and lists {passed.total()}")
    found = [
        Finding(each["check_id"], _urn(each, urns), each["check_name"], _guideline(each, summary["checkov_version"]))
        for each in results.get("failed_checks", ())
    ]
    return Scan(summary["checkov_version"], sorted(found, key=lambda each: (each.check, each.urn)), passed)


def _run(checkov: Path, folder: Path) -> str:
    # Nothing of the user's may decide the opinion: no configuration in a home or in our tree, no account of checkov's.
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 # the scanner that the set-up installed
            [str(checkov), "--directory", str(folder), *_ARGUMENTS],
            cwd=folder,
            env={**environment, "HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ScanError(f"checkov cannot be run: {error}; {INSTALL}") from error
    if done.returncode:
        raise ScanError(f"checkov ended with code {done.returncode}: {done.stderr[-_TAIL_CHARACTERS:].strip()}")
    return done.stdout


def _report(output: str) -> Mapping[str, Any]:
    try:
        report = json.loads(output)
    except ValueError as error:
        raise ScanError(f"checkov wrote no JSON: {output[:_TAIL_CHARACTERS]!r}") from error
    # Where there was nothing to scan it writes bare counts, without results.
    if not isinstance(report, dict) or "results" not in report:
        raise ScanError(f"checkov scanned nothing: {output[:_TAIL_CHARACTERS].strip()}")
    return report


def _urn(check: Mapping[str, Any], urns: Mapping[str, str]) -> str:
    """The URN a check is about; checks of the provider's own block are about no resource."""
    address: str = check["resource"]
    return urns.get(address, address)


def _guideline(check: Mapping[str, Any], version: str) -> str:
    """Where the rule can be read: what checkov says, which it only knows online, or else the rule's own source."""
    path = str(check.get("check_class", "")).replace(".", "/")
    if check.get("guideline"):
        return str(check["guideline"])
    return f"{_SOURCE}/{version}/{path}.py" if path.startswith(_RESOURCE_RULES) else _INDEX


def _judged(finding: Finding, waivers: Waivers) -> Finding:
    covering = [row for row in waivers.rows if row.covers(finding.check, finding.urn)]
    ended = [row for row in covering if row.expired(waivers.today)]
    return replace(
        finding,
        waiver=waivers.covering(finding.check, finding.urn),
        expired=max(ended, key=lambda row: row.expires, default=None),
    )
