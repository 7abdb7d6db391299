"""A plan is read where the same was made before, and made anew when anything of it has changed."""

from pathlib import Path
from typing import Any

import pytest

from infra.settings import Settings
from sandbox.plan import Plan, PlanError, PlannedResource, kept
from tests.stacks import settings_of


class Planner:
    """Counts how often a plan is made, of one resource with a secret."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, settings: Settings, stack: str) -> Plan:
        self.asked += 1
        inputs: dict[str, Any] = {"password": "[secret]", "size": [1, {"gb": 2}]}
        secret: dict[tuple[str | int, ...], str] = {("password", 0): "digest"}
        made = PlannedResource("urn", "id", "a:b/c:C", "it", "", True, inputs, {"protect": True}, secret)
        return Plan(stack, [made], {"region": settings.project.region}, ["a warning"])


@pytest.fixture
def planner(monkeypatch: pytest.MonkeyPatch) -> Planner:
    planner = Planner()
    monkeypatch.setattr(kept, "plan_settings", planner)
    return planner


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A tree that plans follow from; each test has its own, since its digest is kept as well."""
    (tmp_path / "infra/catalog").mkdir(parents=True)
    (tmp_path / "infra/catalog/rows.yaml").write_text("a: 1\n", encoding="utf-8")
    (tmp_path / "uv.lock").write_text("", encoding="utf-8")
    return tmp_path


def test_what_was_made_before_is_read_and_is_the_same(planner: Planner, code: Path) -> None:
    made = kept.kept_plan(settings_of("dev", {}), "dev", code / "plans", code)
    assert kept.kept_plan(settings_of("dev", {}), "dev", code / "plans", code) == made
    assert planner.asked == 1


def test_other_settings_another_stack_and_other_code_are_planned_anew(planner: Planner, code: Path) -> None:
    settings = settings_of("dev", {})
    kept.kept_plan(settings, "dev", code / "plans", code)
    kept.kept_plan(settings_of("dev", {"postgres": {"storage": {"limit": "150 GB"}}}), "dev", code / "plans", code)
    kept.kept_plan(settings, "other", code / "plans", code)
    (code / "infra/catalog/rows.yaml").write_text("a: 2\n", encoding="utf-8")
    kept.code.cache_clear()
    kept.kept_plan(settings, "dev", code / "plans", code)
    assert planner.asked == 4


@pytest.mark.parametrize("left", ["", "{", "[]", '{"stack": "dev"}'])
def test_a_file_that_was_cut_off_is_no_plan(left: str, planner: Planner, code: Path) -> None:
    settings = settings_of("dev", {})
    made = kept.kept_plan(settings, "dev", code / "plans", code)
    [file] = (code / "plans").glob("*.json")
    file.write_text(left, encoding="utf-8")
    assert kept.kept_plan(settings, "dev", code / "plans", code) == made
    assert planner.asked == 2


def test_a_folder_that_cannot_be_written_is_no_obstacle(planner: Planner, code: Path) -> None:
    (code / "plans").write_text("", encoding="utf-8")
    assert kept.kept_plan(settings_of("dev", {}), "dev", code / "plans", code).stack == "dev"
    assert planner.asked == 1


@pytest.mark.usefixtures("planner")
def test_old_plans_go(code: Path) -> None:
    (code / "plans").mkdir()
    (code / "plans/cut-off.1.new").write_text("{", encoding="utf-8")
    for number in range(30):
        kept.kept_plan(settings_of("dev", {}), f"dev{number}", code / "plans", code)
    assert len(list((code / "plans").iterdir())) == 20


def test_what_is_refused_is_not_kept(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Settings, __: str) -> Plan:
        raise PlanError("no")

    monkeypatch.setattr(kept, "plan_settings", refuse)
    with pytest.raises(PlanError):
        kept.kept_plan(settings_of("dev", {}), "dev", code / "plans", code)
    assert not (code / "plans").exists()
