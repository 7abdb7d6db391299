"""One stack is one environment: its labels, its project and the names it uses agree."""

import re
from collections.abc import Iterator, Sequence
from functools import partial

from policies.kit import Case, Parameter, Resource, Severity, Stack, Undecided, leaves, rule
from policies.kit.types import ATLAS_CLUSTER, BUCKET, GOOGLE_PROVIDER, SECRET, SQL_INSTANCE, TIMESCALE_SERVICE
from policies.kit.waiting import about_each_resource, all_of
from policies.resilience.labels import LABELLED, default_labels, label
from policies.resilience.reading import is_unknown

_WORD = re.compile(r"[a-z0-9]+")
_GOOGLES_OWN = re.compile(r"-docker\.pkg\.dev/|@serverless-robot-prod\.iam\.gserviceaccount\.com\Z")
"""Names of Google's that are in every environment and have one's name in them: a registry, and Cloud Run's agent."""

_TIMESCALE_TAGS = {"prod": "PROD"}
_PROSE = ("description", "displayName", "comment")


def _provider(environment: str = "prod", project: str = "triptrip-prod") -> tuple[str, dict[str, object]]:
    return GOOGLE_PROVIDER, {"defaultLabels": f'{{"env": "{environment}"}}', "project": project}


def _with(type_: str, inputs: dict[str, object]) -> Case:
    return Case(stack={"google": _provider(), "resource": (type_, inputs)})


@rule(
    "st-one-env",
    title="Everything in a stack belongs to one environment",
    severity=Severity.MEDIUM,
    sources=["NIST 800-53: CM-2", "NIST 800-53: SC-7"],
    reason="a name of another environment makes production read a development store, or a test write to production",
    fix="set project.environment and project.gcpProject in the stack file, and build names from them",
    parameters={"environments": Parameter(("dev", "staging", "prod"), "Names of the environments")},
    good=[
        Case(stack={"google": _provider()}),
        _with(SQL_INSTANCE, {"name": "triptrip-prod-pg", "settings": {"userLabels": {"env": "prod"}}}),
        _with(TIMESCALE_SERVICE, {"environmentTag": "PROD"}),
        _with(SECRET, {"secretId": "api", "description": "not the dev one"}),
        _with(SECRET, {"image": "asia-northeast1-docker.pkg.dev/triptrip-images/platform/schema"}),
        Case(
            stack={
                "google": _provider("dev", "triptrip-dev"),
                "grant": (SECRET, {"member": "serviceAccount:service-1@serverless-robot-prod.iam.gserviceaccount.com"}),
            }
        ),
        Case(),
    ],
    bad=[
        Case(stack={"google": _provider(project="triptrip-dev")}),
        Case(stack={"google": _provider(environment="")}),
        Case(stack={"google": _provider(project="triptrip")}),
        _with(SQL_INSTANCE, {"settings": {"userLabels": {"env": "dev"}}}),
        _with(ATLAS_CLUSTER, {"tags": {"env": "dev"}}),
        _with(BUCKET, {"name": "triptrip-dev-snapshots"}),
        _with(SECRET, {"image": "asia-northeast1-docker.pkg.dev/triptrip-dev/platform/schema"}),
        _with(SECRET, {"replication": {"key": "projects/triptrip-staging/locations/global"}}),
        _with(TIMESCALE_SERVICE, {"environmentTag": "DEV"}),
    ],
)
def one_env(stack: Stack, environments: Sequence[str]) -> Iterator[tuple[Resource, str]]:
    named = {default_labels(each).get("env") for each in stack.of(GOOGLE_PROVIDER)}
    own = named.pop() if len(named) == 1 else None
    if is_unknown(own):
        raise Undecided("defaultLabels.env")
    providers = about_each_resource(
        stack.of(GOOGLE_PROVIDER), partial(_provider_agrees, own=own, environments=environments)
    )
    if isinstance(own, str) and own in environments:
        agrees = partial(_agrees, own=own, others=frozenset(environments) - {own})
        yield from all_of(providers, about_each_resource(stack, agrees))
    else:
        yield from providers


def _provider_agrees(provider: Resource, own: str | None, environments: Sequence[str]) -> Iterator[str]:
    if own not in environments:
        yield f"label env of the providers' defaultLabels must be one of {', '.join(environments)}, for all"
    elif provider.has("project") and own not in _words(provider.text("project")):
        yield f"project is {provider.shown('project')}; the environment is {own}"


def _agrees(resource: Resource, own: str, others: frozenset[str]) -> Iterator[str]:
    if resource.type.startswith(("pulumi:", "triptrip:")):
        return
    yield from all_of(_label_agrees(resource, own), _tag_agrees(resource, own), _names_agree(resource, own, others))


def _label_agrees(resource: Resource, own: str) -> Iterator[str]:
    found = label(resource, "env") if resource.type in LABELLED else None
    if found not in (None, own):
        yield f"label env is {found}; the environment is {own}"


def _tag_agrees(resource: Resource, own: str) -> Iterator[str]:
    if resource.type == TIMESCALE_SERVICE and resource.has("environmentTag"):
        wanted = _TIMESCALE_TAGS.get(own, "DEV")
        if resource.text("environmentTag") != wanted:
            yield f"environmentTag is {resource.shown('environmentTag')}; it must be {wanted}"


def _names_agree(resource: Resource, own: str, others: frozenset[str]) -> Iterator[str]:
    waiting = ""
    for names, value in leaves(dict(resource.values)):
        path = ".".join(names)
        if names[-1] in _PROSE:
            continue
        if is_unknown(value):
            waiting = waiting or path
        elif isinstance(value, str) and not any(map(str.isspace, value)) and (foreign := _words(value) & others):
            yield f"{path} is {value}, of environment {', '.join(sorted(foreign))}; this stack is {own}"
    if waiting:
        raise Undecided(waiting)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(_GOOGLES_OWN.sub("/", text)))
