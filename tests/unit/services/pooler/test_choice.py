"""Which replicas are used: round-robin's members, and no flapping."""

from services.pooler.choice import Choice


def run(choice: Choice, *lags: float | None) -> list[bool]:
    return [choice.update({"b": lag}) == ("b",) for lag in lags]


def test_a_replica_that_was_never_seen_before_is_used_at_once() -> None:
    assert run(Choice(1, 3), 0.9) == [True]


def test_a_lag_beyond_the_limit_takes_it_out_at_once_and_the_limit_itself_does_not() -> None:
    assert run(Choice(1, 3), 1.0, 1.01) == [True, False]


def test_an_unknown_lag_takes_it_out() -> None:
    assert run(Choice(1, 3), 0, None) == [True, False]


def test_it_returns_after_enough_good_checks_in_a_row() -> None:
    assert run(Choice(1, 3), 2, 0, 0, 0.5, 0.9) == [False, False, False, True, True]


def test_a_lag_around_the_limit_does_not_bring_it_back() -> None:
    assert run(Choice(1, 2), 2, 0.6, 0.9, 0.4, 0.6, 0.4, 0.4) == [False] * 6 + [True]


def test_a_replica_that_starts_late_must_prove_itself() -> None:
    assert run(Choice(1, 2), None, 0, 0) == [False, False, True]


def test_without_a_replica_nothing_is_chosen_and_the_others_are_sorted() -> None:
    choice = Choice(1, 1)
    assert choice.update({"c": 0, "b": 0.2, "a": 5}) == ("b", "c")
    assert choice.update({"c": None, "b": None, "a": 5}) == ()
