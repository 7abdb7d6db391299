"""Open files: how many a process may have, and a clear word when that is too few."""

import contextlib
import os
import resource
from collections.abc import Iterator
from pathlib import Path


class LimitError(RuntimeError):
    """Fewer open files are allowed than are needed; the message says how to raise the limit."""


def check_open_files(who: str, needed: int) -> None:
    """Raise LimitError when a process started from here cannot have so many open files."""
    allowed = _allowed()
    if needed > allowed:
        raise LimitError(
            f"{who} needs {needed} open files, this machine allows {allowed}; to raise it: `ulimit -Hn {needed}` as "
            f"root before the tests, a line `* hard nofile {needed}` in /etc/security/limits.conf, LimitNOFILE of the "
            f"service, or `--ulimit nofile={needed}` of the container"
        )


@contextlib.contextmanager
def open_files(who: str, needed: int) -> Iterator[None]:
    """Let this process have so many open files inside the block; raises LimitError when it may not."""
    check_open_files(who, needed)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), max(hard, needed)))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, max(hard, needed)))


def _allowed() -> int:
    """The hard limit, which root may raise up to the kernel's own."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if os.geteuid() == 0:
        return max(hard, int(Path("/proc/sys/fs/nr_open").read_text(encoding="ascii")))
    return hard
