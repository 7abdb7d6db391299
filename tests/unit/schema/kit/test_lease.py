import os
import threading
from collections.abc import Callable

import pytest

from schema.kit import Lease, SchemaError, holder


class Mark(Lease):
    """A lease on a list: free while it is empty."""

    def __init__(self, marks: list[str], name: str, renewed: Callable[[], bool] = lambda: True) -> None:
        super().__init__(seconds=0.03, poll_seconds=0.001)
        self.marks, self.name, self.renewed = marks, name, renewed

    def take(self) -> bool:
        if not self.marks:
            self.marks.append(self.name)
        return self.marks == [self.name]

    def renew(self) -> bool:
        return self.renewed()

    def give_back(self) -> None:
        self.marks.remove(self.name)

    def taken(self) -> SchemaError:
        return SchemaError("the list", f"is {self.marks[0]}'s")


def test_it_is_given_back_whatever_happens_inside() -> None:
    marks: list[str] = []
    with Mark(marks, "a").held(0):
        assert marks == ["a"]
    with pytest.raises(ZeroDivisionError), Mark(marks, "a").held(0):
        raise ZeroDivisionError
    assert marks == []


def test_who_does_not_wait_is_told_who_has_it() -> None:
    with pytest.raises(SchemaError, match="the list: is another's"), Mark(["another"], "a").held(0):
        pytest.fail("two have it")


def test_who_waits_gets_it_when_it_is_free() -> None:
    marks = ["another"]
    threading.Timer(0.05, marks.clear).start()
    with Mark(marks, "a").held(60):
        assert marks == ["a"]


def test_it_is_renewed_while_it_is_held_and_no_longer_when_it_is_lost() -> None:
    turns: list[bool] = []
    is_lost = threading.Event()

    def renewed() -> bool:
        turns.append(len(turns) < 2)
        if not turns[-1]:
            is_lost.set()
        return turns[-1]

    with Mark([], "a", renewed).held(0):
        assert is_lost.wait(30)
        threading.Event().wait(0.1)
    assert turns == [True, True, False]


def test_a_holder_is_named_also_where_its_user_has_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLOUD_RUN_JOB", "CLOUD_RUN_EXECUTION", "USER", "LOGNAME"):
        monkeypatch.delenv(name, raising=False)
    assert holder().startswith(f"user {os.getuid()} on ")
    assert holder().endswith(f", process {os.getpid()}")
    assert holder("job").startswith("job on ")
    monkeypatch.setenv("CLOUD_RUN_JOB", "triptrip-prod-schema-mongodb")
    monkeypatch.setenv("CLOUD_RUN_EXECUTION", "triptrip-prod-schema-mongodb-x7k2p")
    assert holder() == f"triptrip-prod-schema-mongodb on triptrip-prod-schema-mongodb-x7k2p, process {os.getpid()}"
