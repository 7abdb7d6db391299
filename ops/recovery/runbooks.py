"""The other stores' runbooks: their tables of steps are the commands' own, the rest is written by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ops.recovery.declared import ROOT
from ops.recovery.elasticsearch.procedure import RESTORE_ELASTICSEARCH
from ops.recovery.errors import RefusedError
from ops.recovery.mongodb.cluster_procedure import RESTORE_MONGODB_CLUSTER
from ops.recovery.mongodb.procedure import RESTORE_MONGODB
from ops.recovery.redis.procedure import RESTORE_REDIS
from ops.recovery.steps import Procedure
from ops.recovery.timescale.procedure import RESTORE_TIMESCALE

FOLDER = ROOT / "docs" / "runbooks"
RUNBOOKS: Mapping[str, tuple[Procedure, ...]] = {
    "recovery-redis.md": (RESTORE_REDIS,),
    "recovery-mongodb.md": (RESTORE_MONGODB, RESTORE_MONGODB_CLUSTER),
    "recovery-elasticsearch.md": (RESTORE_ELASTICSEARCH,),
    "recovery-timescale.md": (RESTORE_TIMESCALE,),
}


def table(procedure: Procedure) -> str:
    """A procedure's steps, as `--plan` tells them."""
    rows = ["| step | what it does | asks |", "|---|---|---|"]
    for number, step in enumerate(procedure.steps, 1):
        rows.append(f"| {number}. {step.title} | {step.detail} | {'yes' if step.asks else 'no'} |")
    return "\n".join((f"{procedure.promise}.", "", *rows))


def filled(text: str, procedures: tuple[Procedure, ...]) -> str:
    """A runbook with its tables as the procedures are; raises ValueError where the place of one is missing."""
    for procedure in procedures:
        begin, end = f"<!-- steps of {procedure.name} -->", "<!-- end of steps -->"
        place = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
        if not place.search(text):
            raise ValueError(f"no place for the steps of {procedure.name}: {begin} … {end}")
        written = f"{begin}\n{table(procedure)}\n{end}"
        text = place.sub(lambda _, written=written: str(written), text)  # type: ignore[misc] # bound at once
    return text


def write(*, is_check: bool, folder: Path = FOLDER) -> None:
    """Write the tables, or raise RefusedError when a runbook's are not current."""
    for name, procedures in RUNBOOKS.items():
        file = folder / name
        found = file.read_text(encoding="utf-8")
        wanted = filled(found, procedures)
        if not is_check:
            file.write_text(wanted, encoding="utf-8")
        elif wanted != found:
            raise RefusedError(f"docs/runbooks/{name}", "is not current", fix="make docs")
