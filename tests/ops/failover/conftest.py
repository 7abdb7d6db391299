from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ops.failover.world import World


@pytest.fixture
def outage(tmp_path: Path) -> Iterator[World]:
    """Tokyo is lost: its primary is down, and the replica has heard nothing for minutes."""
    with World(tmp_path, state="FAILED") as made:
        yield made


@pytest.fixture
def well(tmp_path: Path) -> Iterator[World]:
    """Nothing is lost."""
    with World(tmp_path) as made:
        yield made
