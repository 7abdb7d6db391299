"""pgbench, with the latency of every transaction: throughput and quantiles."""

from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from sandbox.servers.install import Installed
from sandbox.servers.process import ServerError
from sandbox.servers.workspace import Workspace

WARM_UP_SECONDS = 1
"""What every run does first and does not count: signing in, preparing, and filling the caches of new backends."""

_LEAST_TRANSACTIONS = 20
"""Fewer have no quantile of 95 %."""


@dataclass(frozen=True)
class Run:
    """One run: transactions a second, and the latency that 95 % of them kept, in milliseconds."""

    per_second: float
    p95: float


@dataclass(frozen=True)
class Load:
    """What is sent: a built-in script of pgbench, by so many clients for so many seconds after the warm-up.

    `rate` is the number of transactions a second that arrive whether or not earlier ones are done; None sends the next
    when the last is answered.
    """

    script: str
    clients: int
    seconds: int
    rate: float | None = None


def fill(workspace: Workspace, programs: Installed, dsn: str, scale: int) -> None:
    """Make pgbench's tables: 100,000 accounts for each step of the scale."""
    words = (*programs.command("pgbench"), "--initialize", "--quiet", "--scale", str(scale), dsn)
    workspace.run("pgbench-fill", words, timeout=600)


def run(workspace: Workspace, programs: Installed, dsn: str, load: Load) -> Run:
    """Run a load with prepared statements; raises ServerError when a client fails, or when too little was done."""
    folder = workspace.make_folder(f"pgbench-{len(list(workspace.folder.glob('pgbench-*')))}")
    words = [
        *programs.command("pgbench"),
        *("--no-vacuum", "--builtin", load.script, "--protocol", "prepared", "--log"),
        *("--client", str(load.clients), "--jobs", "2", "--time", str(load.seconds + WARM_UP_SECONDS)),
    ]
    if load.rate is not None:
        words += ["--rate", f"{load.rate:.3f}"]
    workspace.run("pgbench", [*words, dsn], folder=folder, timeout=load.seconds + 120)
    measured = _transactions(folder)
    if len(measured) < _LEAST_TRANSACTIONS:
        raise ServerError(f"{load} is too short: {len(measured)} transactions after the warm-up")
    latencies = [latency for _, latency in measured]
    return Run(len(measured) / (measured[-1][0] - measured[0][0]), quantiles(latencies, n=20)[-1])


def _transactions(folder: Path) -> list[tuple[float, float]]:
    """(end in seconds, latency in milliseconds) of every transaction after the warm-up, by pgbench's logs, in order.

    A line is: client, number, microseconds, script, end in seconds, its microseconds[, lag].
    """
    found = []
    for file in folder.glob("pgbench_log.*"):
        with file.open(encoding="ascii") as lines:
            for line in lines:
                fields = line.split(" ")
                found.append((int(fields[4]) + int(fields[5]) / 1e6, int(fields[2]) / 1000))
    found.sort()
    return [row for row in found if row[0] > found[0][0] + WARM_UP_SECONDS]
