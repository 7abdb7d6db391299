"""Copies outside the stores as they will be declared: buckets, exports, by what each copy is known (BAK-*, REC-*)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, get_args

from infra.catalog import recovery_rows as catalog
from infra.catalog.recovery_rows import CopyRow, ExportRow
from infra.catalog.workflow_rows import (
    PostgresExportArgument,
    RedisExportArgument,
    postgres_export,
    redis_export,
)
from infra.derive import schedule
from infra.derive.cache import cache_plan
from infra.derive.copies import BACKUPS, CACHE_EXPORTS, CopyPlan, WatchedJobPlan, bucket_name, copy_plan
from infra.derive.drills import DrillsPlan, drills_plan
from infra.derive.elasticsearch import elasticsearch_plan
from infra.derive.features import features
from infra.derive.names import Names
from infra.derive.postgres import postgres_plan
from infra.derive.schemas import export_job_name
from infra.settings import Settings
from infra.settings.recovery import RecoverySettings
from infra.settings.recovery_parts import DrillKind, TargetSettings
from infra.settings.units import Duration


@dataclass(frozen=True)
class BucketPlan:
    """A bucket of copies; ages in days, the retention in seconds, `key` is its own encryption key's name too."""

    key: str
    name: str
    region: str
    retention_seconds: int
    locked: bool
    versioned: bool
    soft_delete_seconds: int
    storage_classes: Mapping[str, int]
    expiry_days: int


@dataclass(frozen=True)
class ExportPlan:
    """A workflow, its account and what that may do in the project, and the schedule (cron, UTC) that starts it.

    `argument` is all that the workflow is told: its source is the same in every stack.
    """

    key: str
    name: str
    source: str
    region: str
    account_id: str
    role_id: str
    permissions: tuple[str, ...]
    scheduler_account_id: str
    schedule: str
    bucket_key: str
    argument: Mapping[str, Any]


@dataclass(frozen=True)
class TargetPlan:
    """What a kind of drill must reach, and how often, in seconds."""

    rpo_seconds: int
    rto_seconds: int
    every_seconds: int


@dataclass(frozen=True)
class RecoveryPlan:
    """Everything; `role_ids` are the custom roles on buckets by what they are for, `starter_role_id` starts exports."""

    region: str
    buckets: tuple[BucketPlan, ...]
    exports: tuple[ExportPlan, ...]
    copies: tuple[CopyPlan, ...]
    role_ids: Mapping[str, str]
    starter_role_id: str
    account_id: str
    operator_groups: tuple[str, ...]
    drill_every_seconds: int
    targets: Mapping[DrillKind, TargetPlan]
    drills: DrillsPlan | None
    jobs: tuple[WatchedJobPlan, ...]

    def copies_of(self, store: str) -> str:
        """Where a store's copies lie and how old they may be, in words."""
        return "; ".join(copy.words for copy in self.copies if copy.store == store) or "none"

    def bucket(self, key: str) -> BucketPlan:
        """A bucket by its key; KeyError when the stack has none such."""
        return {each.key: each for each in self.buckets}[key]


def recovery_plan(recovery: RecoverySettings, settings: Settings, names: Names) -> RecoveryPlan:
    """Work it out from settings that `infra.derive.checks` has accepted."""
    exports = tuple(_exports(recovery, settings, names))
    buckets = tuple(_buckets(recovery, settings))
    account_id = f"recovery-{names.prefix}"
    drills = drills_plan(recovery.drills, settings, names, account_id)
    bucket_roles = ("marker", *(["redis"] if "redis-exports" in features(settings) else []))
    return RecoveryPlan(
        region=recovery.region,
        buckets=buckets,
        exports=exports,
        copies=tuple(_copies(recovery, settings, names)),
        role_ids={key: names.role("copies", key) for key in bucket_roles} if exports else {},
        starter_role_id=names.role("start", "exports"),
        account_id=account_id,
        operator_groups=tuple(sorted(recovery.operator_groups)),
        drill_every_seconds=recovery.drills.every.seconds,
        targets={
            kind: TargetPlan(target.rpo.seconds, target.rto.seconds, target.every.seconds)
            for kind, target in sorted(recovery.drills.targets.items(), key=_by_proof)
        },
        drills=drills,
        jobs=tuple(_jobs(drills, settings, names)),
    )


