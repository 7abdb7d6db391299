"""Who starts jobs of Cloud Run, and what schedules call."""

import re
from collections.abc import Iterator

from policies.exposure.members import is_own_account, is_own_address, member_path, members, project_of
from policies.kit import Case, Resource, Severity, must_be, rule, stated
from policies.kit.types import RUN_JOB_MEMBER, SCHEDULE

_STARTER = "serviceAccount:scheduler-triptrip-prod@triptrip-prod.iam.gserviceaccount.com"


def _starter(**inputs: object) -> Case:
    return Case({"role": "roles/run.invoker", "member": _STARTER, **inputs}, provider={"project": "triptrip-prod"})


@rule(
    "run-starters",
    title="Jobs are started by this stack's service accounts, which may do nothing else with them",
    severity=Severity.HIGH,
    types=[RUN_JOB_MEMBER],
    sources=["NIST 800-53: AC-6", "NIST 800-53: AC-3"],
    reason="who may start a job with other arguments, or change it, has its account's rights in every store",
    fix="grant roles/run.invoker on the one job, to the account of its schedule",
    good=[_starter()],
    bad=[
        _starter(role="roles/run.jobsExecutorWithOverrides"),
        _starter(role="roles/run.developer"),
        _starter(role=None),
        _starter(member="group:analysts@triptrip.jp"),
        _starter(member="serviceAccount:scheduler-triptrip-dev@triptrip-dev.iam.gserviceaccount.com"),
        _starter(member=None),
    ],
)
def starters(grant: Resource) -> Iterator[str]:
    yield from must_be(grant, "role", "roles/run.invoker")
    named = members(grant)
    if not named or not all(is_own_account(member, project_of(grant)) for member in named):
        yield stated(grant, member_path(grant), "a service account of this project")


_EXPORT = "https://workflowexecutions.googleapis.com/v1/projects/triptrip-prod/locations/asia-northeast1/workflows/w/executions"
_TARGETS = re.compile(
    r"https://(run\.googleapis\.com/v2/projects/.+|workflowexecutions\.googleapis\.com/v1/projects/.+/executions)"
)
_RUN = "https://run.googleapis.com/v2/projects/triptrip-prod/locations/asia-northeast1/jobs/upkeep:run"


def _scheduled(**target: object) -> Case:
    token = {"serviceAccountEmail": _STARTER.partition(":")[2]}
    kept = {"uri": _RUN, "httpMethod": "POST", "oauthToken": token}
    return Case({"httpTarget": {**kept, **target}}, provider={"project": "triptrip-prod"})


@rule(
    "sch-target",
    title="Schedules call Google's own API, signed in as a service account of this stack",
    severity=Severity.HIGH,
    types=[SCHEDULE],
    sources=["NIST 800-53: AC-3", "NIST 800-53: IA-9"],
    reason="a token that is sent elsewhere can be used by whoever stands there",
    fix="start a job by https://run.googleapis.com or a workflow by https://workflowexecutions.googleapis.com, with an "
    "oauthToken",
    good=[_scheduled(), _scheduled(uri=_EXPORT)],
    bad=[
        _scheduled(uri=_EXPORT.removesuffix("/executions")),
        _scheduled(uri="http://run.googleapis.com/v2/jobs/upkeep:run"),
        _scheduled(uri="https://elsewhere.example/run.googleapis.com"),
        _scheduled(uri=None),
        _scheduled(oauthToken=None),
        _scheduled(oauthToken={"serviceAccountEmail": "somebody@elsewhere.example"}),
        _scheduled(httpMethod="GET"),
        Case({"pubsubTarget": {"topicName": "projects/p/topics/t"}}),
    ],
)
def schedule_target(schedule: Resource) -> Iterator[str]:
    target = schedule.node("httpTarget")
    if not _TARGETS.fullmatch(target.text("uri")):
        yield stated(target, "uri", "a job of https://run.googleapis.com or a workflow's executions")
    yield from must_be(target, "httpMethod", "POST")
    if not is_own_address(target.text("oauthToken.serviceAccountEmail"), project_of(schedule)):
        yield stated(target, "oauthToken.serviceAccountEmail", "the address of a service account of this project")
