"""The process between a test and a server: whatever ends the test, even SIGKILL, ends the server too.

Run as a script, `python -I -S minder.py run|sweep JSON`; it holds the read end of a pipe whose other end only the test
process has, so end of file on stdin means that the test process is gone.

run    starts one command and reports on stdout `pid N`, later `exit N` (negative: a signal). Every process the command
       leaves behind becomes the minder's child, is killed and waited for; its System V shared memory is removed. Should
       the minder itself be killed, the kernel signals the command.
sweep  removes a folder once the test process and every minder have let go of its lock.
"""

import ctypes
import fcntl
import json
import os
import resource
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_IPC_RMID = 0
_GRACE_SECONDS = 10.0
_NATURAL_END_SECONDS = 2.0

_libc = ctypes.CDLL(None, use_errno=True)


def _report(word: str, number: int) -> None:
    try:
        os.write(1, f"{word} {number}\n".encode())
    except BrokenPipeError:
        return


def _child(order: dict[str, Any], minder: int) -> None:
    """Become the command; never returns."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.nice(order["niceness"])
        if order["open_files"]:
            hard = max(order["open_files"], resource.getrlimit(resource.RLIMIT_NOFILE)[1])
            resource.setrlimit(resource.RLIMIT_NOFILE, (order["open_files"], hard))
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        if order["uid"] != os.geteuid():
            os.setgroups([])
            os.setgid(order["gid"])
            os.setuid(order["uid"])
        # After the change of user, which clears it.
        _libc.prctl(_PR_SET_PDEATHSIG, order["stop_signal"], 0, 0, 0)
        if os.getppid() != minder:
            os._exit(125)
        os.umask(0o077)
        os.chdir(order["folder"])
        command: list[str] = order["command"]
        os.execve(command[0], command, order["environment"])  # noqa: S606 # what the test asked for
    except BaseException as error:  # noqa: BLE001 # a forked child must not return
        os.write(2, f"cannot start {order['command'][0]}: {error}\n".encode())
        os._exit(126)


def _reap(main: int) -> int | None:
    """Collect ended children; the main command's status when it was among them."""
    status = None
    while True:
        try:
            pid, code = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if pid == 0:
            return status
        if pid == main:
            status = os.waitstatus_to_exitcode(code)


def _children() -> list[int]:
    """Processes whose parent is this one, orphans of the command included."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="latin-1").rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == os.getpid():
                found.append(int(entry.name))
    return found


def _end_leftovers() -> None:
    """Let orphans end by themselves for a moment, then kill them and wait for each."""
    deadline = time.monotonic() + _NATURAL_END_SECONDS
    while left := _children():
        _reap(0)
        if time.monotonic() > deadline:
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        time.sleep(0.005)


def _remove_shared_memory(creator: int) -> None:
    """Remove the System V segments that a process created: PostgreSQL leaves one behind when it is killed."""
    try:
        rows = Path("/proc/sysvipc/shm").read_text(encoding="ascii").splitlines()
    except OSError:
        return
    names = rows[0].split()
    for row in rows[1:]:
        columns = dict(zip(names, row.split(), strict=False))
        if int(columns["cpid"]) == creator:
            _libc.shmctl(int(columns["shmid"]), _IPC_RMID, None)


def run(order: dict[str, Any]) -> int:
    """Run one command until it ends or nobody needs it any more."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # Held by the minder until the command is gone, and by nobody else.
    os.set_inheritable(order["lock"], False)
    wake, woken = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    asked_to_end = False

    def end(*_: object) -> None:
        nonlocal asked_to_end
        asked_to_end = True

    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    signal.set_wakeup_fd(woken)
    minder = os.getpid()
    main = os.fork()
    if main == 0:
        _child(order, minder)
    _report("pid", main)
    status: int | None = None
    deadline: float | None = None
    watched = [0, wake]
    while (status := _reap(main)) is None:
        ready = select.select(watched, [], [], None if deadline is None else 0.05)[0]
        if wake in ready:
            os.read(wake, 4096)
        if 0 in ready and not os.read(0, 64):
            watched.remove(0)
            asked_to_end = True
        if asked_to_end and deadline is None:
            deadline = time.monotonic() + _GRACE_SECONDS
            os.kill(main, order["stop_signal"])
            # A stopped process takes the signal only when it goes on.
            os.kill(main, signal.SIGCONT)
        if deadline is not None and time.monotonic() > deadline:
            os.kill(main, signal.SIGKILL)
    _end_leftovers()
    _remove_shared_memory(main)
    _report("exit", status)
    return 0


def sweep(order: dict[str, Any]) -> int:
    """Wait for the test process's end, then for its minders', and remove the folder."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 64):
        pass
    with Path(order["lock"]).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(order["folder"], ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit({"run": run, "sweep": sweep}[sys.argv[1]](json.loads(sys.argv[2])))
