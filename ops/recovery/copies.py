"""What every procedure does with copies: which instance is live, a temporary one made, trusted, and deleted again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from infra.derive.drills import DRILL_MARK, RECOVERY_MARK
from ops.recovery import marks, moments
from ops.recovery.cloud.calls import ConflictError
from ops.recovery.cloud.sql import FAILED, RUNNABLE, Instance
from ops.recovery.errors import RecoveryError
from ops.recovery.postgres.databases import Databases
from ops.recovery.steps import Run

_ATTEMPTS = 5
_MARKS = {"drill": DRILL_MARK}
"""What a procedure's copies carry in their names, where it is not a recovery's mark."""

_READS = ("pg_read_all_data",)
_LONGEST = timedelta(hours=24)
"""No drill goes on for longer (recovery.drills.timeout)."""


def live_instance(run: Run) -> str:
    """The name of the instance that takes the writes: the one behind the primary's name, or the declared one.

    After a recovery was promoted these two differ until the stack is told (docs/runbooks/recovery-postgres.md).
    """
    plan = run.declared.plan
    hosts = [host for host, keys in plan.names.items() if tuple(keys) == ("primary",)] or [plan.hosts["write"]]
    records = run.google.names.records()
    addresses = {address for host in hosts for address in records.get(host, (0, ()))[1]}
    for instance in run.google.sql.all():
        if instance.address in addresses and not instance.primary:
            return str(instance.name)
    return run.declared.primary


def found(run: Run, name: str) -> Instance:
    """An instance that must be there."""
    instance: Instance | None = run.google.sql.get(name)
    if instance is None:
        raise RecoveryError(f"instance {name}", "does not exist", fix="begin a new run")
    return instance


def make(run: Run, live: str, begin: Callable[[str], None]) -> dict[str, Any]:
    """Make the run's temporary instance, or go on waiting for it; one that failed is deleted and made anew.

    The name is in the journal before Google is asked, so that a run that is killed finds what it has begun.
    """
    attempt = int(run.journal.values.get("attempt", 1))
    for number in range(attempt, attempt + _ATTEMPTS):
        name = marks.instance_name(live, run.journal.run, number, _MARKS.get(run.journal.procedure, RECOVERY_MARK))
        run.journal.keep(attempt=number, copy=name)
        instance = run.google.sql.get(name)
        if instance is not None and _is_spoilt(run, instance):
            remove(run, name)
            continue
        try:
            begin(name)
        except ConflictError:
            # Deleted before and its name blocked, as Cloud SQL does for a week.
            continue
        made = run.google.sql.wait(name, run.reporter.say)
        if made.state != RUNNABLE:
            raise RecoveryError(f"instance {name}", f"is {made.state}", fix="run the command again: it is made anew")
        return {"copy": name, "copy_address": made.address}
    raise RecoveryError(f"run {run.journal.run}", f"no copy after {_ATTEMPTS} attempts", fix="look at the instances")


def _is_spoilt(run: Run, instance: Instance) -> bool:
    if instance.state == FAILED:
        return True
    return run.journal.values.get("spoilt") == instance.name


def unguard(run: Run, name: str) -> None:
    """Take off the deletion guard that every copy begins with; only ever off the run's own copy."""
    instance = found(run, name)
    marks.check_deletable(name, run.journal.run, run.declared.instances, [])
    if instance.is_guarded:
        run.google.sql.unguard(name, run.journal.run)


def remove(run: Run, name: str) -> None:
    """Delete the run's own copy, after every check; nothing where it is gone."""
    if (instance := run.google.sql.get(name)) is not None:
        _delete(run, instance, run.journal.run)


def sweep(run: Run) -> list[str]:
    """Delete what drills have left that were cut off, and whose journals may be lost; returns the names."""
    swept = []
    for instance in run.google.sql.all():
        left = marks.drill_of(instance.name)
        if left and left != run.journal.run and run.clock() - moments.of_run(left) > _LONGEST:
            _delete(run, instance, left)
            swept.append(instance.name)
    return swept


def _delete(run: Run, instance: Instance, maker: str) -> None:
    """Delete an instance that run `maker` has made and nothing uses."""
    users = run.google.names.users_of(instance.address) if instance.address else []
    marks.check_deletable(instance.name, maker, run.declared.instances, users)
    if instance.is_guarded:
        run.google.sql.unguard(instance.name, maker)
    run.google.sql.delete(instance.name)


def admit(run: Run, name: str) -> str:
    """Let whoever signs in with a token read the run's own copy: nobody has to be a user of the live database for it.

    Returns the user, empty where one signs in with a password, who must be in the database.
    """
    instance = found(run, name)
    marks.check_deletable(name, run.journal.run, run.declared.instances, [])
    user = databases(run).token_user
    if user:
        run.google.sql.create_user(instance.name, user, _READS)
    return user


def databases(run: Run) -> Databases:
    """Connections to the environment's instances."""
    folder = run.folder / run.journal.run
    folder.mkdir(parents=True, exist_ok=True)
    return Databases(run.declared.database, folder)


def release_of(run: Run) -> int:
    """PostgreSQL's release, for its tools."""
    return int(run.declared.version.rpartition("_")[2])
