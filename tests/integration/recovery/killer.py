"""Recover the ledger, and be killed before or after a step: `killer.py STEP SIDE MOMENT`."""

import os
import signal
import sys

from ops.recovery.steps import Watcher
from ops.recovery.table import RESTORE_TABLE
from tests.integration.recovery.commands import performed


def main(step: str, side: str, moment: str) -> None:
    def kill(at: str) -> None:
        if at == step:
            os.kill(os.getpid(), signal.SIGKILL)

    options = {"table": "public.ledger", "rule": "missing", "moment": moment}
    performed(RESTORE_TABLE, options, watcher=Watcher(**{side: kill}))


if __name__ == "__main__":
    main(*sys.argv[1:])
