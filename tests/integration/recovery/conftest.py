from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.servers.estate import RealEstate
from sandbox.servers.workspace import Workspace


@pytest.fixture
def estate(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealEstate]:
    """An estate of real servers, and the environment of the commands."""
    with RealEstate(workspace) as made:
        for name, value in made.real_variables().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("TRIPTRIP_RECOVERY_FOLDER", str(tmp_path / "recovery"))
        yield made
