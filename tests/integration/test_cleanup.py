"""However a test process ends, nothing of its servers stays: no process, port, folder or shared memory."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox.servers.cluster import Cluster
from sandbox.servers.install import Installed
from sandbox.servers.ports import is_free
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.process import Command
from sandbox.servers.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
_SCRIPT = """
import os, signal, sys, threading, time
from sandbox.servers.install import install
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.workspace import Workspace

def serve(workspace):
    server = PostgresServer(workspace, install("postgres"), "postgres", {"shared_buffers": "16MB"})
    server.start()
    print(workspace.folder, server.port, server.pid, server._process._minder.pid, flush=True)
    return server

"""
ENDINGS = {
    "killed": "workspace = Workspace(); serve(workspace); time.sleep(600)",
    "terminated": "workspace = Workspace(); serve(workspace); time.sleep(600)",
    "interrupted": "with Workspace() as workspace: serve(workspace); time.sleep(600)",
    "hung up": "workspace = Workspace(); serve(workspace); time.sleep(600)",
    "left at once": "workspace = Workspace(); serve(workspace); os._exit(3)",
    "forgotten": "workspace = Workspace(); serve(workspace)",
    "failed": "with Workspace() as workspace: serve(workspace); raise SystemExit(4)",
    "started in a thread": "workspace = Workspace(); thread = threading.Thread(target=serve, args=(workspace,));"
    "thread.start(); thread.join(); time.sleep(1); os._exit(0)",
    "with a server paused": "workspace = Workspace(); serve(workspace).signal(signal.SIGSTOP); os._exit(0)",
    "with a server stopped": "workspace = Workspace(); serve(workspace).stop(); os._exit(0)",
}
SIGNALS = {
    "killed": signal.SIGKILL,
    "terminated": signal.SIGTERM,
    "interrupted": signal.SIGINT,
    "hung up": signal.SIGHUP,
}


class Left:
    """What a process said it had started."""

    def __init__(self, line: str) -> None:
        folder, port, server, minder = line.split()
        self.folder, self.port, self.server, self.minder = Path(folder), int(port), int(server), int(minder)

    def traces(self) -> list[str]:
        """What is still there of it."""
        found = [f"process {pid}" for pid in (self.server, self.minder) if Path(f"/proc/{pid}").exists()]
        found += [str(self.folder)] if self.folder.exists() else []
        found += [] if is_free(self.port) else [f"port {self.port}"]
        shared = Path("/proc/sysvipc/shm").read_text(encoding="ascii").splitlines()[1:]
        return found + [f"shared memory {row}" for row in shared if row.split()[4] == str(self.server)]


_LISTENING = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
"""
"""A job that was started in the background ignores both, and hands that on to its children."""


def run(ending: str) -> tuple[subprocess.Popen[str], Left]:
    process = subprocess.Popen(  # noqa: S603 # our own script
        [sys.executable, "-c", _LISTENING + _SCRIPT + ENDINGS[ending]], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        return process, Left(process.stdout.readline())


def assert_gone(left: Left) -> None:
    deadline = time.monotonic() + 20
    while traces := left.traces():
        assert time.monotonic() < deadline, traces
        time.sleep(0.02)


@pytest.mark.usefixtures("postgres_programs")
@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_left_when_the_test_process_is(ending: str) -> None:
    process, left = run(ending)
    if ending in SIGNALS:
        assert left.traces()
        process.send_signal(SIGNALS[ending])
    process.wait(timeout=60)
    assert_gone(left)


@pytest.mark.usefixtures("postgres_programs")
def test_a_server_ends_when_its_minder_is_killed() -> None:
    process, left = run("killed")
    os.kill(left.minder, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{left.server}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert_gone(left)


def test_a_killed_server_leaves_no_backend_and_no_shared_memory(postgres: PostgresServer) -> None:
    postgres.start()
    with postgres.connect() as connection:
        backend = connection.info.backend_pid
    pid = postgres.pid
    postgres.kill()
    assert not Path(f"/proc/{backend}").exists()
    shared = Path("/proc/sysvipc/shm").read_text(encoding="ascii").splitlines()[1:]
    assert not [row for row in shared if row.split()[4] == str(pid)]
    postgres.start()


def test_two_workspaces_never_share_a_port() -> None:
    with Workspace() as one, Workspace() as other:
        ports = [place.claim_port() for place in (one, other) for _ in range(50)]
    assert len(set(ports)) == 100


def test_standbys_follow_and_one_takes_over(cluster: Cluster) -> None:
    cluster.start()
    with cluster.primary.connect() as connection:
        connection.execute("CREATE TABLE rows AS SELECT generate_series(1, 1000) AS number")
    cluster.catch_up()
    first, second = cluster.standbys
    for standby in (first, second):
        assert standby.is_standby
        with standby.connect() as connection:
            assert connection.execute("SELECT count(*) FROM rows").fetchone() == (1000,)
    cluster.primary.kill()
    first.promote()
    with first.connect() as connection:
        connection.execute("INSERT INTO rows VALUES (0)")
    assert second.is_standby


def test_servers_run_as_an_unprivileged_user(postgres: PostgresServer, workspace: Workspace) -> None:
    postgres.start()
    assert Path(f"/proc/{postgres.pid}").stat().st_uid == workspace.account.uid != 0


@pytest.mark.parametrize(("is_patient", "more"), [(True, 15), (False, 0)])
def test_a_patient_server_leaves_the_processor_to_the_others(workspace: Workspace, is_patient: bool, more: int) -> None:
    folder, log = workspace.make_folder("sleeper"), workspace.log_of("sleeper")
    process = workspace.start(Command("sleeper", ("/bin/sleep", "60"), folder, log, is_patient=is_patient))
    wanted = min(19, os.getpriority(os.PRIO_PROCESS, 0) + more)

    def is_as_nice() -> bool:
        return os.getpriority(os.PRIO_PROCESS, process.pid) == wanted

    workspace.wait_for(f"its niceness is {wanted}", is_as_nice, 10)
    assert is_as_nice()


def test_a_server_that_cannot_start_says_why(postgres: PostgresServer) -> None:
    postgres.configure({"shared_buffers": "nonsense"})
    with pytest.raises(Exception, match=r'invalid value for parameter "shared_buffers"'):
        postgres.start()


def test_programs_are_named_after_their_group(postgres_programs: Installed) -> None:
    assert {"postgres", "psql", "pgbench", "pg_basebackup"} <= set(postgres_programs.group.programs)
