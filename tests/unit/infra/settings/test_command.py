"""`python -m infra.settings`: checks offline without Pulumi, and keeps the generated files up to date."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.settings.__main__ import main
from infra.settings.schema import stack_schema

ROOT = Path(__file__).parents[4]


def test_both_stacks_are_right_and_pulumi_is_never_imported() -> None:
    program = (
        "import sys\n"
        "from infra.settings.__main__ import main\n"
        "code = main(['check'])\n"
        "sys.exit('pulumi was imported' if 'pulumi' in sys.modules else code)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603  our own program
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("\n  OK\n") == len(list(ROOT.glob("Pulumi.*.yaml")))
    assert "db-custom-16-61440 REGIONAL, 1 TB up to 4 TB" in run.stdout


def test_every_wrong_file_is_reported_with_the_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    (tmp_path / "Pulumi.a.yaml").write_text(text.replace("retained: 35", "retained: 400"), encoding="utf-8")
    (tmp_path / "Pulumi.b.yaml").write_text(text.replace("work_mem: 32 MB", "work_mem: 256 MB"), encoding="utf-8")
    assert main(["check", str(tmp_path / "Pulumi.a.yaml"), str(tmp_path / "Pulumi.b.yaml")]) == 1
    told = capsys.readouterr()
    assert re.search(r"postgres\.backup\.retained  \(Pulumi\.a\.yaml:\d+\)", told.err)
    assert re.search(r"postgres\.flags\.work_mem  \(Pulumi\.b\.yaml:\d+\)", told.err)
    assert "OK" not in told.out


@pytest.mark.parametrize("command", ["schema", "reference", "endpoints"])
def test_the_generated_file_is_up_to_date(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([command, "--check"])
    assert code == 0, capsys.readouterr().err


@pytest.mark.parametrize("command", ["schema", "reference", "endpoints"])
def test_a_stale_file_is_refused_with_the_command_that_mends_it(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("infra.settings.__main__._ROOT", tmp_path)
    assert main([command, "--check"]) == 1
    assert f"python -m infra.settings {command}" in capsys.readouterr().err
    assert main([command]) == 0
    assert main([command, "--check"]) == 0


def test_every_pattern_of_the_schema_fits_its_examples_and_defaults() -> None:
    seen = 0
    for schema in subschemas(stack_schema()):
        if isinstance(schema.get("pattern"), str):
            seen += 1
            pattern = re.compile(schema["pattern"])
            texts = [*schema.get("examples", []), *([schema["default"]] if schema.get("default") else [])]
            assert texts
            assert all(pattern.search(text) for text in texts), schema
    assert seen > 20


def test_every_field_is_described_and_every_reference_resolves() -> None:
    schema = stack_schema()
    for part in subschemas(schema):
        for name, field in part.get("properties", {}).items():
            described = field if "$ref" not in field else field | schema["$defs"][field["$ref"].rpartition("/")[2]]
            assert described.get("description"), name
        if "$ref" in part:
            assert part["$ref"].removeprefix("#/$defs/") in schema["$defs"]


def test_the_stack_files_point_at_the_schema() -> None:
    for path in ROOT.glob("Pulumi.*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        target = first.removeprefix("# yaml-language-server: $schema=")
        assert json.loads((ROOT / target).read_text(encoding="utf-8"))["title"]


def subschemas(schema: object) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [part for item in schema for part in subschemas(item)]
    if not isinstance(schema, dict):
        return []
    return [schema, *(part for value in schema.values() for part in subschemas(value))]
