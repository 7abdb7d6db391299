"""The Backup Compliance Policy of MongoDB Atlas: opt-in, in prod only, because nobody can take it back (ADR 0011)."""

from collections.abc import Iterator

from policies.backup.mongodb import DAILY_DAYS, RESTORE_DAYS, SNAPSHOT_HOURS, at_most, kept
from policies.backup.reading import days_must_reach
from policies.kit import Case, Level, Resource, Severity, Stack, must_be, must_reach, rule
from policies.kit.types import ATLAS_COMPLIANCE, ATLAS_PROJECT, ATLAS_SCHEDULE
from policies.kit.waiting import about_each_resource


@rule(
    "atl-bcp",
    title="A compliance policy keeps everybody from shortening backups in Atlas",
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    types=[ATLAS_PROJECT, ATLAS_COMPLIANCE],
    sources=["NIST 800-53: CP-9", "MDB-BACKUP"],
    reason="without it one administrator, or whoever has that account, can delete the cluster with every snapshot",
    fix="set mongodb.compliancePolicy in the stack file; nobody but MongoDB's support can take it back",
    good=[Case(stack={"project": (ATLAS_PROJECT, {}), "policy": (ATLAS_COMPLIANCE, {})}), Case()],
    bad=[Case(stack={"project": (ATLAS_PROJECT, {})})],
)
def compliance(stack: Stack) -> Iterator[tuple[Resource, str]]:
    projects, policies = stack.of(ATLAS_PROJECT), stack.of(ATLAS_COMPLIANCE)
    if len(policies) < len(projects):
        yield projects[0], f"{len(projects)} projects have {len(policies)} compliance policies"


_COMPLIANCE = {
    "pitEnabled": True,
    "encryptionAtRestEnabled": True,
    "restoreWindowDays": 7,
    "policyItemHourly": kept(7, every=6),
    "policyItemDaily": kept(30),
}


@rule(
    "atl-bcp-level",
    title="The compliance policy asks for as much as the schedules must keep",
    severity=Severity.MEDIUM,
    types=[ATLAS_COMPLIANCE],
    sources=["NIST 800-53: CP-9", "MDB-BACKUP"],
    reason="what it does not ask for can still be taken away from the schedule in the console",
    fix="raise the figures of mongodb.backup in the stack file; the policy takes the same",
    parameters={"restore_days": RESTORE_DAYS, "snapshot_hours": SNAPSHOT_HOURS, "daily_days": DAILY_DAYS},
    good=[Case(_COMPLIANCE)],
    bad=[
        Case({**_COMPLIANCE, "pitEnabled": False}),
        Case({**_COMPLIANCE, "encryptionAtRestEnabled": None}),
        Case({**_COMPLIANCE, "restoreWindowDays": 1}),
        Case({**_COMPLIANCE, "policyItemHourly": kept(7, every=12)}),
        Case({**_COMPLIANCE, "policyItemDaily": kept(7)}),
        Case({}),
    ],
)
def compliance_level(policy: Resource, restore_days: int, snapshot_hours: int, daily_days: int) -> Iterator[str]:
    yield from must_be(policy, "pitEnabled", True)
    yield from must_be(policy, "encryptionAtRestEnabled", True)
    yield from must_reach(policy, "restoreWindowDays", restore_days, "days")
    yield from days_must_reach(policy, "policyItemHourly", restore_days)
    yield from at_most(policy, "policyItemHourly.frequencyInterval", snapshot_hours, "hours")
    yield from days_must_reach(policy, "policyItemDaily", daily_days)


@rule(
    "atl-bcp-destroy",
    title="Under a compliance policy a schedule is left to its cluster",
    severity=Severity.LOW,
    types=[ATLAS_COMPLIANCE, ATLAS_SCHEDULE],
    sources=["NIST 800-53: CM-6"],
    reason="Atlas refuses to delete a schedule under a compliance policy, so that a destroy stops halfway",
    fix="set skipDestroy to true on the schedule",
    good=[
        Case(stack={"policy": (ATLAS_COMPLIANCE, {}), "schedule": (ATLAS_SCHEDULE, {"skipDestroy": True})}),
        Case(stack={"schedule": (ATLAS_SCHEDULE, {"skipDestroy": False})}),
    ],
    bad=[
        Case(stack={"policy": (ATLAS_COMPLIANCE, {}), "schedule": (ATLAS_SCHEDULE, {"skipDestroy": False})}),
        Case(stack={"policy": (ATLAS_COMPLIANCE, {}), "schedule": (ATLAS_SCHEDULE, {})}),
    ],
)
def compliance_destroy(stack: Stack) -> Iterator[tuple[Resource, str]]:
    if stack.of(ATLAS_COMPLIANCE):
        yield from about_each_resource(stack.of(ATLAS_SCHEDULE), lambda found: must_be(found, "skipDestroy", True))
