"""A row of the benchmark; on its own, so that measuring real servers does not load the simulated cloud."""

from typing import NamedTuple


class Figure(NamedTuple):
    """One measured value; `note` says what to compare it with."""

    name: str
    value: float
    unit: str
    note: str = ""
