"""A check of the router, with answers that are given and a console that only listens."""

import threading
from pathlib import Path

import psycopg
import pytest

from infra.derive.pooler_units import FOLDER
from services.pooler import pgbouncer
from services.pooler.configuration import Configuration
from services.pooler.lag import Sample
from services.pooler.probes import Answer
from services.pooler.router import Router
from services.pooler.status import Status
from tests.integration.tiers import postgres_plan_of
from tests.unit.services.pooler.examples import CONFIGURATION


class Heard:
    """A console that counts; `is_there` says whether it answers."""

    def __init__(self) -> None:
        self.reloads = self.settled = 0
        self.is_there = True

    def settle(self, seconds: float, stopped: threading.Event) -> None:
        assert seconds > 0
        assert not stopped.is_set()
        self.settled += 1

    def reload(self) -> None:
        self.check()
        self.reloads += 1
        assert self.settled >= self.reloads

    def check(self) -> None:
        if not self.is_there:
            raise psycopg.OperationalError("no such socket")


class Bench:
    """A router whose servers say what a test tells them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.console = Heard()
        monkeypatch.setattr(pgbouncer, "Console", lambda _: self.console)
        self.file = folder / "databases.ini"
        configuration = CONFIGURATION.model_copy(update={"databases_file": self.file})
        self.status = Status(60, CONFIGURATION.certificate)
        self.router = Router(configuration, self.status)

    def primary(self, sent: float, position: int) -> None:
        sample = Sample(sent, position)
        self.router.lags.primary.answer = Answer(sample)
        self.router.lags.history.add(sample)

    def replica(self, name: str, answer: Answer) -> None:
        self.router.lags.replicas[name].answer = answer

    def both(self, sent: float, position: int) -> None:
        for name in ("b", "c"):
            self.replica(name, Answer(Sample(sent, position), is_standby=True))

    def hosts(self) -> list[str]:
        return [line.partition("host=")[2].partition(" ")[0] for line in self.file.read_text().splitlines()[2:]]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(tmp_path, monkeypatch)
    made.primary(100, 1000)
    made.both(100.1, 1000)
    return made


def test_a_choice_is_told_once(bench: Bench) -> None:
    for _ in range(3):
        bench.router.check(100.2)
    assert bench.hosts() == ["pg-b,pg-c", "pg-b,pg-c"]
    assert bench.console.reloads == 1
    assert bench.status.is_healthy


def test_a_lagging_replica_leaves_the_strict_service_alone(bench: Bench) -> None:
    bench.router.check(100.2)
    bench.primary(102, 2000)
    bench.replica("c", Answer(Sample(102.1, 2000), is_standby=True))
    bench.replica("b", Answer(Sample(102.1, 1000), is_standby=True))
    bench.router.check(102.2)
    assert bench.hosts() == ["pg-c", "pg-b,pg-c"]


def test_without_a_replica_the_primary_serves_with_a_small_pool(bench: Bench) -> None:
    for name in ("b", "c"):
        bench.replica(name, Answer(None, fault="connection refused"))
    bench.router.check(100.2)
    assert bench.hosts() == ["pg-primary", "pg-primary"]
    assert bench.file.read_text().count("pool_size=7 reserve_pool_size=0") == 2


def test_an_answer_that_grows_old_counts_as_none(bench: Bench) -> None:
    bench.router.check(100.2)
    bench.primary(103, 1000)
    bench.replica("c", Answer(Sample(103, 1000), is_standby=True))
    bench.router.check(103.1)
    assert bench.hosts() == ["pg-c", "pg-c"]


def test_a_replica_that_became_a_primary_is_no_replica(bench: Bench) -> None:
    bench.replica("b", Answer(Sample(100.1, 1000), is_standby=False))
    bench.router.check(100.2)
    assert bench.hosts() == ["pg-c", "pg-c"]


def test_while_the_primary_is_gone_replicas_with_all_that_is_known_keep_serving(bench: Bench) -> None:
    bench.router.check(100.2)
    bench.router.lags.primary.answer = Answer(None, fault="connection refused")
    for moment in range(101, 200, 1):
        bench.both(moment, 1000)
        bench.router.check(moment + 0.1)
    assert bench.hosts() == ["pg-b,pg-c", "pg-b,pg-c"]


def test_a_pgbouncer_that_is_away_is_told_when_it_is_back_and_the_load_balancer_meanwhile(bench: Bench) -> None:
    bench.console.is_there = False
    bench.router.check(100.2)
    assert not bench.status.is_healthy
    bench.console.is_there = True
    bench.router.check(100.3)
    assert bench.console.reloads == 1
    assert bench.status.is_healthy


def test_a_folder_that_cannot_be_written_is_no_end_of_the_router(bench: Bench) -> None:
    bench.file.parent.rename(bench.file.parent.with_name("elsewhere"))
    bench.router.check(100.2)
    assert not bench.status.is_healthy


def test_the_platforms_own_file_is_read(tmp_path: Path) -> None:
    pooler = postgres_plan_of("prod").pooler
    assert pooler is not None
    file = tmp_path / "router.json"
    file.write_text(pooler.files[f"{FOLDER}/read-router.json"], encoding="utf-8")
    read = Configuration.read(file)
    assert [(each.name, each.maximum_lag) for each in read.services] == [("triptrip", 1.0), ("triptrip_relaxed", 30.0)]
    assert set(read.replicas) == {"b", "c"}
