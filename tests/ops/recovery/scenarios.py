"""Every command from start to end on an estate in memory, what PostgreSQL would answer, and what must hold."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from ops.recovery import moments, session
from ops.recovery.actions import ACTIONS
from ops.recovery.cloud import Pace
from ops.recovery.declared import Declared, declared
from ops.recovery.drill import DRILL
from ops.recovery.full import RESTORE_FULL
from ops.recovery.journal import Journal
from ops.recovery.pit import RESTORE_PIT
from ops.recovery.steps import Procedure, Run, Step, Watcher
from ops.recovery.table import RESTORE_TABLE
from sandbox.servers.estate import Estate

QUICK = Pace(attempts=3, first_wait=0.0, poll=0.0, longest_poll=0.0, patience=20, timeout=5)

WINDOW = "sql.projects.instances.getLatestRecoveryTime"
CLONE, RESTORE, INSERT = "sql.instances.clone", "sql.instances.restoreBackup", "sql.instances.insert"
PATCH, DELETE, IMPORT = "sql.instances.patch", "sql.instances.delete", "sql.instances.import"
RECORDS, CHANGE, CHANGED = "dns.resourceRecordSets.list", "dns.changes.create", "dns.changes.get"
LOOKS = ("sql.instances.get", "sql.instances.list", "sql.operations.list", RECORDS)


@dataclass
class Listener:
    """Agrees to everything, and keeps what was said."""

    said: list[str]

    def say(self, text: str) -> None:
        self.said.append(text)

    def asks(self, question: str, typed: str) -> bool:
        del question, typed
        return True


def _stub(step: Step, values: Mapping[str, Any]) -> Step:
    return replace(step, do=lambda _: dict(values))


_ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "extract": {"fingerprint": {"rows": "1"}, "references": [], "views": []},
    "load": {"was_lost": False},
    "validate": {"missing": 1, "different": 0, "extra": 0, "failed": "", "checks": []},
    "merge": {"merged": {"inserted": 1, "updated": 0, "deleted": 0}, "findings": []},
}


def without_sql(procedure: Procedure) -> Procedure:
    """A procedure whose steps on databases are answered; `load` of an export is the cloud's."""

    def stubbed(step: Step) -> Step:
        if step.id not in _ANSWERS or (step.id == "load" and procedure is not RESTORE_TABLE):
            return step
        answer = dict(_ANSWERS[step.id])
        if procedure is DRILL and step.id == "validate":
            answer["recovered_at"] = moments.rfc3339(datetime.now(UTC))
        return _stub(step, answer)

    return replace(procedure, steps=tuple(map(stubbed, procedure.steps)))


@dataclass(frozen=True)
class Scenario:
    """A command: what is there before it, its options, the methods it calls, and what must hold afterwards."""

    procedure: Procedure
    options: Mapping[str, str]
    methods: tuple[str, ...]
    prepare: Callable[[Estate], None]
    holds: Callable[[Estate, str], None]


@cache
def target() -> Declared:
    """What is declared; read once, since hundreds of tests ask."""
    return declared("dev")


def perform(scenario: Scenario, watcher: Watcher | None = None, pace: Pace = QUICK) -> Run:
    """Begin the command, or go on with it."""
    options = {name: _moment() if value == "MOMENT" else value for name, value in scenario.options.items()}
    procedure = without_sql(scenario.procedure)
    found = Journal.unfinished(session.folder(), procedure.name, "dev")
    journal = found[0] if found else session.journal_for(procedure, "dev", options)[0]
    return session.start(procedure, target(), journal, Listener([]), agreed=True, pace=pace, watcher=watcher)


def act(name: str, run: str) -> None:
    """A single action on a run."""
    journal = Journal.of_run(session.folder(), "dev", run)
    session.act(ACTIONS[name], target(), journal, Listener([]), agreed=True, pace=QUICK)


def check_live_untouched(estate: Estate) -> None:
    """Nothing that was ever asked would have changed, deleted or overwritten what is live."""
    for call in estate.api.calls:
        if call.method in (DELETE, PATCH, IMPORT, RESTORE):
            assert re.search("-(recovery|drill)-", call["instance"]), f"{call.method} of {call['instance']}"
        if call.method == RESTORE:
            assert "restoreInstanceSettings" in call.body
        assert not call.method.startswith(("sql.instances.promote", "sql.instances.switch", "storage.objects.delete"))
    if (estate.project, estate.primary) in estate.sql.deleted:
        return
    assert estate.sql.instances[estate.project, estate.primary]["state"] == "RUNNABLE"
    assert estate.databases.lineage[estate.primary] == ("empty",)  # type: ignore[attr-defined] # in memory


