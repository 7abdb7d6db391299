"""The job that practises recovery of PostgreSQL: what it runs, when, and what its account may touch (REC-*)."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic_core import to_jsonable_python

from infra.catalog import recovery_rows as catalog
from infra.derive import postgres_ports as ports
from infra.derive import schedule
from infra.derive.images import RepositoryPlan, repository_of
from infra.derive.names import Names
from infra.derive.postgres import PostgresPlan, postgres_plan
from infra.derive.postgres_roles import account_user
from infra.derive.ways_out import WayOutPlan, to_google
from infra.settings import Settings
from infra.settings.recovery_parts import DrillSettings
from infra.settings.units import LocalTime

RECOVERY_MARK, DRILL_MARK = "-recovery-", "-drill-"
"""What an instance made by a recovery has in its name between the primary's and the run's; a drill's is never live."""

TAG = "drill-job"
"""The network tag that the firewall knows the job by."""

DUE = "due"
"""The kind of drill that is due first."""

CONNECTION_VARIABLE, JOURNALS_VARIABLE = "TRIPTRIP_RECOVERY_POSTGRES", "TRIPTRIP_RECOVERY_FOLDER"
"""What tells the recovery commands how to sign in, and where to keep their journals."""


STACK_VARIABLE = "TRIPTRIP_RECOVERY_STACK"
"""What tells the job the digest of the settings that it was declared by (`stack_digest`)."""

_READ = (
    "availability",
    "backup",
    "database",
    "disk_size_gb",
    "disk_type",
    "edition",
    "hosts",
    "names",
    "primary",
    "replicas",
    "version",
)
"""What a drill reads of the tier (`ops.recovery.declared`)."""


@dataclass(frozen=True)
class DrillRolePlan:
    """A role of the job's account in the project; `prefix` starts the names of the instances it reaches, None: all."""

    key: str
    role_id: str
    permissions: tuple[str, ...]
    prefix: str | None


@dataclass(frozen=True)
class DrillsPlan:
    """The job, and the schedule (cron, UTC) that starts it."""

    name: str
    region: str
    image: str
    repository: RepositoryPlan
    arguments: tuple[str, ...]
    variables: Mapping[str, str]
    timeout: str
    cpu: str
    memory: str
    schedule: str
    scheduler_account_id: str
    roles: tuple[DrillRolePlan, ...]
    ways: tuple[WayOutPlan, ...]
    denied_name: str


def stack_digest(settings: Settings, tier: PostgresPlan) -> str:
    """SHA-256 over what a drill reads of the stack file.

    The image holds the stack file that it was built of; a drill of another one would look for the old primary.
    """
    content = {
        "project": settings.project,
        "targets": settings.recovery.drills.targets if settings.recovery else {},
        **{name: getattr(tier, name) for name in _READ},
    }
    return hashlib.sha256(json.dumps(to_jsonable_python(content), sort_keys=True).encode()).hexdigest()


def base_name(instance: str) -> str:
    """An instance's name without the mark of the recovery that made it: copies of a copy do not grow the name."""
    return instance.partition(RECOVERY_MARK)[0].partition(DRILL_MARK)[0]


def drills_plan(drills: DrillSettings, settings: Settings, names: Names, account_id: str) -> DrillsPlan | None:
    """Work the job out; None without an image, or without PostgreSQL."""
    if drills.image is None or settings.postgres is None:
        return None
    environment, project = settings.project.environment, settings.project.gcp_project
    tier = postgres_plan(settings.postgres, settings, names)
    place = f"host={tier.hosts['write']} port={ports.SERVER} dbname={tier.database}"
    return DrillsPlan(
        name=names.of("drill"),
        region=settings.project.region,
        image=drills.image,
        repository=repository_of(drills.image),
        arguments=("drill", "--env", environment, "--kind", DUE, "--yes-really", environment),
        variables={
            CONNECTION_VARIABLE: f"{place} user={account_user(account_id, project)} sslmode=verify-ca",
            STACK_VARIABLE: stack_digest(settings, tier),
            JOURNALS_VARIABLE: "/tmp/recovery",  # noqa: S108 # the container's own memory, which ends with the run
        },
        timeout=f"{drills.timeout.seconds}s",
        cpu="1",
        memory="1024Mi",
        schedule=_SCHEDULES[drills.interval](drills.time),
        scheduler_account_id=f"start-drill-{names.prefix}",
        roles=_roles(names, f"{base_name(tier.primary.name)}{DRILL_MARK}"),
        ways=_ways(settings, names),
        denied_name=names.of("data", "deny-drill"),
    )


_SCHEDULES: Mapping[str, Callable[[LocalTime], str]] = {"week": schedule.sunday, "month": schedule.second_of_month}


def _roles(names: Names, prefix: str) -> tuple[DrillRolePlan, ...]:
    return tuple(
        DrillRolePlan(
            key=key,
            role_id=names.role("drill", key),
            permissions=row.permissions,
            prefix=prefix if row.copies_only else None,
        )
        for key, row in catalog.drill_roles().items()
    )


def _ways(settings: Settings, names: Names) -> tuple[WayOutPlan, ...]:
    servers = (settings.network.private_services_range,)
    name = names.of("data", "allow-drill")
    return (
        to_google(name),
        WayOutPlan("postgres", f"{name}-postgres", "PostgreSQL", servers, (str(ports.SERVER),)),
    )
