"""What cannot be built of the timescale settings, and what deserves a second look."""

from collections.abc import Iterator

from infra.derive.findings import Advice
from infra.settings import Problem, Settings


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the timescale settings; nothing when the store is off."""
    timescale = settings.timescale
    if timescale is None:
        return
    yield from ()


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about the timescale settings."""
    yield from ()
