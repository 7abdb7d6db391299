"""One running command under its minder, which ends it when this process ends."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.servers.account import Account
from sandbox.servers.limits import check_open_files

MINDER = Path(__file__).with_name("minder.py")
_TAIL_LINES = 40
_PATIENT = 15
"""Niceness, 0 to 19."""


class ServerError(RuntimeError):
    """A server or one of its tools did not do what was asked; the message ends with its log."""


@dataclass(frozen=True)
class Command:
    """What to run: `words` with an absolute program, in `folder`, writing to `log`.

    `stop_signal` ends it when the test is gone. `open_files` is the number of file descriptors it needs; 0 leaves the
    limit as it is. The environment holds only what is given here. `changes_user` is for a command that becomes the
    servers' account by itself, after it has read what that account cannot. `is_patient` is for one that takes a whole
    processor for seconds and is asked nothing that has to be answered soon: it leaves the processor to those that are.
    """

    name: str
    words: Sequence[str]
    folder: Path
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    open_files: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    changes_user: bool = False
    is_patient: bool = False


class Process:
    """A running command; `lock` is the descriptor that keeps its workspace from being swept."""

    def __init__(self, command: Command, account: Account, lock: int) -> None:
        check_open_files(command.name, command.open_files)
        self.command = command
        self._status: int | None = None
        order = {
            "command": list(command.words),
            "environment": {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **command.environment},
            "folder": str(command.folder),
            "log": str(command.log),
            "open_files": command.open_files,
            "niceness": _PATIENT if command.is_patient else 0,
            "stop_signal": int(command.stop_signal),
            "uid": os.geteuid() if command.changes_user else account.uid,
            "gid": os.getegid() if command.changes_user else account.gid,
            "lock": lock,
        }
        self._minder = subprocess.Popen(  # noqa: S603 # our own script
            [sys.executable, "-I", "-S", str(MINDER), "run", json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(lock,),
            start_new_session=True,
        )
        self._buffer = b""
        self.pid = self._read("pid", timeout=30)

    @property
    def is_running(self) -> bool:
        """Whether the command has not ended."""
        return self._poll(0) is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; one that comes too late is no error."""
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Wait for the end of the command and of everything it started; returns its exit code, negative for a signal.

        Raises ServerError after `timeout` seconds.
        """
        status = self._poll(timeout)
        if status is None:
            raise ServerError(f"{self.command.name} is still running after {timeout:g} s\n{self.tail()}")
        return status

    def release(self) -> None:
        """Tell the minder that the command is needed no more, without waiting for its end."""
        if self._minder.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._minder.stdin.close()

    def end(self, timeout: float = 30) -> None:
        """End the command in whatever state it is; nothing when it has ended."""
        self.release()
        self.wait(timeout)

    def tail(self, lines: int = _TAIL_LINES) -> str:
        """The last lines of the log."""
        return tail(self.command.log, lines)

    def _poll(self, timeout: float) -> int | None:
        if self._status is None:
            with contextlib.suppress(TimeoutError):
                self._status = self._read("exit", timeout)
                self._minder.wait(timeout=30)
                self.release()
                if self._minder.stdout:
                    self._minder.stdout.close()
        return self._status

    def _read(self, word: str, timeout: float) -> int:
        """The number of the minder's next report; raises TimeoutError when there is none in time."""
        if self._minder.stdout is None:
            raise ServerError(f"{self.command.name}: its minder has no pipe")
        deadline = time.monotonic() + timeout
        while b"\n" not in self._buffer:
            # poll, not select: a test that holds 10,000 sockets has descriptors beyond select's 1,024.
            poller = select.poll()
            poller.register(self._minder.stdout, select.POLLIN)
            if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise TimeoutError(word)
            read = os.read(self._minder.stdout.fileno(), 4096)
            if not read:
                raise ServerError(f"the minder of {self.command.name} ended without a report\n{self.tail()}")
            self._buffer += read
        line, _, self._buffer = self._buffer.partition(b"\n")
        said, _, number = line.decode().partition(" ")
        if said != word:
            raise ServerError(f"{self.command.name} ended before it ran: {line.decode()}\n{self.tail()}")
        return int(number)


def tail(log: Path, lines: int = _TAIL_LINES) -> str:
    """The last lines of a log file, each marked as a quotation."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return f"  | ({log} was never written)"
    return "\n".join(f"  | {line}" for line in text.splitlines()[-lines:])
