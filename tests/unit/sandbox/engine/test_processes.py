"""The cloud's start and end, and how exit codes and signals pass between the user and the CLI."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.engine.errors import LauncherError
from sandbox.engine.processes import CloudProcess, run_cli

SERVES = "import json, signal; print(json.dumps({'port': 4711}), flush=True); signal.pause()"
WRITES_ITS_SIGNAL = """
import os, signal, sys
signal.signal(signal.{name}, lambda number, frame: (os.write(1, b"got {name}\\n"), sys.exit(7)))
os.write(1, b"ready\\n")
while True: signal.pause()
"""
LAUNCHES = (
    "import os, sys; from pathlib import Path; from sandbox.engine.processes import run_cli\n"
    "sys.exit(run_cli([sys.executable, '-c', sys.argv[1]], Path('.'), os.environ))"
)
ON_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def started(program: str, tmp_path: Path) -> CloudProcess:
    return CloudProcess(python(program), tmp_path)


def test_the_port_is_the_clouds_first_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    cloud = started(SERVES, tmp_path)
    assert cloud.port() == 4711
    cloud.stop()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import sys; sys.exit('state is locked')", r"it ended with exit code 1\nstate is locked"),
        ("import signal; print('hello', flush=True); signal.pause()", r"it printed 'hello\\n'"),
        ("import signal; signal.pause()", r"no port within 0\.5 s"),
    ],
)
def test_a_cloud_that_does_not_start_says_why(tmp_path: Path, program: str, message: str) -> None:
    cloud = started(program, tmp_path)
    try:
        with pytest.raises(LauncherError, match=message):
            cloud.port(30 if "exit code" in message or "printed" in message else 0.5)
    finally:
        cloud.stop()


def test_a_cloud_that_ended_early_is_reported(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program = (
        "import json, os, sys; print(json.dumps({'port': 1}), flush=True); sys.stdin.read(); sys.exit('out of luck')"
    )
    cloud = started(program, tmp_path)
    cloud.port()
    os.waitid(os.P_PID, cloud.process_id, os.WEXITED | os.WNOWAIT)
    cloud.stop()
    assert "the simulated cloud ended by itself (exit code 1)\nout of luck" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("program", "code"),
    [("", 0), ("raise SystemExit(255)", 255), ("import os; os.kill(os.getpid(), 9)", 128 + 9)],
)
def test_the_exit_code_passes_through(tmp_path: Path, program: str, code: int) -> None:
    assert run_cli(python(program), tmp_path, os.environ) == code


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_to_the_launcher_reaches_the_cli(name: str) -> None:
    with launched(WRITES_ITS_SIGNAL.format(name=name)) as launcher:
        launcher.send_signal(signal.Signals[name])
        output, _ = launcher.communicate(timeout=60)
        assert (output, launcher.returncode) == (f"got {name}\n", 7)


def test_the_same_signal_sent_twice_at_once_is_one_request() -> None:
    """As `timeout` does: first to its child, then to the whole group."""
    counts = (
        "import os, signal\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\n"
        "os.write(1, b'ready\\n')\n"
        "signal.sigwait({signal.SIGTERM})\n"
        "os.write(1, b'once' if signal.sigtimedwait({signal.SIGTERM}, 0.3) is None else b'twice')\n"
    )
    with launched(counts) as launcher:
        launcher.send_signal(signal.SIGTERM)
        os.killpg(launcher.pid, signal.SIGTERM)
        assert launcher.communicate(timeout=60)[0] == "once"


def test_ctrl_c_on_a_terminal_reaches_the_cli_once_and_the_launcher_waits_for_it() -> None:
    counts = (
        "import os, signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\n"
        "os.write(1, b'ready\\n')\n"
        "signal.sigwait({signal.SIGINT})\n"
        "os.write(1, b'once' if signal.sigtimedwait({signal.SIGINT}, 0.3) is None else b'twice')\n"
        "sys.exit(7)\n"
    )
    with launched(counts, on_terminal=True) as launcher:
        output, _ = launcher.communicate("\x03", timeout=60)
        assert output.removeprefix("^C") == "once"
        assert launcher.returncode == 7


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl(2) is Linux's")
def test_the_cli_dies_with_a_killed_launcher() -> None:
    with launched("import os, signal; os.write(1, b'ready\\n'); signal.pause()") as launcher:
        launcher.kill()
        # The CLI holds the other end of our pipe: it is gone when the pipe reports its end.
        assert launcher.communicate(timeout=60)[0] == ""


@contextmanager
def launched(program: str, *, on_terminal: bool = False) -> Iterator[subprocess.Popen[str]]:
    """Start a launcher whose CLI is ``program``, and wait until that prints ready.

    Without a terminal, as CI does, or on one of its own, whose keyboard is the stdin of the process yielded.
    """
    words = [sys.executable, "-P", "-c", LAUNCHES, program]
    launcher = subprocess.Popen(  # noqa: S603  (our own program)
        [sys.executable, "-c", ON_TERMINAL, *words] if on_terminal else words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with launcher:
        try:
            assert launcher.stdout is not None
            assert launcher.stdout.readline() == "ready\n"
            yield launcher
        finally:
            launcher.kill()
