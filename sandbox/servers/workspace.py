"""The folder, ports and processes of one test: everything in it is gone when it closes, or when its process ends.

A second process sweeps the folder, so that it goes even when the tests are killed; a folder that outlives both, after a
power cut, is removed by the next workspace.
"""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.servers.account import Account, first_reachable, server_account
from sandbox.servers.password import machine_password
from sandbox.servers.ports import Port, claim_port
from sandbox.servers.process import MINDER, Command, Process, ServerError, tail

_PREFIX = "triptrip-servers-"
_LOCK = "lock"
_FRESH_SECONDS = 60
"""A folder younger than this may not have its lock yet and is left alone."""

_open: list["Workspace"] = []


class Workspace:
    """A place for servers; a context manager. `password` is the one of every built-in user of its servers."""

    def __init__(self) -> None:
        self.account: Account = server_account()
        self.password = machine_password(self.account)
        parent = first_reachable(self.account, (Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/tmp")))  # noqa: S108 # the folder inside is random and ours
        _sweep_old(parent)
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        self.folder.chmod(0o711)
        self._lock = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        order = {"folder": str(self.folder), "lock": str(self.folder / _LOCK)}
        self._sweeper = subprocess.Popen(  # noqa: S603 # our own script
            [sys.executable, "-I", "-S", str(MINDER), "sweep", json.dumps(order)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._processes: list[Process] = []
        self._ports: list[Port] = []
        self._logs: dict[str, Path] = {}
        _open.append(self)

    @staticmethod
    def all_open() -> tuple["Workspace", ...]:
        """Every workspace of this process that is not closed."""
        return tuple(_open)

    @property
    def logs(self) -> Mapping[str, Path]:
        """The log of every server and tool that was started, by its name."""
        return self._logs

    def make_folder(self, name: str) -> Path:
        """A new folder of the servers' account, closed to others."""
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        self.account.own(folder)
        return folder

    def write(self, path: Path, text: str) -> None:
        """Write a file that only the servers' account reads; an old one is replaced in one step."""
        made = path.with_name(f".{path.name}.new")
        made.write_text(text, encoding="utf-8")
        made.chmod(0o600)
        self.account.own(made)
        made.replace(path)

    def claim_port(self) -> int:
        """A port of loopback that stays this workspace's until it closes."""
        port = claim_port()
        self._ports.append(port)
        return port.number

    def log_of(self, name: str) -> Path:
        """Where the log of a server of this name goes."""
        return self._logs.setdefault(name, self.folder / f"{name}.log")

    def start(self, command: Command) -> Process:
        """Start a command as the servers' account; it ends with the workspace at the latest."""
        process = Process(command, self.account, self._lock)
        self._processes = [other for other in self._processes if other.is_running] + [process]
        return process

    def run(
        self,
        name: str,
        words: Sequence[str],
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        timeout: float = 120,
    ) -> str:
        """Run a tool to its end as the servers' account; returns what it printed.

        Raises ServerError with its output when it fails or takes longer than `timeout` seconds.
        """
        log = self.log_of(name)
        start = log.stat().st_size if log.exists() else 0
        process = self.start(Command(name, words, folder or self.folder, log, environment=environment or {}))
        try:
            status = process.wait(timeout)
        except ServerError:
            process.end()
            raise
        if status:
            raise ServerError(f"{name} ended with {status}: {' '.join(words)}\n{tail(log)}")
        with log.open(encoding="utf-8", errors="replace") as text:
            text.seek(start)
            return text.read()

    def wait_for(self, what: str, is_so: Callable[[], bool], timeout: float, log: Path | None = None) -> None:
        """Wait until something is so; raises ServerError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        pause = 0.005
        while not is_so():
            if time.monotonic() > deadline:
                raise ServerError(f"{what}: not after {timeout:g} s" + (f"\n{tail(log)}" if log else ""))
            time.sleep(pause)
            pause = min(pause * 1.2, 0.1)

    def close(self) -> None:
        """End every process and remove everything; may be called twice."""
        if self not in _open:
            return
        _open.remove(self)
        try:
            for process in self._processes:
                process.release()
            for process in self._processes:
                with contextlib.suppress(ServerError):
                    process.end()
        finally:
            os.close(self._lock)
            if self._sweeper.stdin:
                self._sweeper.stdin.close()
            self._sweeper.wait(timeout=60)
            for port in self._ports:
                port.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _sweep_old(parent: Path) -> None:
    """Remove folders whose processes are all gone."""
    for folder in parent.glob(f"{_PREFIX}*"):
        try:
            found = folder.lstat()
            if found.st_uid != os.geteuid() or time.time() - found.st_mtime < _FRESH_SECONDS:
                continue
            with (folder / _LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # in use, or gone meanwhile
