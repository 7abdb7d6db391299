"""`python -m ops restore redis|mongodb|mongodb-cluster|elasticsearch|timescale`: the other stores' recoveries.

What talks to a store is loaded when its command runs, so that one store's command needs no other's client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.recovery import moments
from ops.recovery.commands import Env, New, Plan, RunName, YesReally, print_plan, run_name, told
from ops.recovery.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from ops.recovery.steps import Procedure
    from ops.recovery.stores import Place

Export = Annotated[str, typer.Option("--export", help="Not the newest export, but this run")]


def redis(  # noqa: PLR0913, PLR0917 # a command's options
    env: Env = "dev",
    export: Export = "",
    into_declared: Annotated[
        bool, typer.Option("--into-declared", help="Into the declared instance, if it holds no key")
    ] = False,
    plan: Plan = False,
    yes_really: YesReally = "",
    run: RunName = "",
    new: New = False,
) -> None:
    """Bring the cache back from an export in a new instance, look at it, hand it to the clients (RDS-BACKUP)."""
    with told():
        from ops.recovery.redis.procedure import RESTORE_REDIS, recovery  # noqa: PLC0415 # see above

        options = {"export": export, "into_declared": "yes" if into_declared else ""}
        _performed(RESTORE_REDIS, recovery, env, options, plan, yes_really, run, new=new)


def mongodb(  # noqa: PLR0913, PLR0917 # a command's options
    collection: Annotated[str, typer.Option(help="The collection to bring back")],
    env: Env = "dev",
    export: Annotated[str, typer.Option("--export", help="Not the newest export: a part of its path")] = "",
    rule: Annotated[str, typer.Option(help="missing: what is live stays; replace: what was exported wins")] = "missing",
    plan: Plan = False,
    yes_really: YesReally = "",
    run: RunName = "",
    new: New = False,
) -> None:
    """Bring a collection back from Atlas' exported snapshot: beside, compared, merged (MDB-BACKUP)."""
    with told():
        from ops.recovery.mongodb.procedure import RESTORE_MONGODB, check_rule, recovery  # noqa: PLC0415 # see above

        check_rule(rule)
        options = {"collection": collection, "export": export, "rule": rule}
        _performed(RESTORE_MONGODB, recovery, env, options, plan, yes_really, run, new=new)


def mongodb_cluster(  # noqa: PLR0913, PLR0917 # a command's options
    env: Env = "dev",
    point_in_time: Annotated[
        str, typer.Option("--point-in-time", help="The moment, with its zone: '2026-11-26 03:00 JST'")
    ] = "",
    snapshot: Annotated[str, typer.Option(help="Not the newest snapshot, but this id")] = "",
    plan: Plan = False,
    yes_really: YesReally = "",
    run: RunName = "",
    new: New = False,
) -> None:
    """Make a new Atlas cluster of the backups of the declared one (MDB-BACKUP)."""
    with told():
        from ops.recovery.mongodb.cluster_procedure import RESTORE_MONGODB_CLUSTER, recovery  # noqa: PLC0415 # see above

        moment = moments.rfc3339(moments.parse(point_in_time, "--point-in-time")) if point_in_time else ""
        options = {"moment": moment, "snapshot": snapshot}
        _performed(RESTORE_MONGODB_CLUSTER, recovery, env, options, plan, yes_really, run, new=new)


def elasticsearch(  # noqa: PLR0913, PLR0917 # a command's options
    index: Annotated[str, typer.Option(help="The alias that is read: hotels or products")],
    env: Env = "dev",
    snapshot: Annotated[str, typer.Option(help="Not the newest whole snapshot, but this one")] = "",
    source: Annotated[str, typer.Option(help="Not the highest number in it, but this index")] = "",
    repository: Annotated[str, typer.Option(help="triptrip (ours) or found-snapshots (Elastic's own)")] = "triptrip",
    plan: Plan = False,
    yes_really: YesReally = "",
    run: RunName = "",
    new: New = False,
) -> None:
    """Restore an index beside the one in use, look at it, and lead the aliases to it (ES-SVC)."""
    with told():
        from ops.recovery.elasticsearch.procedure import RESTORE_ELASTICSEARCH, recovery  # noqa: PLC0415 # see above

        options = {"index": index, "snapshot": snapshot, "source": source, "repository": repository}
        _performed(RESTORE_ELASTICSEARCH, recovery, env, options, plan, yes_really, run, new=new)


def timescale(  # noqa: PLR0913, PLR0917 # a command's options
    env: Env = "dev",
    export: Export = "",
    plan: Plan = False,
    yes_really: YesReally = "",
    run: RunName = "",
    new: New = False,
) -> None:
    """Put the continuous aggregates back from their export (TS-CAGG)."""
    with told():
        from ops.recovery.timescale.procedure import RESTORE_TIMESCALE, recovery  # noqa: PLC0415 # see above

        _performed(RESTORE_TIMESCALE, recovery, env, {"export": export}, plan, yes_really, run, new=new)


def add_to(restore: typer.Typer) -> None:
    """Make these commands of `restore`."""
    restore.command("redis")(redis)
    restore.command("mongodb")(mongodb)
    restore.command("mongodb-cluster")(mongodb_cluster)
    restore.command("elasticsearch")(elasticsearch)
    restore.command("timescale")(timescale)


def _performed(  # noqa: PLR0913, PLR0917 # a command's options
    procedure: Procedure,
    opened: Callable[[Place], AbstractContextManager[Any]],
    env: str,
    options: Mapping[str, str],
    plan: bool,
    yes_really: str,
    run: str,
    *,
    new: bool,
) -> None:
    """Print the plan, which connects to nothing, or perform the procedure."""
    from ops.recovery import session, stores  # noqa: PLC0415 # see above

    place = stores.place_of(env)
    # A place has what these ask of what is declared.
    anything: Any = place
    if plan:
        print_plan(procedure, anything, options)
        return
    terminal = Terminal()
    agreed = session.consent(anything, yes_really, terminal, procedure.name)
    with stores.opened(opened, place) as made:
        stores.run_procedure(procedure, place, made, options, terminal, run=run_name(run), is_new=new, agreed=agreed)
