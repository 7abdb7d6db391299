"""Promises composed: in a row, side by side."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.report.targets.availability import minutes_down, parallel, serial

PERCENT = st.decimals("90", "100", places=3)


def test_worked_out_by_hand() -> None:
    assert serial(Decimal("99.9"), Decimal("99.9")) == Decimal("99.8001")
    assert parallel(Decimal("99.9"), Decimal("99.9")) == Decimal("99.9999")
    assert serial() == Decimal(100)
    # 0.05 % of 43,200 minutes.
    assert minutes_down(Decimal("99.95")) == Decimal("21.6")


@given(st.lists(PERCENT, min_size=1, max_size=5))
def test_a_row_is_no_better_than_its_weakest_part_and_a_choice_no_worse_than_its_best(parts: list[Decimal]) -> None:
    assert serial(*parts) <= min(parts)
    assert parallel(*parts) >= max(parts)
    assert serial(*parts) == pytest.approx(serial(*reversed(parts)))


@given(st.lists(PERCENT, min_size=1, max_size=4), PERCENT)
def test_one_part_more_makes_a_row_no_better_and_a_choice_no_worse(parts: list[Decimal], more: Decimal) -> None:
    assert serial(*parts, more) <= serial(*parts)
    assert parallel(*parts, more) >= parallel(*parts)
