"""Where recovered data comes from: a moment within the kept logs, the newest backup, or an export with its marker."""

import base64
import csv
import io
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import google_crc32c

from ops.recovery import copies, moments, validate
from ops.recovery.copies import live_instance
from ops.recovery.errors import RecoveryError
from ops.recovery.steps import Run

_MARKER = "success.json"


def moment(run: Run) -> dict[str, Any]:
    """The moment that was asked for, once it is known to lie within the live instance's logs."""
    live = live_instance(run)
    query = run.option("last_good")
    wanted = moments.from_rfc3339(validate.last_good(run, query) if query else run.option("moment"))
    earliest, latest = run.google.sql.window(live)
    check_window(wanted, earliest, latest, run.clock())
    run.reporter.say(f"  {moments.both(wanted)}, within {moments.both(earliest)} … {moments.both(latest)}")
    return {"source": "logs", "live": live, "moment": moments.rfc3339(wanted), "good_until": moments.rfc3339(wanted)}


def check_window(wanted: datetime, earliest: datetime, latest: datetime, now: datetime) -> None:
    """Raise RecoveryError for a moment that no log reaches, before anything is asked of the cloud."""
    allowed = f"{moments.both(earliest)} … {moments.both(latest)}"
    if wanted > now:
        raise RecoveryError(
            "--before", f"{moments.both(wanted)} is in the future", allowed=allowed, fix="check the zone"
        )
    if wanted > latest:
        fix = "wait a few minutes, until the logs of that moment are kept, or take an earlier one"
        raise RecoveryError("--before", f"{moments.both(wanted)} is not in the logs yet", allowed=allowed, fix=fix)
    if wanted < earliest:
        fix = "restore a backup (`restore full --source backup`) or an export of that day instead"
        raise RecoveryError("--before", f"{moments.both(wanted)} is before the kept logs", allowed=allowed, fix=fix)


def newest_logs(run: Run) -> dict[str, Any]:
    """The newest moment that the live instance's logs reach."""
    live = live_instance(run)
    _, latest = run.google.sql.window(live)
    return {"source": "logs", "live": live, "moment": moments.rfc3339(latest), "good_until": moments.rfc3339(latest)}


def newest_backup(run: Run) -> dict[str, Any]:
    """The newest backup that succeeded; raises RecoveryError where there is none."""
    live = live_instance(run)
    backup = run.google.sql.newest_backup(live)
    if backup is None:
        fix = "take a moment within the logs, or an export of the bucket: `restore full --source export`"
        raise RecoveryError(f"backups of {live}", "none has succeeded", fix=fix)
    run.reporter.say(f"  backup {backup.id}, begun {moments.both(backup.started)}")
    return {"source": "backup", "live": live, "backup": backup.id, "good_until": moments.rfc3339(backup.started)}


def newest_export(run: Run) -> dict[str, Any]:
    """The newest export whose marker was written, its counts checked; raises RecoveryError where there is none."""
    prefix = f"postgres/{run.declared.primary}/"
    markers = [name for name in run.google.bucket.names(prefix) if name.endswith(f"/{_MARKER}")]
    if not markers:
        fix = "look for exports of an older instance (gcloud storage ls), or restore a backup"
        raise RecoveryError(run.google.bucket.uri(prefix), f"no export has its {_MARKER}", fix=fix)
    name = max(markers)
    marker = run.google.bucket.json(name)
    row = next((row for row in marker["databases"] if row["name"] == run.declared.database), None)
    if row is None:
        raise RecoveryError(run.google.bucket.uri(name), f"has no database {run.declared.database}", fix="take another")
    counted = _checked(run, row["counts_object"], row["counts_crc32c"])
    run.reporter.say(f"  export {marker['run']}, begun {moments.both(moments.from_rfc3339(marker['started_at']))}")
    return {
        "source": "export",
        "live": run.declared.primary,
        "export": row["object"],
        "export_crc32c": row["crc32c"],
        "expected": expected_counts(counted.decode()),
        "good_until": moments.rfc3339(moments.from_rfc3339(marker["started_at"])),
    }


def best(run: Run) -> dict[str, Any]:
    """The source that loses least: logs where they are kept, else the newest backup, else the newest export."""
    wanted = run.option("source") or "auto"
    ways = {"logs": newest_logs, "backup": newest_backup, "export": newest_export}
    if wanted in ways:
        return ways[wanted](run)
    told = []
    for name, way in ways.items():
        try:
            return way(run)
        except RecoveryError as error:
            told.append(f"{name}: {str(error).splitlines()[0]}")
            run.reporter.say(f"  not from {told[-1]}")
    raise RecoveryError("no source", "; ".join(told), fix="look for copies of an older instance or in another project")


def expected_counts(text: str) -> dict[str, int]:
    """The rows of each table as an export counted them: CSV of schema.table and rows, with or without a heading."""
    found = {}
    for row in csv.reader(io.StringIO(text)):
        if len(row) >= 2 and row[-1].strip().isdigit():  # noqa: PLR2004 # a name and a number
            found[".".join(cell.strip() for cell in row[:-1])] = int(row[-1])
    return found


def age(run: Run) -> timedelta:
    """How much the source would lose now: the time since the last moment that it holds."""
    began = run.journal.begun
    return max(began - moments.from_rfc3339(run.value("good_until")), timedelta(0))


def _checked(run: Run, name: str, crc32c: str) -> bytes:
    """An object whose checksum is the marker's; raises RecoveryError otherwise."""
    content: bytes | None = run.google.bucket.content(name)
    if content is None:
        raise RecoveryError(
            run.google.bucket.uri(name), "is missing, and its marker is there", fix="take another export"
        )
    found = base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode()
    if found != crc32c:
        raise RecoveryError(
            run.google.bucket.uri(name),
            f"is not what its marker says (crc32c {found}, not {crc32c})",
            fix="take an earlier export: this one was damaged",
        )
    return content


def begin_copy(run: Run, name: str) -> None:
    """Ask Cloud SQL for the copy that the source stands for."""
    values: Mapping[str, Any] = run.journal.values
    like = run.declared.instance(name)
    if values["source"] == "logs":
        run.google.sql.clone(values["live"], name, moments.from_rfc3339(values["moment"]))
    elif values["source"] == "backup":
        run.google.sql.restore(values["live"], values["backup"], name, like)
    else:
        run.google.sql.create(name, like)


def fill_copy(run: Run) -> dict[str, Any]:
    """Load the export into the copy; one that was half filled before is made anew."""
    if run.value("source") != "export":
        return {}
    made: dict[str, Any] = {}
    if run.journal.values.get("spoilt") == run.value("copy"):
        made = copies.make(run, run.value("live"), lambda name: begin_copy(run, name))
    name = run.value("copy")
    run.google.sql.create_database(name, run.declared.database)
    try:
        run.google.sql.load(name, run.google.bucket.uri(run.value("export")), run.declared.database)
    except RecoveryError:
        run.journal.keep(spoilt=name)
        raise
    return made
