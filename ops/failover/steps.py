"""What both procedures do: who takes over, the state adopted, names moved, the new primary checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from infra import catalog
from infra.derive.platform import derive
from infra.derive.postgres import InstancePlan, PostgresPlan
from infra.settings import SettingsError, load
from ops.adoption import Adoption, AdoptionError
from ops.adoption.instances import PRIMARY
from ops.adoption.stack import Stack
from ops.failover import signs
from ops.failover.signs import Heard
from ops.pulumi import Pulumi, PulumiError
from ops.recovery.cloud.sql import RUNNABLE, Instance
from ops.recovery.errors import RecoveryError, RefusedError
from ops.recovery.postgres.databases import Connection, Databases
from ops.recovery.steps import Run
from ops.urn import name_of

ADOPTIONS = "adoptions"
"""The folder of adoptions, inside that of the journals."""


@dataclass(frozen=True)
class Means:
    """How a run reaches what is neither Google's API nor the journal; tests bring their own."""

    engine: Callable[[Run], Pulumi]
    heard: Callable[[Run, Instance], Heard]
    checked: Callable[[Run, Instance], dict[str, Any]]
    answers: Callable[[str, int], bool] = signs.answers
    incidents: Callable[[], list[Any]] = signs.incidents


def abroad(plan: PostgresPlan, wanted: str) -> InstancePlan:
    """The replica that takes over: the one that was asked for, the recovery replica, or the only one abroad."""
    known = {replica.key: replica for replica in plan.replicas if replica.is_cross_region}
    fix = "switch phase 4 on (infra/catalog/phases.yaml), or restore elsewhere: python -m ops restore full"
    if not known:
        raise RefusedError("postgres.replicas", "none is in another region than the primary", fix=fix)
    key = wanted or plan.disaster_recovery_replica or (next(iter(known)) if len(known) == 1 else "")
    if key not in known:
        allowed = ", ".join(known)
        raise RefusedError("--replica", key or "is missing", allowed=allowed, fix="name the one that takes over")
    return known[key]


def server_name(plan: PostgresPlan) -> str:
    """The primary's own name in DNS: pg-write may be the pooler, which answers without it."""
    own = (host for host, keys in plan.names.items() if tuple(keys) == ("primary",))
    return next(own, plan.hosts["write"])


def found(run: Run, name: str) -> Instance:
    """An instance that must be there."""
    instance: Instance | None = run.google.sql.get(name)
    if instance is None:
        raise RecoveryError(
            f"instance {name}", "does not exist", fix="look at the instances (gcloud sql instances list)"
        )
    return instance


def take_over(run: Run, name: str, begin: Callable[[], None]) -> None:
    """Let a replica take over unless it has, and wait. A lost answer looks like a refusal: what is there now tells."""
    if found(run, name).primary:
        try:
            begin()
        except RecoveryError:
            run.google.sql.wait(name, run.reporter.say)
            if found(run, name).primary:
                raise
    run.google.sql.wait(name, run.reporter.say)
    if after := found(run, name).primary:
        raise RefusedError(f"instance {name}", f"still follows {after}", fix="run the command again")


def adopt(run: Run, means: Means) -> dict[str, Any]:
    """Let settings and state say who the primary is."""
    fix = f"python -m ops adopt --stack {run.declared.environment} --instance {run.value('replica')}, then go on"
    with _engine_told("adoption", fix):
        folder = run.folder / ADOPTIONS
        adopted = Adoption(means.engine(run), run.value("replica"), folder, run.reporter.say).run()
    return {"let_go": list(adopted.let_go), "settings": [str(change) for change in adopted.settings]}


def move_names(run: Run, means: Means) -> None:
    """Deploy the names alone: a whole deployment would wait for a region that does not answer."""
    _up(run, means, names_of(_plan_now(run, means)))


def guard(run: Run, means: Means) -> None:
    """Give the new primary what a replica has not: backups, logs, a standby, a maintenance window."""
    _up(run, means, frozenset({PRIMARY}))


def names_of(plan: PostgresPlan) -> frozenset[str]:
    """What the records are called in the program (infra/components/postgres.py, postgres_names.py)."""
    hosts = {*plan.hosts.values(), *plan.names}
    return frozenset(f"postgres-name-{host.partition('.')[0].removeprefix('pg-')}" for host in hosts)


