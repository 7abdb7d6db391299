"""Who reads the warehouse: groups and programs that each dataset names, and nobody else."""

from collections.abc import Iterator, Mapping, Sequence

from policies.exposure.members import is_own_account, is_own_address, project_of
from policies.kit import Case, Node, Parameter, Resource, Severity, Stack, must_be, must_be_set, rule, stated
from policies.kit.types import (
    CONNECTION_MEMBER,
    DATA_TRANSFER,
    DATASET,
    DATASET_ACCESS,
    DATASET_BINDING,
    DATASET_MEMBER,
    DATASET_POLICY,
)
from policies.kit.waiting import about_each, some_of

_WITHOUT_A_ROLE = ("view", "dataset", "routine")
_ROLES = ("READER", "WRITER", "OWNER")
_OWNERS: dict[str, object] = {"role": "OWNER", "groupByEmail": "data-platform@triptrip.jp"}
_PROGRAM = "triptrip-prod-reporting@triptrip-prod.iam.gserviceaccount.com"


def _dataset(*accesses: Mapping[str, object], **inputs: object) -> Case:
    return Case({"project": "triptrip-prod", "accesses": [_OWNERS, *accesses], **inputs}, DATASET)


@rule(
    "bq-no-public",
    title="A dataset lets in named groups and programs only",
    severity=Severity.CRITICAL,
    types=[DATASET],
    sources=[
        "CIS GCP 5.0: 7.1",
        "NIST 800-53: AC-3",
        "CKV_GCP_15",
        "trivy GCP-0046",
        "prowler bigquery_dataset_public_access",
    ],
    reason="a special group, a domain or a person lets in more people than anybody remembers",
    fix="name groups and programs in bigquery.datasets of the stack file",
    parameters={"domains": Parameter(("triptrip.jp",), "Domains whose groups may be let in")},
    good=[
        _dataset(),
        _dataset({"role": "READER", "userByEmail": _PROGRAM}),
        _dataset({"view": {"projectId": "triptrip-prod", "datasetId": "d", "tableId": "t"}}),
        _dataset({"dataset": {"dataset": {"projectId": "triptrip-prod", "datasetId": "d"}, "targetTypes": ["VIEWS"]}}),
    ],
    bad=[
        _dataset(each)
        for each in (
            {"role": "READER", "specialGroup": "allAuthenticatedUsers"},
            {"role": "READER", "specialGroup": "projectReaders"},
            {"role": "READER", "domain": "triptrip.jp"},
            {"role": "READER", "iamMember": "allUsers"},
            {"role": "READER", "userByEmail": "somebody@triptrip.jp"},
            {"role": "READER", "userByEmail": "triptrip-dev-reporting@triptrip-dev.iam.gserviceaccount.com"},
            {"role": "READER", "groupByEmail": "everybody@elsewhere.example"},
            {"role": "READER"},
            {"view": {"projectId": "elsewhere", "datasetId": "d", "tableId": "t"}},
            {"dataset": {"dataset": {"projectId": "elsewhere", "datasetId": "d"}, "targetTypes": ["VIEWS"]}},
        )
    ],
)
def no_public(dataset: Resource, domains: Sequence[str]) -> Iterator[str]:
    project = project_of(dataset)

    def check(access: Node) -> Iterator[str]:
        if readers := [path for path in _WITHOUT_A_ROLE if access.has(path)]:
            for path in readers:
                where = "dataset.dataset.projectId" if path == "dataset" else f"{path}.projectId"
                yield from must_be(access, where, project)
            return
        group, user = access.text("groupByEmail"), access.text("userByEmail")
        if group and group.rpartition("@")[2] not in domains:
            yield stated(access, "groupByEmail", f"a group of {' or '.join(domains)}")
        if user and not is_own_address(user, project):
            yield stated(access, "userByEmail", "a service account of this project")
        others = [path for path in ("specialGroup", "domain", "iamMember") if access.has(path)]
        if others or not (group or user):
            yield f"{access.where} lets in {', '.join(others) or 'nobody'}; it must name a group or a program"

    yield from about_each(dataset.nodes("accesses"), check)


@rule(
    "bq-access-stated",
    title="A dataset states who is let in, and a group owns it",
    severity=Severity.HIGH,
    types=[DATASET],
    sources=["NIST 800-53: AC-6", "BQ-SVC"],
    reason="a dataset that says nothing lets in the owners, editors and viewers of the project and whoever made it",
    fix="set bigquery.ownerGroups and bigquery.datasets in the stack file",
    good=[_dataset(), _dataset({"role": "WRITER", "userByEmail": _PROGRAM})],
    bad=[
        Case({}, DATASET),
        Case({"accesses": []}, DATASET),
        Case({"accesses": [{"role": "READER", "groupByEmail": "analysts@triptrip.jp"}]}, DATASET),
        _dataset({"role": "OWNER", "userByEmail": _PROGRAM}),
        _dataset({"role": "roles/bigquery.admin", "groupByEmail": "analysts@triptrip.jp"}),
        _dataset({"groupByEmail": "analysts@triptrip.jp"}),
    ],
)
def access_stated(dataset: Resource) -> Iterator[str]:
    accesses = dataset.nodes("accesses")
    if not any(access.get("role") == "OWNER" and access.has("groupByEmail") for access in accesses):
        yield "accesses names no group as its owner"

    def check(access: Node) -> Iterator[str]:
        if any(access.has(path) for path in _WITHOUT_A_ROLE):
            return
        yield from must_be(access, "role", *_ROLES)
        if access.get("role") == "OWNER" and not access.has("groupByEmail"):
            yield f"{access.where} makes a single account the owner"

    yield from about_each(accesses, check)


