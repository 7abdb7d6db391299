"""The lag of a replica, from positions alone (COR-17)."""

import math

from hypothesis import given
from hypothesis import strategies as st

from services.pooler.lag import PrimaryHistory, Sample


def history(*samples: tuple[float, int], kept: float = 60) -> PrimaryHistory:
    made = PrimaryHistory(kept)
    for sent, position in samples:
        made.add(Sample(sent, position))
    return made


def test_a_replica_that_has_replayed_everything_has_no_lag() -> None:
    assert history((0, 100), (1, 200)).lag(Sample(1.1, 200)) == 0


def test_the_lag_is_the_time_since_the_primary_was_where_the_replica_is() -> None:
    primary = history((0, 100), (1, 200), (2, 300), (3, 400))
    assert primary.lag(Sample(3.1, 200)) == 2
    assert primary.lag(Sample(3.1, 299)) == 2


def test_a_replica_keeps_no_lag_through_an_idle_minute() -> None:
    primary = PrimaryHistory(60)
    for second in range(120):
        primary.add(Sample(second, 500))
        assert primary.lag(Sample(second + 0.5, 500)) == 0


def test_a_replica_that_was_cut_off_lags_from_the_first_write_on() -> None:
    primary = history(*((second, 500) for second in range(100)))
    assert primary.lag(Sample(99.5, 500)) == 0
    primary.add(Sample(100, 501))
    primary.add(Sample(102, 501))
    assert primary.lag(Sample(102.5, 500)) == 3


def test_a_replica_is_compared_with_what_the_primary_had_when_it_was_asked() -> None:
    primary = history((0, 100), (1, 200), (2, 300))
    assert primary.lag(Sample(1.5, 200)) == 0


def test_before_the_primary_has_answered_nothing_is_known() -> None:
    assert PrimaryHistory(60).lag(Sample(1, 100)) is None
    assert history((5, 100)).lag(Sample(1, 100)) is None


def test_a_replica_behind_all_that_is_remembered_is_infinitely_late() -> None:
    assert history((0, 100)).lag(Sample(1, 50)) == math.inf


def test_another_primary_with_an_earlier_position_starts_a_new_history() -> None:
    primary = history((0, 1000), (1, 2000), (2, 500))
    assert primary.lag(Sample(2.5, 500)) == 0
    assert primary.lag(Sample(2.5, 499)) == math.inf


def test_what_is_too_old_is_forgotten_but_for_one_sample() -> None:
    primary = history(*((second, second * 10) for second in range(100)), kept=10)
    assert primary.lag(Sample(99.5, 0)) == math.inf
    assert primary.lag(Sample(99.5, 890)) == 10


_steps = st.lists(st.tuples(st.floats(0.01, 5), st.integers(0, 100)), min_size=1, max_size=50)


@given(steps=_steps, replayed=st.integers(0, 5000))
def test_a_lag_never_hides_a_write(steps: list[tuple[float, int]], replayed: int) -> None:
    """Whatever was written before (asked - lag) has been replayed."""
    samples, moment, position = [], 0.0, 0
    for pause, written in steps:
        moment, position = moment + pause, position + written
        samples.append(Sample(moment, position))
    primary = history(*((each.sent, each.position) for each in samples), kept=10_000)
    lag = primary.lag(Sample(moment + 0.001, replayed))
    assert lag is not None
    seen = [each for each in samples if each.sent <= samples[-1].sent - lag]
    assert all(each.position <= replayed for each in seen)
