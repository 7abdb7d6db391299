"""Perform a recovery and be killed beside a step: `killer.py PROCEDURE STEP SIDE OPTIONS`, the options as JSON."""

import json
import os
import signal
import sys
from collections.abc import Mapping

from ops.recovery.drill import DRILL
from ops.recovery.full import RESTORE_FULL
from ops.recovery.pit import RESTORE_PIT
from ops.recovery.steps import Procedure, Watcher
from ops.recovery.table import RESTORE_TABLE
from tests.integration.recovery.commands import performed

PROCEDURES: Mapping[str, Procedure] = {
    procedure.name: procedure for procedure in (RESTORE_TABLE, RESTORE_PIT, RESTORE_FULL, DRILL)
}


def main(procedure: str, step: str, side: str, options: str) -> None:
    def kill(at: str) -> None:
        if at == step:
            os.kill(os.getpid(), signal.SIGKILL)

    performed(PROCEDURES[procedure], json.loads(options), watcher=Watcher(**{side: kill}))


if __name__ == "__main__":
    main(*sys.argv[1:])
