"""`python -m sandbox.servers.as_account UID GID MODULE [ARGUMENT ...]`: a program of ours as the servers' account.

That account may not be able to read the program: it is loaded first, and the user is changed then.
"""

import ctypes
import encodings.idna  # noqa: F401 # what is loaded late otherwise, when it can no longer be read
import importlib
import os
import signal
import sys

from sandbox.servers.account import Account

_PR_SET_PDEATHSIG = 1


def words(account: Account, module: str, *arguments: str) -> tuple[str, ...]:
    """The command for a module's `main` as the account; it is started with `changes_user`, in the project's folder."""
    own = ("sandbox.servers.as_account", str(account.uid), str(account.gid))
    return (sys.executable, "-m", *own, module, *arguments)


def main() -> int:
    """Load the module's `main`, become the account, and run it; returns its exit code."""
    uid, gid, name, *arguments = sys.argv[1:]
    program = importlib.import_module(name)
    if int(uid) != os.geteuid():
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
        # A change of user clears it; the program must end with its minder.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    os.umask(0o077)
    status: int = program.main(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main())
