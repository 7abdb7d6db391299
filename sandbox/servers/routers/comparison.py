"""Read routers compared: ours against HAProxy and pgpool-II, over one primary and its standbys (docs/adr).

Every figure is measured the same way for each. The limit of the lag is one second everywhere.
"""

import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psycopg

from sandbox.bench.figure import Figure
from sandbox.servers import pgbench
from sandbox.servers.figures import started
from sandbox.servers.install import Installed, install
from sandbox.servers.pgbench import Load
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.process import ServerError
from sandbox.servers.routers.haproxy import HAProxy, haproxy
from sandbox.servers.routers.pgpool import BY_BYTES, BY_TIME, Pgpool, pgpool
from sandbox.servers.tier import Programs, Tier
from sandbox.servers.workload import Read, Workload, make_table, reader, ticker
from sandbox.servers.workspace import Workspace

SETTLED_SECONDS = 3.0
"""When only fresh rows are expected: the limit and the longest check interval (pgpool's), one second each, and one
more."""

_READERS = 6
_PREPARES_AFTER = 5
"""psycopg's own default."""
_WARM_UP_SECONDS = 1
_SCALE = 10
_LOAD = Load("select-only", clients=32, seconds=5)
"""The time to connect is part of it, and pgpool's clients need seconds for that on a busy machine."""
_ROUNDS = 2
_HEALTHY_SECONDS = 3
_WINDOW_SECONDS = 3
_RETURN_SECONDS = 8
"""How long a standby's return is waited for; a figure of this size says that it did not come back."""
_KILLED_SECONDS = 6
_STATEMENTS = 50
_CONNECTIONS = 20


@dataclass(frozen=True)
class Candidate:
    """A way to the standbys, as libpq's keywords; `prepares` when its readers prepare their statement."""

    name: str
    tier: Tier
    way: str
    prepares: bool = True

    def figure(self, what: str, value: float, unit: str, note: str = "") -> Figure:
        """A row of this candidate."""
        return Figure(f"{self.name}: {what}", value, unit, note)

    @contextmanager
    def workload(self) -> Iterator[Workload]:
        """The readers through this candidate, warm, while the primary is written to."""
        threshold = _PREPARES_AFTER if self.prepares else None
        with ticker(self.tier.direct()), reader(self.way, _READERS, threshold) as readers:
            time.sleep(_WARM_UP_SECONDS)
            yield readers


def routers(_: Path) -> Iterator[Figure]:
    """The rows of the benchmark; raises InstallError where this machine cannot."""
    bench, of_haproxy, of_pgpool = (install(name) for name in ("pgbench", "haproxy", "pgpool"))
    with Workspace() as workspace:
        tier = started(workspace, Programs(install("postgres"), install("pgbouncer")), bench, _SCALE)
        make_table(tier)
        others: Sequence[tuple[str, AbstractContextManager[HAProxy | Pgpool | None]]] = (
            ("PgBouncer", nullcontext()),
            ("HAProxy", haproxy(tier, of_haproxy)),
            ("pgpool", pgpool(tier, of_pgpool)),
        )
        for name, opened in others:
            with opened as server:
                candidate = Candidate(name, tier, server.way if server else tier.dsn("read"))
                yield from everything(candidate, bench)
        with haproxy(tier, of_haproxy, "drain") as draining:
            yield from one_paused(Candidate("HAProxy, drain", tier, draining.way))
        # pgpool keeps a named statement on the server that prepared it.
        for name, threshold in (("pgpool, unprepared", BY_TIME), ("pgpool, by bytes", BY_BYTES)):
            with pgpool(tier, of_pgpool, name.replace(", ", "-").replace(" ", "-"), threshold) as other:
                candidate = Candidate(name, tier, other.way, prepares=False)
                wait_for_both(candidate)
                yield from healthy(candidate)
                yield from one_paused(candidate)
                yield from both_paused(candidate)