def _moment() -> str:
    return moments.rfc3339(datetime.now(UTC) - timedelta(hours=1))


def _nothing(estate: Estate) -> None:
    del estate


def _backup(estate: Estate) -> None:
    estate.sql.add_backup(estate.project, estate.primary)


def _deleted(estate: Estate) -> None:
    """Somebody has deleted the instance; its backups are kept (retainBackupsOnDelete)."""
    _backup(estate)
    estate.lose_instance()


def _export(estate: Estate) -> None:
    estate.export("SELECT 1;", {"public.x": 1})


def _no_names_moved(estate: Estate) -> None:
    assert estate.behind(estate.write_name) == [estate.address(estate.primary)]


def _cleaned(estate: Estate, copy: str) -> None:
    _no_names_moved(estate)
    assert (estate.project, copy) not in estate.sql.instances
    left = [name for _, name in estate.sql.instances if name != estate.primary]
    assert left == [], "no copy of another attempt is left"


def _promoted(estate: Estate, copy: str) -> None:
    assert estate.sql.instances[estate.project, copy]["settings"]["deletionProtectionEnabled"], "it is live now"
    assert estate.behind(estate.write_name) == [estate.address(copy)]
    assert estate.behind(estate.read_name) == [estate.address(copy)]
    assert estate.behind("redis-write.dev.triptrip.internal") == ["10.21.0.4"]


def _loaded(estate: Estate, copy: str) -> None:
    _promoted(estate, copy)
    assert len(estate.databases.loaded[copy]) == 1  # type: ignore[attr-defined] # in memory


def _drilled(estate: Estate, copy: str) -> None:
    _cleaned(estate, copy)
    run = re.sub(r"-\d+$", "", copy.rpartition("-drill-")[2])
    records = [name for name in estate.storage.names(estate.bucket) if name.startswith("drills/")]
    # Of the tries before the one that ended, each may have left its own.
    assert [name for name in records if not name.endswith(".failed.json")] == [f"drills/{run.upper()}.json"]


_TABLE = {"table": "public.bookings", "rule": "missing"}
SCENARIOS: Mapping[str, Scenario] = {
    "table at a moment": Scenario(
        RESTORE_TABLE,
        {**_TABLE, "moment": "MOMENT"},
        (*LOOKS, WINDOW, CLONE, PATCH, DELETE, "sql.operations.get"),
        _nothing,
        _cleaned,
    ),
    "table of a backup": Scenario(
        RESTORE_TABLE,
        _TABLE,
        (*LOOKS, "sql.backupRuns.list", RESTORE, PATCH, DELETE, "sql.operations.get"),
        _backup,
        _cleaned,
    ),
    "pit": Scenario(
        RESTORE_PIT,
        {"moment": "MOMENT", "promote": "yes"},
        (*LOOKS, WINDOW, CLONE, CHANGE, CHANGED),
        _nothing,
        _promoted,
    ),
    "full of logs": Scenario(
        RESTORE_FULL, {"source": "auto"}, (*LOOKS, WINDOW, CLONE, CHANGE, CHANGED), _nothing, _promoted
    ),
    "full of a backup": Scenario(
        RESTORE_FULL,
        {"source": "backup"},
        (*LOOKS, "sql.backupRuns.list", RESTORE, CHANGE, CHANGED),
        _backup,
        _promoted,
    ),
    "full of a deleted instance's backup": Scenario(
        RESTORE_FULL,
        {"source": "backup"},
        (*LOOKS, "sql.backupRuns.list", "sql.Backups.ListBackups", RESTORE, CHANGE, CHANGED),
        _deleted,
        _promoted,
    ),
    "full of an export": Scenario(
        RESTORE_FULL,
        {"source": "export"},
        (
            *LOOKS,
            INSERT,
            IMPORT,
            "sql.databases.get",
            "sql.databases.insert",
            "sql.operations.get",
            CHANGE,
            CHANGED,
            "storage.objects.list",
            "storage.objects.get",
        ),
        _export,
        _loaded,
    ),
    "drill": Scenario(
        DRILL,
        {"kind": "pit"},
        (*LOOKS, WINDOW, CLONE, PATCH, DELETE, "sql.operations.get", "storage.objects.insert"),
        _nothing,
        _drilled,
    ),
}
