from collections.abc import Iterator

import pytest

from tests.unit.sandbox.api.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        yield made