def check(run: Run, means: Means) -> dict[str, Any]:
    """The new primary takes writes, every user may sign in, and the clients' name leads to it."""
    instance = found(run, run.value("replica"))
    if instance.primary or instance.state != RUNNABLE:
        raise RecoveryError(f"instance {instance.name}", f"is {instance.state}", fix="run the command again")
    seen = means.checked(run, instance)
    missing = sorted(set(run.declared.plan.memberships) - set(seen["users"]))
    if missing:
        raise RefusedError(
            f"database of {instance.name}",
            f"{', '.join(missing)} may not sign in",
            fix="`pulumi up` makes them; passwords stay as they are",
        )
    run.reporter.say(
        f"{instance.name} takes writes on timeline {seen['timeline']}; {len(seen['users'])} users may sign in"
    )
    _check_names(run, instance)
    return {"timeline": seen["timeline"]}


def tell_way_back(run: Run) -> None:
    """What is left to do, and how to come back."""
    region = str(run.value("old_region"))
    row = catalog.regions().get(region)
    key = row.place.lower() if row else "former"
    say = run.reporter.say
    say(f"commit Pulumi.{run.declared.environment}.yaml; deploy the rest when {region} answers again")
    for name in run.journal.values.get("let_go", ()):
        say(
            f"{name}: nobody manages it any more. Once {region} answers, see what it has that is missing, and delete it"
        )
    way = f"the way back: postgres.replicas.{key} in {region} (zone, tier), `pulumi up`, and when it follows: "
    if run.declared.plan.edition == "ENTERPRISE_PLUS":
        say(f"{way}postgres.disasterRecoveryReplica: {key}, `pulumi up`, python -m ops switchover")
    else:
        say(f"{way}no writer any more, python -m ops failover region --despite-signs 'the way back'")


def _check_names(run: Run, instance: Instance) -> None:
    host = server_name(run.declared.plan)
    addresses = run.google.names.records().get(host, (0, ()))[1]
    if tuple(addresses) != (instance.address,):
        said = f"stands for {', '.join(addresses) or 'nothing'}, not for {instance.address}"
        raise RecoveryError(f"name {host}", said, fix="look at the state's postgres-name-… (pulumi stack)")


def _plan_now(run: Run, means: Means) -> PostgresPlan:
    """The tier as declared now, after the adoption: the run itself may have begun before it."""
    with _engine_told("settings", "python -m infra.settings check"):
        plan = derive(load(Stack(means.engine(run)).settings())).postgres
    return plan or run.declared.plan


def _up(run: Run, means: Means, names: frozenset[str]) -> None:
    """Deploy what the state has under these names; what is declared and not there waits for a whole deployment."""
    stack = Stack(means.engine(run))
    with _engine_told("pulumi up", "run the command again: it goes on here"):
        resources = stack.export()["deployment"].get("resources") or []
        urns = [each["urn"] for each in resources if each.get("custom") and name_of(each["urn"]) in names]
        if not urns:
            raise RecoveryError("pulumi", f"the state has no {min(names)}", fix="look at `pulumi stack --show-urns`")
        stack.deploy(urns)


@contextmanager
def _engine_told(where: str, fix: str) -> Iterator[None]:
    """What the CLI or the settings refuse, told as a recovery's error."""
    try:
        yield
    except (AdoptionError, PulumiError, SettingsError) as error:
        raise RecoveryError(where, str(error), fix=fix) from error


def engine_of(run: Run) -> Pulumi:
    """The CLI that was asked for, on the environment's stack."""
    return Pulumi(run.option("pulumi") or "pulumi", run.declared.environment)


def heard_of(run: Run, instance: Instance) -> Heard:
    """Ask a replica what it hears."""
    with Databases(run.declared.database, run.folder).connected(instance) as connection:
        row = connection.execute(signs.HEARD).fetchone()
    if row is None:
        raise RecoveryError(f"database of {instance.name}", "answered nothing", fix="run the command again")
    return signs.read_heard(row)


def checked_of(run: Run, instance: Instance) -> dict[str, Any]:
    """Ask the new primary."""
    with Databases(run.declared.database, run.folder).connected(instance) as connection:
        return seen_by(connection)


def seen_by(connection: Connection) -> dict[str, Any]:
    """Whether writes are taken, the timeline, and who may sign in; a server in recovery refuses the first.

    A transaction's id is a write that leaves nothing behind. The timeline is that of the log being written: the one of
    the last checkpoint is still the old one for a moment after a promotion.
    """
    connection.execute("select pg_current_xact_id()")
    file = connection.execute("select pg_walfile_name(pg_current_wal_lsn())").fetchone()
    users = connection.execute("select rolname from pg_roles where rolcanlogin").fetchall()
    return {"timeline": int(str(file[0])[:8], 16) if file else None, "users": [row[0] for row in users]}


MEANS = Means(engine_of, heard_of, checked_of)
