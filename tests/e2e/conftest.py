"""Sandboxes for end-to-end tests: empty ones, and copies of a deployed stack."""

from pathlib import Path

import pytest

from infra import catalog
from tests.e2e.runner import Sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """An empty sandbox."""
    return Sandbox(tmp_path / "sandbox")


@pytest.fixture(scope="session")
def _deployed_dev(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    template = Sandbox(tmp_path_factory.mktemp("deployed") / "dev")
    template.up("dev").succeeded()
    return template


@pytest.fixture(scope="session")
def _deployed_prod(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    template = Sandbox(tmp_path_factory.mktemp("deployed") / "prod")
    template.up("prod").succeeded()
    return template


@pytest.fixture
def deployed_dev(_deployed_dev: Sandbox, tmp_path: Path) -> Sandbox:
    """A sandbox in which dev has just been applied."""
    return _deployed_dev.copy(tmp_path / "sandbox")


@pytest.fixture
def deployed_prod(_deployed_prod: Sandbox, tmp_path: Path) -> Sandbox:
    """A sandbox in which prod has just been applied."""
    return _deployed_prod.copy(tmp_path / "sandbox")


@pytest.fixture(scope="session")
def _phase_4(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    sandbox = Sandbox(tmp_path_factory.mktemp("deployed") / "phase-4")
    sandbox.run("config", stack="prod").succeeded()
    sandbox.configure("prod", catalog.phases()["4"])
    sandbox.up("prod").succeeded()
    return sandbox


@pytest.fixture
def tier(_phase_4: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Production in phase 4, and commands of `ops` that see it."""
    sandbox = _phase_4.copy(tmp_path / "sandbox")
    seen(sandbox, monkeypatch)
    return sandbox


def seen(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands of this process that start the CLI work on a sandbox."""
    monkeypatch.setenv("TRIPTRIP_SANDBOX", str(sandbox.folder))
    monkeypatch.setenv("PULUMI_SKIP_CHECKPOINTS", "true")
    monkeypatch.delenv("PULUMI_STACK", raising=False)
