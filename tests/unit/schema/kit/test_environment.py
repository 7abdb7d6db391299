import shutil
from pathlib import Path

import pytest

from schema.kit import SchemaError, load_environment
from tests.stacks import ROOT


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_an_environment_knows_what_its_stack_file_says(name: str) -> None:
    environment = load_environment(name)
    assert environment.settings.project.environment == name
    assert environment.plan.names.prefix == f"triptrip-{name}"


def test_an_unknown_environment_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(SchemaError) as refused:
        load_environment("staging")
    assert refused.value.where == "--env"
    assert refused.value.allowed == "dev, prod"


def test_wrong_settings_are_told_as_the_check_tells_them(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Pulumi.dev.yaml", tmp_path)
    stack = tmp_path / "Pulumi.dev.yaml"
    stack.write_text(stack.read_text().replace("environment: dev", "environment: devv"))
    with pytest.raises(SchemaError) as refused:
        load_environment("dev", tmp_path)
    assert "devv" in str(refused.value)
    assert "infra.settings check" in refused.value.fix


def test_a_store_without_its_variable_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIPTRIP_SCHEMA_POSTGRES", "  ")
    with pytest.raises(SchemaError) as refused:
        load_environment("dev").connection("postgres", "postgresql://host/database")
    assert refused.value.where == "environment variable TRIPTRIP_SCHEMA_POSTGRES"
    assert "postgresql://host/database" in refused.value.allowed
    monkeypatch.setenv("TRIPTRIP_SCHEMA_POSTGRES", " postgresql://elsewhere/x ")
    assert load_environment("dev").connection("postgres", "") == "postgresql://elsewhere/x"