def _buckets(recovery: RecoverySettings, settings: Settings) -> Iterator[BucketPlan]:
    yield BucketPlan(
        key=BACKUPS,
        name=bucket_name(settings, BACKUPS),
        region=recovery.region,
        retention_seconds=recovery.retention.seconds,
        locked=recovery.locked,
        versioned=True,
        soft_delete_seconds=recovery.deleted_kept.seconds,
        storage_classes={name: age.days for name, age in sorted(recovery.storage_classes.items(), key=_by_age)},
        expiry_days=recovery.expiry.days,
    )
    if "redis-exports" in features(settings):
        yield BucketPlan(
            key=CACHE_EXPORTS,
            name=bucket_name(settings, CACHE_EXPORTS),
            # Beside the instance: 24 times a day its whole content would cross to the second region, at a price far
            # above the instance's own, for a cache that can be filled anew (ADR 0024).
            region=settings.project.region,
            retention_seconds=recovery.redis.kept.seconds,
            locked=recovery.locked,
            versioned=False,
            soft_delete_seconds=0,
            storage_classes={},
            expiry_days=recovery.redis.kept.days,
        )


def _by_proof(item: tuple[DrillKind, TargetSettings]) -> int:
    return get_args(DrillKind).index(item[0])


def _by_age(item: tuple[str, Duration]) -> Duration:
    return item[1]


class _Asked(NamedTuple):
    """An export that a stack asks for: when, where to, by which workflow's source, and what that is told."""

    schedule: str
    bucket: str
    source: str
    argument: PostgresExportArgument | RedisExportArgument


def _exports(recovery: RecoverySettings, settings: Settings, names: Names) -> Iterator[ExportPlan]:
    for key, row in catalog.exports().items():
        if asked := _EXPORTS[key](recovery, settings, names):
            yield _export(key, row, asked, settings, names)


def _postgres(recovery: RecoverySettings, settings: Settings, names: Names) -> _Asked | None:
    if settings.postgres is None:
        return None
    plan = postgres_plan(settings.postgres, settings, names)
    argument = PostgresExportArgument(
        project=settings.project.gcp_project,
        instance=plan.primary.name,
        databases=(plan.database,),
        bucket=bucket_name(settings, BACKUPS),
    )
    return _Asked(schedule.daily(recovery.postgres.time), BACKUPS, postgres_export(), argument)


def _redis(recovery: RecoverySettings, settings: Settings, names: Names) -> _Asked | None:
    if settings.cache is None or settings.cache.engine != "redis":
        return None
    argument = RedisExportArgument(
        project=settings.project.gcp_project,
        region=settings.project.region,
        instance=cache_plan(settings.cache, settings, names).name,
        bucket=bucket_name(settings, CACHE_EXPORTS),
    )
    return _Asked(f"{recovery.redis.minute} * * * *", CACHE_EXPORTS, redis_export(), argument)


_EXPORTS: Mapping[str, Callable[[RecoverySettings, Settings, Names], _Asked | None]] = {
    "postgres": _postgres,
    "redis": _redis,
}


def _export(key: str, row: ExportRow, asked: _Asked, settings: Settings, names: Names) -> ExportPlan:
    return ExportPlan(
        key=key,
        name=names.of("export", key),
        source=asked.source,
        region=settings.project.region,
        account_id=f"export-{row.short}-{names.prefix}",
        role_id=names.role("export", key),
        permissions=row.permissions,
        scheduler_account_id=f"start-{row.short}-{names.prefix}",
        schedule=asked.schedule,
        bucket_key=asked.bucket,
        argument=asked.argument.model_dump(mode="json"),
    )


def _jobs(drills: DrillsPlan | None, settings: Settings, names: Names) -> Iterator[WatchedJobPlan]:
    if drills:
        yield WatchedJobPlan("drills", drills.name, "a drill", "docs/runbooks/recovery-postgres.md")
    if "timescale-exports" in features(settings):
        yield WatchedJobPlan("timescale", export_job_name(names), "an export of timescale", "docs/runbooks/exports.md")


def _copies(recovery: RecoverySettings, settings: Settings, names: Names) -> Iterator[CopyPlan]:
    present = features(settings)
    for key, row in catalog.copies().items():
        if row.needs is None or row.needs in present:
            bucket = _place(row, settings, names)
            yield copy_plan(key, row, bucket, _promise(recovery, key), _kept(recovery, settings, row))


def _place(row: CopyRow, settings: Settings, names: Names) -> str:
    if row.bucket != "search-snapshots":
        return bucket_name(settings, row.bucket)
    search = elasticsearch_plan(settings.elasticsearch, settings, names) if settings.elasticsearch else None
    return search.snapshots.bucket if search and search.snapshots else ""


def _promise(recovery: RecoverySettings, key: str) -> Duration:
    if key == "drills":
        return recovery.drills.every
    promise: Duration = getattr(recovery, key).promise
    return promise


def _kept(recovery: RecoverySettings, settings: Settings, row: CopyRow) -> str:
    """Where, and for how long, in words."""
    if row.bucket == CACHE_EXPORTS:
        return f"{settings.project.region}, kept {recovery.redis.kept}"
    if row.bucket == BACKUPS:
        return f"{recovery.region}, kept {recovery.expiry}"
    return f"{settings.project.region}, kept as long as its own policy says"
