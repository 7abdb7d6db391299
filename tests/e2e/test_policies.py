"""The policy packs in the real engine: every rule's cases, and a program that has been weakened."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops.policy_events import policy_findings
from policies.all import RULES
from policies.kit import Case, Node, Resource, Rule
from policies.kit.values import Secret
from policies.reference import PACKS
from sandbox.bench.timing import LAUNCH
from sandbox.engine.launcher import cloud_command
from tests.e2e.runner import ROOT
from tests.policies.test_robustness import said

PROJECT = Path(__file__).with_name("policy_cases")
ATTACHED = ("ec:", "gcp:", "mongodbatlas:")
"""Packages whose provider the sandbox serves under its own name; the others' cases are judged on a state."""
SIGNATURE = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
ALONE = [rule for rule in RULES if rule.whole_stack or any(case.stack for case in (*rule.good, *rule.bad))]
"""Rules whose cases are whole stacks, or resources of a certain name."""

Entry = dict[str, Any]


def entry(rule: Rule, case: Case, name: str) -> Entry:
    """A case of one resource."""
    return {
        "name": name,
        "type": case.type or rule.types[0],
        "inputs": case.inputs,
        "provider": case.provider,
        "protect": case.protect,
        "ignore_changes": list(case.ignore_changes),
    }


def entries(rule: Rule) -> list[Entry]:
    """A rule's cases as resources named `<rule>/<good or bad>-<number>`."""
    both = (("good", rule.good), ("bad", rule.bad))
    return [entry(rule, case, f"{rule.id}/{kind}-{i}") for kind, cases in both for i, case in enumerate(cases)]


