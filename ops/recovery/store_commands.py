"""`python -m ops restore redis|mongodb|mongodb-cluster|elasticsearch|timescale`: the other stores' recoveries.

What talks to a store is loaded when its command runs, so that one store's command needs no other's client.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ops.recovery import moments
from ops.recovery.request import Request, performed_on_store, takes_request

Export = Annotated[str, typer.Option("--export", help="Not the newest export, but this run")]


@takes_request
def redis(
    request: Request,
    export: Export = "",
    into_declared: Annotated[
        bool, typer.Option("--into-declared", help="Into the declared instance, if it holds no key")
    ] = False,
) -> None:
    """Bring the cache back from an export in a new instance, look at it, hand it to the clients (RDS-BACKUP)."""
    from ops.recovery.redis.procedure import RESTORE_REDIS, recovery  # noqa: PLC0415 # see above

    options = {"export": export, "into_declared": "yes" if into_declared else ""}
    performed_on_store(RESTORE_REDIS, recovery, request, options)


@takes_request
def mongodb(
    request: Request,
    collection: Annotated[str, typer.Option(help="The collection to bring back")],
    export: Annotated[str, typer.Option("--export", help="Not the newest export: a part of its path")] = "",
    rule: Annotated[str, typer.Option(help="missing: what is live stays; replace: what was exported wins")] = "missing",
) -> None:
    """Bring a collection back from Atlas' exported snapshot: beside, compared, merged (MDB-BACKUP)."""
    from ops.recovery.mongodb.procedure import RESTORE_MONGODB, check_rule, recovery  # noqa: PLC0415 # see above

    check_rule(rule)
    options = {"collection": collection, "export": export, "rule": rule}
    performed_on_store(RESTORE_MONGODB, recovery, request, options)


@takes_request
def mongodb_cluster(
    request: Request,
    point_in_time: Annotated[
        str, typer.Option("--point-in-time", help="The moment, with its zone: '2026-11-26 03:00 JST'")
    ] = "",
    snapshot: Annotated[str, typer.Option(help="Not the newest snapshot, but this id")] = "",
) -> None:
    """Make a new Atlas cluster of the backups of the declared one (MDB-BACKUP)."""
    from ops.recovery.mongodb.cluster_procedure import RESTORE_MONGODB_CLUSTER, recovery  # noqa: PLC0415 # see above

    moment = moments.rfc3339(moments.parse(point_in_time, "--point-in-time")) if point_in_time else ""
    options = {"moment": moment, "snapshot": snapshot}
    performed_on_store(RESTORE_MONGODB_CLUSTER, recovery, request, options)


@takes_request
def elasticsearch(
    request: Request,
    index: Annotated[str, typer.Option(help="The alias that is read: hotels or products")],
    snapshot: Annotated[str, typer.Option(help="Not the newest whole snapshot, but this one")] = "",
    source: Annotated[str, typer.Option(help="Not the highest number in it, but this index")] = "",
    repository: Annotated[str, typer.Option(help="triptrip (ours) or found-snapshots (Elastic's own)")] = "triptrip",
) -> None:
    """Restore an index beside the one in use, look at it, and lead the aliases to it (ES-SVC)."""
    from ops.recovery.elasticsearch.procedure import RESTORE_ELASTICSEARCH, recovery  # noqa: PLC0415 # see above

    options = {"index": index, "snapshot": snapshot, "source": source, "repository": repository}
    performed_on_store(RESTORE_ELASTICSEARCH, recovery, request, options)


@takes_request
def timescale(
    request: Request,
    export: Export = "",
) -> None:
    """Put the continuous aggregates back from their export (TS-CAGG)."""
    from ops.recovery.timescale.procedure import RESTORE_TIMESCALE, recovery  # noqa: PLC0415 # see above

    performed_on_store(RESTORE_TIMESCALE, recovery, request, {"export": export})


def add_to(restore: typer.Typer) -> None:
    """Make these commands of `restore`."""
    restore.command("redis")(redis)
    restore.command("mongodb")(mongodb)
    restore.command("mongodb-cluster")(mongodb_cluster)
    restore.command("elasticsearch")(elasticsearch)
    restore.command("timescale")(timescale)
