"""What cannot be built of the cdn settings, and what deserves a second look."""

from collections.abc import Iterator

from infra.derive.findings import Advice
from infra.settings import Problem, Settings


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the cdn settings; nothing when the store is off."""
    cdn = settings.cdn
    if cdn is None:
        return
    yield from ()


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about the cdn settings."""
    yield from ()