def engine(folder: Path, *words: str, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the CLI on the cases' project, in a cloud that accepts everything."""
    cloud = json.dumps([sys.executable, "-m", "sandbox.bench.echo"])
    return subprocess.run(  # noqa: S603 # our own launcher
        [sys.executable, "-c", LAUNCH, str(folder), str(PROJECT), cloud, *words],
        cwd=ROOT,
        env={**os.environ, "PULUMI_DEBUG_COMMANDS": "true", **(variables or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def judged(lines: list[str]) -> set[tuple[str, str]]:
    """(rule, name of the resource) of every finding."""
    return {(each.rule, each.urn.split("::", 3)[-1]) for each in policy_findings(lines)}


def assert_agrees(found: set[tuple[str, str]], cases: list[Entry]) -> None:
    """Every bad case is found by its rule and no good one is."""
    assert cases
    wrong = [
        each["name"]
        for each in cases
        if ((each["name"].split("/")[0], each["name"]) in found) != ("/bad-" in each["name"])
    ]
    assert not wrong


def test_each_resource_case_in_a_preview(tmp_path: Path) -> None:
    cases = [each for rule in RULES if rule not in ALONE for each in entries(rule) if each["type"].startswith(ATTACHED)]
    file, events = tmp_path / "cases.json", tmp_path / "events.json"
    file.write_text(json.dumps([_plain(each, {"[secret]": None}) for each in cases]), encoding="utf-8")
    words = ["preview", "--stack", "cases", "--policy-pack", str(ROOT / "policies" / "all"), "--event-log", str(events)]
    done = engine(tmp_path / "sandbox", *words, variables={"POLICY_CASES": str(file)})
    assert done.returncode != 0
    assert_agrees(judged(events.read_text(encoding="utf-8").splitlines()), cases)


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.__name__)
def test_each_pack_alone_judges_a_state(pack: Any, tmp_path: Path) -> None:
    cases = [each for rule in pack.RULES if rule not in ALONE for each in entries(rule)]
    found = _analyzed(tmp_path, cases, Path(str(pack.__file__)).parent)
    assert_agrees(found, cases)
    assert {rule for rule, _ in found} <= {rule.id for rule in pack.RULES}


@dataclass
class Shared:
    """Cases that share a stack without changing each other's verdict: what each rule must say, and the resources."""

    verdicts: dict[Rule, bool]
    resources: list[Entry]

    def takes(self, rule: Rule, broken: bool, resources: list[Entry]) -> bool:
        """Add a case, if every rule still says what it says of its own case alone."""
        taken = {(each["type"], each["name"]) for each in self.resources}
        if rule in self.verdicts or any((each["type"], each["name"]) in taken for each in resources):
            return False
        verdicts, joined = {**self.verdicts, rule: broken}, [*self.resources, *resources]
        read = _as_read(joined)
        if any(_finds(each, read) != verdicts[each] for each in verdicts):
            return False
        self.verdicts, self.resources = verdicts, joined
        return True


def shared_stacks() -> list[Shared]:
    """The first good and the first bad case of every rule that looks at whole stacks, in as few stacks as they fit."""
    stacks: list[Shared] = []
    for rule in ALONE:
        for broken, case in ((False, rule.good[0]), (True, rule.bad[0])):
            resources = _stack_of(rule, case)
            if not any(stack.takes(rule, broken, resources) for stack in stacks):
                alone = Shared({}, [])
                assert alone.takes(rule, broken, resources), rule.id
                stacks.append(alone)
    return stacks


def test_whole_stacks_are_judged(tmp_path: Path) -> None:
    stacks = shared_stacks()
    assert {rule for stack in stacks for rule in stack.verdicts} == set(ALONE)
    for stack in stacks:
        found = {rule for rule, _ in _analyzed(tmp_path, stack.resources, ROOT / "policies" / "all")}
        assert {rule.id: rule.id in found for rule in stack.verdicts} == {
            rule.id: broken for rule, broken in stack.verdicts.items()
        }


def _stack_of(rule: Rule, case: Case) -> list[Entry]:
    if case.stack:
        return [entry(rule, Case(inputs, type_), name) for name, (type_, inputs) in case.stack.items()]
    return [entry(rule, case, "case")] if case.inputs or case.type else []


def _finds(rule: Rule, read: list[Resource]) -> bool:
    return bool(said(rule, [each for each in read if rule.whole_stack or rule.applies_to(each.type)]))


def _declared_provider(cases: list[Entry], package: str) -> Entry | None:
    """The provider that a stack's cases declare for a package; a rule's own case (`rule/good-0`) is not."""
    wanted = f"pulumi:providers:{package}"
    return next((each for each in cases if each["type"] == wanted and "/" not in each["name"]), None)


def _as_read(given: list[Entry]) -> list[Resource]:
    """The cases' resources as rules read them in a state, where each has a provider."""
    read: list[Resource] = []
    for number, each in enumerate(given):
        inputs = dict(each["inputs"])
        package = each["type"].split(":")[0]
        declared = _declared_provider(given, package)
        provider = dict(declared["inputs"] if declared else each["provider"])
        outputs = inputs if each["type"].endswith(":Stack") else {}
        urn = f"urn:pulumi:cases::triptrip::{each['type']}::{each['name']}"
        ignored = tuple(each["ignore_changes"])
        node = Node(provider, "provider")
        read.append(Resource(inputs, "", urn, each["type"], each["name"], each["protect"], ignored, node, outputs))
        if package != "pulumi" and not declared:
            type_, name = f"pulumi:providers:{package}", f"provider-{number}"
            read.append(Resource(provider, "", f"urn:pulumi:cases::triptrip::{type_}::{name}", type_, name))
    return read


def _analyzed(folder: Path, cases: list[Entry], pack: Path) -> set[tuple[str, str]]:
    file = folder / "state.json"
    file.write_text(json.dumps(_state(cases)), encoding="utf-8")
    done = engine(folder / "sandbox", "policy", "analyze", "--json", "--file", str(file), "--policy-pack", str(pack))
    assert "panic" not in done.stderr
    assert "invalid" not in done.stderr, done.stderr
    return judged(done.stdout.splitlines())


def _state(cases: list[Entry]) -> dict[str, Any]:
    """A state as `pulumi stack export` writes it, one provider a resource."""
    resources: list[dict[str, Any]] = []
    root = "urn:pulumi:cases::triptrip::pulumi:pulumi:Stack::triptrip-cases"
    resources.append({"urn": root, "custom": False, "type": "pulumi:pulumi:Stack"})
    for number, each in enumerate(sorted(cases, key=lambda case: not case["type"].startswith("pulumi:"))):
        inputs = _plain(each["inputs"], {**SIGNATURE, "plaintext": None})
        if each["type"].startswith("pulumi:"):
            made = (
                {**resources.pop(0), "outputs": inputs, "inputs": inputs} if each["type"].endswith(":Stack") else None
            )
            resources.insert(0, made) if made else resources.append(_provider(each["type"], each["name"], inputs))
            continue
        package = each["type"].split(":")[0]
        declared = _declared_provider(cases, package)
        if declared:
            provider = _provider(declared["type"], declared["name"], dict(declared["inputs"]))
        else:
            provider = _provider(f"pulumi:providers:{package}", f"provider-{number}", dict(each["provider"]))
            resources.append(provider)
        resources.append(
            {
                "urn": f"urn:pulumi:cases::triptrip::{each['type']}::{each['name']}",
                "custom": True,
                "id": f"id-{number}",
                "type": each["type"],
                "inputs": inputs,
                "outputs": inputs,
                "parent": root,
                "protect": each["protect"],
                "ignoreChanges": each["ignore_changes"],
                "provider": f"{provider['urn']}::{provider['id']}",
            }
        )
    return {"version": 3, "deployment": {"manifest": {"time": "2026-11-25T00:00:00Z"}, "resources": resources}}


def _provider(type_: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    urn = f"urn:pulumi:cases::triptrip::{type_}::{name}"
    return {"urn": urn, "custom": True, "id": f"{name}-id", "type": type_, "inputs": inputs, "outputs": inputs}


def _plain(value: Any, mark: Mapping[str, Any]) -> Any:
    """JSON of a case; a secret is the object `mark` with its value where that has None."""
    if isinstance(value, Secret):
        inner = _plain(value.value, mark)
        return {
            key: (json.dumps(inner) if key == "plaintext" else inner) if item is None else item
            for key, item in mark.items()
        }
    if isinstance(value, Mapping):
        return {key: _plain(item, mark) for key, item in value.items()}
    return [_plain(item, mark) for item in value] if isinstance(value, (list, tuple)) else value


def _preview(folder: Path, cases: list[Entry], *words: str, path: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A preview of a few cases; `path` is where the packs' modules are looked for first."""
    file = folder / "cases.json"
    file.write_text(json.dumps(cases), encoding="utf-8")
    variables = {"POLICY_CASES": str(file), "PYTHONPATH": str(path)}
    return engine(folder / "sandbox", "preview", "--stack", "cases", *words, variables=variables)


def test_a_remedy_mends_what_is_deployed(tmp_path: Path) -> None:
    levels, events = tmp_path / "levels.json", tmp_path / "events.json"
    rows = {"all": "disabled", "gcs-ubla": {"enforcementLevel": "remediate"}}
    levels.write_text(json.dumps(rows), encoding="utf-8")
    bucket = next(each for each in RULES if each.id == "gcs-ubla")
    broken = [entry(bucket, bucket.bad[0], "bucket")]
    words = ["--policy-pack", str(ROOT / "policies" / "exposure"), "--policy-pack-config", str(levels)]
    done = _preview(tmp_path, broken, *words, "--event-log", str(events))
    assert done.returncode == 0, done.stdout
    told = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    (made,) = [
        step["metadata"]["new"]["inputs"]
        for step in (each.get("resourcePreEvent") for each in told)
        if step and step["metadata"]["urn"].endswith("::bucket")
    ]
    assert made["uniformBucketLevelAccess"] is True


def test_waivers_that_cannot_be_used_stop_the_preview_in_one_line_each(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "policies", copy / "policies", ignore=shutil.ignore_patterns("__pycache__"))
    row = {"rule": "sql-pitr", "urn": "*", "reason": "because", "owner": "me", "expires": "2027-01-01"}
    (copy / "policies" / "waivers.yaml").write_text(json.dumps({"waivers": [row]}), encoding="utf-8")
    done = _preview(tmp_path, [], "--policy-pack", str(copy / "policies" / "backup"), path=copy)
    output = done.stdout + done.stderr
    assert done.returncode != 0
    assert "waivers.yaml: row 1: urn: must be a URN" in output
    assert "waivers.yaml: row 1: reason: " in output
    assert "Traceback" not in output


def test_a_level_of_another_kind_stops_the_preview(tmp_path: Path) -> None:
    levels = tmp_path / "levels.json"
    row = {"enforcementLevel": "mandatory", "retained_backups": "many"}
    levels.write_text(json.dumps({"sql-backup-retention": row}), encoding="utf-8")
    pack = ["--policy-pack", str(ROOT / "policies" / "backup"), "--policy-pack-config", str(levels)]
    done = _preview(tmp_path, [], *pack)
    assert done.returncode != 0
    assert "sql-backup-retention: retained_backups: Invalid type" in done.stdout + done.stderr


WEAKENED = {
    "infra/components/postgres_settings.py": [
        ('"ipv4_enabled": False', '"ipv4_enabled": True', "sql-no-public-ip"),
        ('"ssl_mode": "ENCRYPTED_ONLY"', '"ssl_mode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED"', "sql-require-tls"),
        ('"retain_backups_on_delete": True', '"retain_backups_on_delete": False', "sql-final-backup"),
    ],
    "infra/components/cache_redis.py": [
        ('transit_encryption_mode="SERVER_AUTHENTICATION"', 'transit_encryption_mode="DISABLED"', "red-tls"),
        ("customer_managed_key=key.key_id", "customer_managed_key=None", "red-cmek"),
    ],
    "infra/components/mongodb.py": [("pit_enabled=True", "pit_enabled=False", "atl-backup")],
}
"""Lines of the program, what they become, and the rule that refuses it."""


def test_a_weakened_program_is_refused_with_what_why_and_how(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copytree(ROOT / "infra", copy / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    for file in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(file, copy)
    for name, edits in WEAKENED.items():
        text = (copy / name).read_text(encoding="utf-8")
        for line, weaker, _ in edits:
            assert line in text, f"{name} no longer holds {line}"
            text = text.replace(line, weaker)
        (copy / name).write_text(text, encoding="utf-8")
    sandbox = tmp_path / "sandbox"
    cloud = json.dumps(cloud_command(sandbox))
    levels = ROOT / "policies" / "levels" / "prod.json"
    packs = ["--policy-pack", str(ROOT / "policies" / "all"), "--policy-pack-config", str(levels)]
    done = subprocess.run(  # noqa: S603 # our own launcher
        [
            sys.executable,
            "-c",
            LAUNCH,
            str(sandbox),
            str(copy),
            cloud,
            "preview",
            "--stack",
            "prod",
            "--suppress-outputs",
            *packs,
        ],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    output = done.stdout + done.stderr
    for edits in WEAKENED.values():
        for _, _, rule in edits:
            said = output.partition(f"  {rule}  ")[2].split("- [")[0]
            assert "Why: " in said, (rule, output[-4000:])
            assert "Fix: " in said, rule