def everything(candidate: Candidate, bench: Installed) -> Iterator[Figure]:
    """All measurements of one candidate; the servers are whole afterwards."""
    wait_for_both(candidate)
    yield from healthy(candidate)
    yield candidate.figure("prepared statements work", float(prepares(candidate)), "", "1 yes, 0 no")
    yield from connecting(candidate)
    yield from throughput(candidate, bench)
    yield from one_paused(candidate)
    yield from both_paused(candidate)
    yield from one_killed(candidate)


def healthy(candidate: Candidate) -> Iterator[Figure]:
    """How reads spread while nothing is wrong."""
    with candidate.workload() as work:
        start = time.monotonic()
        time.sleep(_HEALTHY_SECONDS)
        reads = work.between(start, time.monotonic())
    served = Counter(read.server for read in reads)
    shares = [served[standby.address] / len(reads) for standby in candidate.tier.cluster.standbys]
    yield candidate.figure("healthy, less used standby's share", min(shares), "", "fair: 0.5")
    yield candidate.figure("healthy, primary's share", 1 - sum(shares), "")


def prepares(candidate: Candidate) -> bool:
    """Whether statements that are prepared at once work, on two connections in turn, over both standbys."""
    try:
        with ExitStack() as stack:
            held = [
                stack.enter_context(psycopg.connect(candidate.way, autocommit=True, prepare_threshold=0))
                for _ in range(2)
            ]
            for number in range(_STATEMENTS):
                for connection in held:
                    # Each text is one statement; every fifth round uses the same again.
                    query = f"SELECT %s::int + {number % 5}, count(*) FROM tick"  # noqa: S608 # our own number
                    row = connection.execute(query.encode(), (number,)).fetchone()
                    if row != (number + number % 5, 1):
                        return False
    except psycopg.Error:
        return False
    return True


def connecting(candidate: Candidate) -> Iterator[Figure]:
    """How long a client needs to connect and to be answered once, TLS and password included."""
    took = []
    for _ in range(_CONNECTIONS):
        start = time.monotonic()
        served_by(candidate)
        took.append((time.monotonic() - start) * 1000)
    yield candidate.figure("new connection and first answer", statistics.median(took), "ms", "median")


def throughput(candidate: Candidate, bench: Installed) -> Iterator[Figure]:
    """Reads a second through the candidate, against a standby alone; TLS up to the client in both."""
    tier = candidate.tier
    ways = (tier.direct(tier.pooler_replicas[0]), candidate.way)
    try:
        runs = [[pgbench.run(tier.workspace, bench, way, _LOAD) for way in ways] for _ in range(_ROUNDS)]
    except ServerError as error:
        yield candidate.figure("select-only over direct", 0, "", str(error).splitlines()[-1])
        return
    direct, through = (statistics.median(run.per_second for run in side) for side in zip(*runs, strict=True))
    yield candidate.figure("select-only, 32 clients", through, "/s", f"direct {direct:.0f}/s")
    yield candidate.figure("select-only over direct", through / direct, "")


def one_paused(candidate: Candidate) -> Iterator[Figure]:
    """A standby replays nothing for a while: what is read meanwhile, and when it is used again."""
    wait_for_both(candidate)
    lagging = candidate.tier.cluster.standbys[0]
    with candidate.workload() as work:
        lagging.pause_replay()
        paused = time.monotonic()
        time.sleep(SETTLED_SECONDS + _WINDOW_SECONDS)
        resumed = time.monotonic()
        lagging.resume_replay()
        back_new, back_held = returns(candidate, work, lagging, resumed)
    late = work.between(paused + SETTLED_SECONDS, resumed)
    stale = [read.at - paused for read in work.between(paused, resumed) if read.server == lagging.address]
    yield candidate.figure("one paused, oldest row after 3 s", _oldest(late), "s", "limit 1 s")
    yield candidate.figure("one paused, last read from it", max(stale, default=0), "s", "of 6 s")
    yield from failed(candidate, "one paused", work, paused)
    never = f"{_RETURN_SECONDS}: not within"
    yield candidate.figure("resumed, new connections use it", back_new, "s", never)
    yield candidate.figure("resumed, held connections use it", back_held, "s", never)


