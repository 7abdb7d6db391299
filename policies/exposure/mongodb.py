"""The way to MongoDB Atlas: by a private endpoint alone, watched by an audit log, with the console's views closed."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from policies.exposure.reading import is_narrow, is_private
from policies.kit import Case, Node, Parameter, Resource, Severity, Stack, must_be, must_be_set, rule, stated
from policies.kit.types import (
    ATLAS_ACCESS_LIST,
    ATLAS_AUDITING,
    ATLAS_CLUSTER,
    ATLAS_LINK,
    ATLAS_PRIVATE_ENDPOINT,
    ATLAS_PROJECT,
    FORWARDING_RULE,
    GOOGLE_PROVIDER,
)
from policies.kit.waiting import about_each, some_of


@rule(
    "atl-no-open-list",
    title="Atlas lets in no wide range of addresses",
    severity=Severity.CRITICAL,
    types=[ATLAS_ACCESS_LIST],
    sources=["NIST 800-53: SC-7", "prowler projects_network_access_list_exposed_to_internet"],
    reason="an address on the access list reaches every cluster of the project over the internet",
    fix="take the entry out: programs come by the private endpoint",
    parameters={"prefix": Parameter(29, "Shortest prefix length in bits of a range that may be let in")},
    good=[
        Case({"cidrBlock": "203.0.113.8/32", "comment": "office, until the endpoint is ready"}),
        Case({"ipAddress": "203.0.113.8", "comment": "office, until the endpoint is ready"}),
    ],
    bad=[
        Case({"cidrBlock": each, "comment": "open"})
        for each in ("0.0.0.0/0", "::/0", "0.0.0.0/1", "203.0.113.0/24", "everybody")
    ]
    + [
        Case({"cidrBlock": "203.0.113.8/32"}),
        Case({"ipAddress": "203.0.113.8"}),
        Case({"awsSecurityGroup": "sg-1", "comment": "of another cloud"}),
        Case({"comment": "nothing"}),
    ],
)
def no_open_list(entry: Resource, prefix: int) -> Iterator[str]:
    path = "cidrBlock" if entry.has("cidrBlock") else "ipAddress"
    if not is_narrow(entry.text(path), prefix):
        yield stated(entry, path, f"an address or a range of /{prefix} or narrower")
    yield from must_be_set(entry, "comment")


def _cluster_with(*others: tuple[str, dict[str, object]]) -> Case:
    named = {f"other-{index}": each for index, each in enumerate(others)}
    return Case(stack={"cluster": (ATLAS_CLUSTER, {"projectId": "1"}), **named})


def _link(**inputs: object) -> tuple[str, dict[str, object]]:
    return ATLAS_LINK, {"projectId": "1", "providerName": "GCP", "portMappingEnabled": True, **inputs}


_PARTS = {"privateLinkId": "2", "endpointServiceId": "3", "privateEndpointIpAddress": "10.0.0.2"}


def _endpoint(project: str = "1", without: str = "") -> tuple[str, dict[str, object]]:
    return ATLAS_PRIVATE_ENDPOINT, {"projectId": project, **{k: v for k, v in _PARTS.items() if k != without}}


@rule(
    "atl-private",
    title="Every cluster of Atlas is reached by a private endpoint",
    severity=Severity.HIGH,
    types=[ATLAS_CLUSTER, ATLAS_LINK, ATLAS_PRIVATE_ENDPOINT],
    sources=["NIST 800-53: SC-7", "CONN"],
    reason="without a private endpoint the only way to the cluster is a public one, for whoever is let in first",
    fix="declare the endpoint on both sides for the cluster's project",
    good=[_cluster_with(_link(), _endpoint()), Case()],
    bad=[
        _cluster_with(),
        _cluster_with(_link()),
        _cluster_with(_endpoint()),
        _cluster_with(_link(), _endpoint("9")),
        _cluster_with(_link(projectId="9"), _endpoint()),
        *(_cluster_with(_link(), _endpoint(without=each)) for each in _PARTS),
        _cluster_with(_link(providerName="AWS"), _endpoint()),
    ],
)
def private(stack: Stack) -> Iterator[tuple[Resource, str]]:
    endpoints = [each for each in stack.of(ATLAS_PRIVATE_ENDPOINT) if all(map(each.has, _PARTS))]

    def check(cluster: Resource) -> Iterator[tuple[Resource, str]]:
        if not some_of(stack.of(ATLAS_LINK), lambda each: each.get("providerName") == "GCP" and _beside(cluster, each)):
            yield cluster, "its project has no private link on Google Cloud"
        if not some_of(endpoints, lambda each: _beside(cluster, each)):
            yield cluster, "its project has no private endpoint on Google Cloud"

    yield from about_each(stack.of(ATLAS_CLUSTER), check)


def _beside(cluster: Resource, other: Resource) -> bool:
    """Whether both are of one Atlas project."""
    return cluster.text("projectId") == other.text("projectId")


def _ours(**inputs: object) -> Case:
    endpoint = {"gcpProjectId": "triptrip-prod", "endpointServiceId": "mongodb", "privateEndpointIpAddress": "10.0.0.2"}
    return Case(
        stack={
            "google": (GOOGLE_PROVIDER, {"project": "triptrip-prod"}),
            "forwarding": (FORWARDING_RULE, {"name": "mongodb"}),
            "endpoint": (ATLAS_PRIVATE_ENDPOINT, {"providerName": "GCP", **endpoint, **inputs}),
        }
    )


@rule(
    "atl-endpoint-ours",
    title="The endpoint that Atlas accepts is the one in our own network",
    severity=Severity.HIGH,
    types=[ATLAS_PRIVATE_ENDPOINT, FORWARDING_RULE, GOOGLE_PROVIDER],
    sources=["NIST 800-53: SC-7", "CONN"],
    reason="Atlas lets in whichever endpoint is named here, also one in somebody else's network",
    fix="take gcpProjectId, endpointServiceId and privateEndpointIpAddress from the forwarding rule",
    good=[_ours(), Case()],
    bad=[
        _ours(gcpProjectId="elsewhere"),
        _ours(gcpProjectId=None),
        _ours(endpointServiceId="another"),
        _ours(endpointServiceId=None),
        _ours(privateEndpointIpAddress="203.0.113.8"),
        _ours(privateEndpointIpAddress=None),
        _ours(providerName="AWS"),
    ],
)
def endpoint_ours(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def is_named(type_: str, path: str, name: str) -> bool:
        return bool(name) and some_of(stack.of(type_), lambda each: each.text(path) == name)

    def check(endpoint: Resource) -> Iterator[tuple[Resource, str]]:
        if endpoint.get("providerName") != "GCP":
            yield endpoint, stated(endpoint, "providerName", "GCP")
        if not is_named(GOOGLE_PROVIDER, "project", endpoint.text("gcpProjectId")):
            yield endpoint, stated(endpoint, "gcpProjectId", "the project of this stack")
        if not is_named(FORWARDING_RULE, "name", endpoint.text("endpointServiceId")):
            yield endpoint, stated(endpoint, "endpointServiceId", "the name of a forwarding rule of this stack")
        if not is_private(endpoint.text("privateEndpointIpAddress")):
            yield endpoint, stated(endpoint, "privateEndpointIpAddress", "private")

    yield from about_each(stack.of(ATLAS_PRIVATE_ENDPOINT), check)


_EVENTS = (
    "authenticate",
    "authCheck",
    "createUser",
    "dropUser",
    "updateUser",
    "grantRolesToUser",
    "createRole",
    "updateRole",
    "dropCollection",
    "dropDatabase",
)
_FILTER = json.dumps({"atype": {"$in": list(_EVENTS)}})


def _auditing(**inputs: object) -> Case:
    return _cluster_with((ATLAS_AUDITING, {"projectId": "1", "enabled": True, "auditFilter": _FILTER, **inputs}))


@rule(
    "atl-audit-log",
    title="Every cluster of Atlas writes an audit log",
    severity=Severity.MEDIUM,
    types=[ATLAS_CLUSTER, ATLAS_AUDITING],
    sources=["NIST 800-53: AU-2", "NIST 800-53: AU-12", "prowler projects_auditing_enabled"],
    reason="without it nobody can tell who tried to get in, and who changed a user, a role or a collection",
    fix="set mongodb.audit to true in the stack file; what is recorded stands in infra/catalog/atlas_audit.yaml",
    parameters={"events": Parameter(_EVENTS, "Events that the audit filter must name")},
    good=[_auditing(), Case()],
    bad=[
        _cluster_with(),
        _auditing(projectId="9"),
        _auditing(enabled=False),
        _auditing(enabled=None),
        _auditing(auditFilter=""),
        _auditing(auditFilter=None),
        _auditing(auditFilter="not JSON"),
        _auditing(auditFilter='{"atype": "authenticate"}'),
        _auditing(auditAuthorizationSuccess=True),
    ],
)
def audit_log(stack: Stack, events: Sequence[str]) -> Iterator[tuple[Resource, str]]:
    auditing = stack.of(ATLAS_AUDITING)

    def has_log(cluster: Resource) -> Iterator[tuple[Resource, str]]:
        if not some_of(auditing, lambda audit: _beside(cluster, audit)):
            yield cluster, "its project has no audit log"

    def check(audit: Resource) -> Iterator[tuple[Resource, str]]:
        for message in _audit_problems(audit, events):
            yield audit, message

    yield from about_each(auditing, check)
    yield from about_each(stack.of(ATLAS_CLUSTER), has_log)


def _audit_problems(audit: Resource, events: Sequence[str]) -> Iterator[str]:
    yield from must_be(audit, "enabled", True)
    # Atlas: "can severely impact cluster performance", and buries the rest.
    yield from must_be(audit, "auditAuthorizationSuccess", False, None)
    named = set(_texts(_parsed(audit.text("auditFilter"))))
    if missing := [each for each in events if each not in named]:
        yield f"auditFilter does not name {', '.join(missing)}"


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(item)


@rule(
    "atl-redacted-logs",
    title="The logs of Atlas hold no data of users",
    severity=Severity.MEDIUM,
    types=[ATLAS_CLUSTER],
    sources=["NIST 800-53: AU-3", "NIST 800-53: SC-28"],
    reason="without redaction a slow query writes the fields of users into logs that more people read",
    fix="set redactClientLogData to true",
    good=[Case({"redactClientLogData": True})],
    bad=[Case({"redactClientLogData": False}), Case({})],
)
def redacted_logs(cluster: Resource) -> Iterator[str]:
    yield from must_be(cluster, "redactClientLogData", True)


_VIEWS = (
    "isDataExplorerEnabled",
    "isDataExplorerGenAiFeaturesEnabled",
    "isDataExplorerGenAiSampleDocumentPassingEnabled",
    "isClusterAiAssistantEnabled",
)
_CLOSED = dict.fromkeys(_VIEWS, False)


@rule(
    "atl-no-console-data",
    title="The console of Atlas shows no documents and hands none to a language model",
    severity=Severity.MEDIUM,
    types=[ATLAS_PROJECT],
    sources=["NIST 800-53: AC-6", "NIST 800-53: AC-4"],
    reason="whoever may open the console reads and changes documents over the internet, past the private endpoint",
    fix="set the flag to false: Atlas' own default is true for the explorer",
    good=[Case(_CLOSED)],
    bad=[Case({**_CLOSED, each: value}) for each in _VIEWS for value in (True, None)],
)
def no_console_data(project: Resource) -> Iterator[str]:
    for path in _VIEWS:
        yield from must_be(project, path, False)


@rule(
    "atl-no-teams",
    title="People get no rights in an Atlas project by the program",
    severity=Severity.MEDIUM,
    types=[ATLAS_PROJECT],
    sources=["NIST 800-53: AC-6"],
    reason="the owner of a project can open the access list, make users and read every document",
    fix="let the organisation's owner give rights by its identity provider, for as long as they are needed",
    parameters={"roles": Parameter(("GROUP_READ_ONLY",), "Roles that a team may have in the project")},
    good=[Case({}), Case({"teams": [{"teamId": "1", "roleNames": ["GROUP_READ_ONLY"]}]})],
    bad=[
        Case({"teams": [{"teamId": "1", "roleNames": ["GROUP_OWNER"]}]}),
        Case({"teams": [{"teamId": "1", "roleNames": ["GROUP_READ_ONLY", "GROUP_DATA_ACCESS_ADMIN"]}]}),
    ],
)
def no_teams(project: Resource, roles: Sequence[str]) -> Iterator[str]:
    def check(team: Node) -> Iterator[str]:
        if not all(each in roles for each in team.texts("roleNames")):
            yield stated(team, "roleNames", " or ".join(roles))

    yield from about_each(project.nodes("teams"), check)