@rule(
    "bq-one-access-way",
    title="Access to a dataset is stated in one place",
    severity=Severity.HIGH,
    types=[DATASET, DATASET_ACCESS, DATASET_MEMBER, DATASET_BINDING, DATASET_POLICY],
    sources=["NIST 800-53: CM-2", "NIST 800-53: AC-6"],
    reason="a dataset's own list and grants beside it take each other's entries away at every update",
    fix="write the grant into bigquery.datasets of the stack file",
    good=[
        Case(stack={"dataset": (DATASET, {"accesses": [_OWNERS]})}),
        Case(stack={"grant": (DATASET_MEMBER, {"datasetId": "made-elsewhere"})}),
    ],
    bad=[
        Case(
            stack={
                "dataset": (DATASET, {"datasetId": "raw", "accesses": [_OWNERS]}),
                "grant": (each, {"datasetId": "raw"}),
            }
        )
        for each in (DATASET_ACCESS, DATASET_MEMBER, DATASET_BINDING, DATASET_POLICY)
    ],
)
def one_access_way(stack: Stack) -> Iterator[tuple[Resource, str]]:
    stating = [each for each in stack.of(DATASET) if each.has("accesses")]

    def check(grant: Resource) -> Iterator[tuple[Resource, str]]:
        if some_of(stating, lambda dataset: dataset.text("datasetId") == grant.text("datasetId")):
            yield grant, f"dataset {grant.shown('datasetId')} states its access itself"

    yield from about_each(stack.of(DATASET_ACCESS, DATASET_MEMBER, DATASET_BINDING, DATASET_POLICY), check)


@rule(
    "bq-report-account",
    title="A report runs as a service account of its own",
    severity=Severity.MEDIUM,
    types=[DATA_TRANSFER],
    sources=["NIST 800-53: AC-6", "NIST 800-53: IA-2"],
    reason="a report without an account runs with the rights of the person who deployed it, until that person leaves",
    fix="set serviceAccountName to a service account of this project",
    good=[Case({"project": "triptrip-prod", "serviceAccountName": _PROGRAM})],
    bad=[
        Case({"project": "triptrip-prod"}),
        Case({"project": "triptrip-prod", "serviceAccountName": "somebody@triptrip.jp"}),
    ],
)
def report_account(report: Resource) -> Iterator[str]:
    if not is_own_address(report.text("serviceAccountName"), project_of(report)):
        yield stated(report, "serviceAccountName", "a service account of this project")


_STEP = "serviceAccount:triptrip-prod-migration@triptrip-prod.iam.gserviceaccount.com"


def _user(member: str, role: str = "roles/bigquery.connectionUser") -> Case:
    return Case({"role": role, "member": member}, provider={"project": "triptrip-prod"})


@rule(
    "bq-connection-users",
    title="Only groups and the schema step use a connection to PostgreSQL, and they do nothing but use it",
    severity=Severity.HIGH,
    types=[CONNECTION_MEMBER],
    sources=["NIST 800-53: AC-6", "BQ-SVC"],
    reason="whoever uses the connection reads PostgreSQL as its one user, whatever that user may see",
    fix="name groups in bigquery.federation.userGroups of the stack file; programs holds the one of schemas.program",
    parameters={"programs": Parameter(("-migration",), "Endings of the names of accounts that may use a connection")},
    good=[_user("group:data-science@triptrip.jp"), _user(_STEP)],
    bad=[
        _user("group:data-science@triptrip.jp", role="roles/bigquery.connectionAdmin"),
        _user(_STEP, role="roles/bigquery.connectionAdmin"),
        _user("allAuthenticatedUsers"),
        _user("serviceAccount:triptrip-prod-application@triptrip-prod.iam.gserviceaccount.com"),
        _user(_STEP.replace("prod", "dev")),
        Case({}),
    ],
)
def connection_users(grant: Resource, programs: Sequence[str]) -> Iterator[str]:
    yield from must_be(grant, "role", "roles/bigquery.connectionUser")
    yield from must_be_set(grant, "member")
    member = grant.text("member")
    is_step = is_own_account(member, project_of(grant)) and member.partition("@")[0].endswith(tuple(programs))
    if not is_step and not member.startswith("group:"):
        yield stated(grant, "member", f"a group, or an account whose name ends in {' or '.join(programs)}")
