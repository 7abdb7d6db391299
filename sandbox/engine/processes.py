"""The two processes of a command: the simulated cloud and the CLI, started, watched and ended by the launcher."""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from sandbox.engine.errors import LauncherError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

START_SECONDS = 60
"""How long the simulated cloud may take to open its port; it takes under one second on an idle machine."""

STOP_SECONDS = 10
REPEATED_SIGNAL_SECONDS = 1.0
"""`timeout` signals its child and then the whole group: the same signal again within this time is the same request."""

_SHOWN_LINES = 20
_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class CloudProcess:
    """The simulated cloud, run by ``command``, which prints {"port": N} as its first line."""

    def __init__(self, command: Sequence[str], working_directory: Path) -> None:
        self._opened = False
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed by stop)
        self._process = subprocess.Popen(  # noqa: S603  (our own module)
            command,
            cwd=working_directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            # Ctrl-C must not stop the cloud under an engine that is still finishing its operations.
            start_new_session=True,
            preexec_fn=_dies_with_this_process(signal.SIGTERM),  # noqa: PLW1509  (the launcher has one thread)
        )

    @property
    def process_id(self) -> int:
        """The cloud's process, for whoever must watch or disturb it."""
        return self._process.pid

    def port(self, timeout: float = START_SECONDS) -> int:
        """Wait for the port; raises LauncherError, with what the cloud wrote, when it does not come in time (s)."""
        stdout = self._process.stdout
        ready = stdout is not None and select.select([stdout], [], [], timeout)[0]
        line = stdout.readline() if stdout is not None and ready else b""
        try:
            port = int(json.loads(line)["port"])
        except (ValueError, KeyError, TypeError) as error:
            if line:
                reason = f"it printed {line.decode(errors='replace')!r}"
            elif ready:  # its stdout was closed: it is ending
                reason = f"it ended with exit code {self._process.wait(STOP_SECONDS)}"
            else:
                reason = f"no port within {timeout:g} s"
            raise LauncherError(f"the simulated cloud did not start: {reason}\n{self._written()}".rstrip()) from error
        self._opened = True
        return port

    def stop(self) -> None:
        """End the cloud and wait for it; says so on stderr when it had ended by itself."""
        code = self._process.poll()
        if self._opened and code is not None:
            tell(f"the simulated cloud ended by itself (exit code {code})\n{self._written()}".rstrip())
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()

    def _written(self) -> str:
        """Return the last lines that the cloud wrote to stderr."""
        self._errors.seek(0)
        return "\n".join(self._errors.read().decode(errors="replace").splitlines()[-_SHOWN_LINES:])


def tell(line: str) -> None:
    """Write one message of the launcher to stderr."""
    print(f"sandbox: {line}", file=sys.stderr)  # noqa: T201  (the command line's own message)


def run_cli(command: Sequence[str], working_directory: Path, environment: Mapping[str, str]) -> int:
    """Run the CLI on the user's terminal and return its exit code (128 + signal when a signal ended it).

    In the foreground of a terminal the CLI shares our process group, so that Ctrl-C reaches it once, from the terminal.
    Elsewhere it gets a group of its own and exactly the signals that this process is sent.
    """
    in_foreground = _is_in_foreground()
    with _forwarding(sharing_terminal=in_foreground) as forward_to:
        process = subprocess.Popen(  # noqa: S603  (the engine that set-up chose)
            command,
            cwd=working_directory,
            env=environment,
            process_group=None if in_foreground else 0,
            preexec_fn=_dies_with_this_process(signal.SIGKILL),  # noqa: PLW1509  (the launcher has one thread)
        )
        forward_to(process)
        code = process.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _forwarding(*, sharing_terminal: bool) -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """Hand signals on to the process given to the yielded function; those that came before it are handed on then."""
    target: list[subprocess.Popen[bytes]] = []
    pending: list[int] = []
    last: dict[int, float] = {}

    def handle(number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - last.get(number, -REPEATED_SIGNAL_SECONDS) < REPEATED_SIGNAL_SECONDS:
            return
        last[number] = now
        if number == signal.SIGINT and sharing_terminal:
            return
        if not target:
            pending.append(number)
        else:
            target[0].send_signal(number)

    def forward_to(process: subprocess.Popen[bytes]) -> None:
        target.append(process)
        for number in pending:
            process.send_signal(number)

    before = {number: signal.signal(number, handle) for number in _FORWARDED}
    try:
        yield forward_to
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_in_foreground() -> bool:
    """Whether this process owns a terminal at the moment."""
    with suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        try:
            return os.tcgetpgrp(terminal) == os.getpgrp()
        finally:
            os.close(terminal)
    return False


def _dies_with_this_process(number: signal.Signals) -> Callable[[], None] | None:
    """Return what a child must run so that the kernel signals it when this process is killed (Linux, prctl(2))."""
    if not sys.platform.startswith("linux"):
        return None
    parent_death_signal = 1
    library = ctypes.CDLL(None)
    parent = os.getpid()

    def in_child() -> None:
        library.prctl(parent_death_signal, number)
        if os.getppid() != parent:
            os._exit(1)

    return in_child