def both_paused(candidate: Candidate) -> Iterator[Figure]:
    """Neither standby replays: whether the primary serves, and from when."""
    wait_for_both(candidate)
    standbys, primary = candidate.tier.cluster.standbys, candidate.tier.cluster.primary.address
    with candidate.workload() as work:
        for standby in standbys:
            standby.pause_replay()
        paused = time.monotonic()
        time.sleep(SETTLED_SECONDS + _WINDOW_SECONDS)
        resumed = time.monotonic()
        for standby in standbys:
            standby.resume_replay()
    late = work.between(paused + SETTLED_SECONDS, resumed)
    first = [read.at - paused for read in work.between(paused, resumed) if read.server == primary]
    share = sum(read.server == primary for read in late) / len(late) if late else 0
    yield candidate.figure("both paused, primary's share", share, "", "after 3 s")
    yield candidate.figure("both paused, primary serves after", min(first, default=0), "s", "0: none")
    yield candidate.figure("both paused, oldest row after 3 s", _oldest(late), "s", "limit 1 s")
    yield from failed(candidate, "both paused", work, paused)


def one_killed(candidate: Candidate) -> Iterator[Figure]:
    """A standby's process is killed, and later started again."""
    wait_for_both(candidate)
    victim = candidate.tier.cluster.standbys[0]
    with candidate.workload() as work:
        killed = time.monotonic()
        victim.kill()
        time.sleep(_KILLED_SECONDS)
        end = time.monotonic()
    victim.start()
    candidate.tier.cluster.wait_until_streaming()
    yield from failed(candidate, "one killed", work, killed)
    slowest = max((read.took for read in work.between(killed, end)), default=0)
    yield candidate.figure("one killed, slowest read", slowest, "s")
    started_again = time.monotonic()
    wait_for_both(candidate)
    yield candidate.figure("started again, used after", time.monotonic() - started_again, "s")


def failed(candidate: Candidate, what: str, work: Workload, since: float) -> Iterator[Figure]:
    """Failed queries and connections after a moment, and when the last one was."""
    failures = work.failures_since(since)
    reason = min((failure.reason for failure in failures), default="")[:80]
    yield candidate.figure(f"{what}, failed queries", len(failures), "", reason)
    if failures:
        yield candidate.figure(f"{what}, last failure", max(failure.at for failure in failures) - since, "s")


def returns(candidate: Candidate, work: Workload, server: PostgresServer, since: float) -> tuple[float, float]:
    """Seconds until a new connection and until a held one reads from a server; `_RETURN_SECONDS` when none does.

    A held one that reads from it without a pause does so at once.
    """
    new: float | None = None
    held: float | None = None
    while (new is None or held is None) and time.monotonic() - since < _RETURN_SECONDS:
        if new is None and server.address in served_by(candidate):
            new = time.monotonic() - since
        read = next((read for read in work.between(since, time.monotonic()) if read.server == server.address), None)
        held = read.at - since if read else None
        time.sleep(0.1)
    return _RETURN_SECONDS if new is None else new, _RETURN_SECONDS if held is None else held


def wait_for_both(candidate: Candidate) -> None:
    """Let the standbys catch up, and wait until new connections reach each of them and no primary."""
    candidate.tier.cluster.catch_up()
    wanted = {standby.address for standby in candidate.tier.cluster.standbys}

    def reached() -> bool:
        found = [served_by(candidate) for _ in range(12)]
        return set().union(*found) == wanted

    candidate.tier.workspace.wait_for(f"{candidate.name} reads from both standbys", reached, 60)


def served_by(candidate: Candidate) -> set[str]:
    """The server that a new connection reads from; none when it fails."""
    try:
        with psycopg.connect(candidate.way, autocommit=True) as connection:
            row = connection.execute("SELECT host(inet_server_addr()) FROM tick").fetchone()
    except psycopg.Error:
        return set()
    return {row[0]} if row else set()


def _oldest(reads: Sequence[Read]) -> float:
    return max((read.age for read in reads), default=0)
