"""Encryption of MongoDB Atlas, on disk and on the wire."""

import re
from collections.abc import Iterator

from policies.kit import Case, Node, Resource, Severity, Stack, must_be, must_be_set, rule, stated
from policies.kit.types import ATLAS_CLUSTER, ATLAS_ENCRYPTION, ATLAS_ROLE, ATLAS_ROLE_SETUP
from policies.kit.waiting import about_each, some_of

_VERSION = re.compile(r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+/cryptoKeyVersions/\d+")
_KEY = "projects/p/locations/asia-northeast1/keyRings/r/cryptoKeys/k"
_KMS = {"enabled": True, "keyVersionResourceId": f"{_KEY}/cryptoKeyVersions/1", "roleId": "r1"}
_CLUSTER = (ATLAS_CLUSTER, {"projectId": "p1", "encryptionAtRestProvider": "GCP"})
_SOURCES = ("NIST 800-53: SC-28", "NIST 800-53: SC-12", "prowler clusters_encryption_at_rest_enabled")

_About = Iterator[tuple[Resource | None, str]]


def _same(node: Resource, other: Resource, path: str) -> bool:
    """Whether both hold the same there; while it is not known, whether one of them depends on the other."""
    if node.known(path) and other.known(path):
        return bool(node.get(path) == other.get(path))
    if other.urn in node.dependencies or node.urn in other.dependencies:
        return True
    node.get(path)
    return bool(node.get(path) == other.get(path))


def _at_rest(project: str = "p1", **config: object) -> tuple[str, dict[str, object]]:
    return (ATLAS_ENCRYPTION, {"projectId": project, "googleCloudKmsConfig": {**_KMS, **config}})


@rule(
    "atl-encryption",
    title="Every cluster of Atlas is encrypted with a key of ours, in a project that has it",
    severity=Severity.HIGH,
    types=[ATLAS_CLUSTER, ATLAS_ENCRYPTION],
    sources=[*_SOURCES, "MDB-CLUSTER"],
    reason="otherwise the key is Atlas's: nobody here can turn it, or take it away when a copy has leaked",
    fix="keep what the MongodbEncryption component declares, and encryptionAtRestProvider of the cluster: GCP",
    good=[Case(stack={"a": _CLUSTER, "b": _at_rest()})],
    bad=[
        Case(stack={"a": _CLUSTER}),
        Case(stack={"a": (ATLAS_CLUSTER, {"projectId": "p1"}), "b": _at_rest()}),
        Case(stack={"a": (ATLAS_CLUSTER, {"projectId": "p1", "encryptionAtRestProvider": "NONE"}), "b": _at_rest()}),
        Case(stack={"a": _CLUSTER, "b": _at_rest("p2")}),
        Case(stack={"b": _at_rest(enabled=False)}),
        Case(stack={"b": _at_rest(enabled=None)}),
        Case(stack={"b": _at_rest(keyVersionResourceId=_KEY)}),
        Case(stack={"b": _at_rest(keyVersionResourceId=None)}),
        Case(stack={"b": _at_rest(serviceAccountKey="{}")}),
        Case(stack={"b": (ATLAS_ENCRYPTION, {"projectId": "p1", "awsKmsConfig": {"enabled": True}})}),
    ],
)
def encryption(stack: Stack) -> _About:
    def check(resource: Resource) -> Iterator[tuple[Resource, str]]:
        messages = _of_cluster(stack, resource) if resource.type == ATLAS_CLUSTER else _of_project(resource)
        yield from ((resource, message) for message in messages)

    yield from about_each(stack.of(ATLAS_CLUSTER, ATLAS_ENCRYPTION), check)


def _of_cluster(stack: Stack, cluster: Resource) -> Iterator[str]:
    yield from must_be(cluster, "encryptionAtRestProvider", "GCP")
    if not some_of(stack.of(ATLAS_ENCRYPTION), lambda each: _same(cluster, each, "projectId")):
        yield "the cluster's project has no EncryptionAtRest"


def _of_project(at_rest: Resource) -> Iterator[str]:
    yield from about_each(("enabled", "keyVersionResourceId", "serviceAccountKey"), lambda name: _config(at_rest, name))


def _config(at_rest: Node, name: str) -> Iterator[str]:
    path = f"googleCloudKmsConfig.{name}"
    if name == "enabled":
        yield from must_be(at_rest, path, True)
    elif name == "serviceAccountKey":
        if at_rest.has(path):
            yield f"{path} is set; Atlas must use roleId, an identity without a key"
    elif not _VERSION.fullmatch(at_rest.text(path)):
        yield stated(at_rest, path, "the whole name of a key's version")


_SETUP = (ATLAS_ROLE_SETUP, {"projectId": "p1", "providerName": "GCP"})
_ROLE = (ATLAS_ROLE, {"projectId": "p1", "roleId": "r1"})


@rule(
    "atl-key-role",
    title="Atlas uses the key by an identity that this stack has authorised",
    severity=Severity.HIGH,
    types=[ATLAS_ENCRYPTION, ATLAS_ROLE, ATLAS_ROLE_SETUP],
    sources=[*_SOURCES, "NIST 800-53: IA-5"],
    reason="a key file of a service account would lie at Atlas and never expire; a role that is gone locks the data",
    fix="keep the setup, the authorisation and googleCloudKmsConfig.roleId of the MongodbEncryption component",
    good=[Case(stack={"a": _at_rest(), "b": _ROLE, "c": _SETUP})],
    bad=[
        Case(stack={"a": _at_rest(), "c": _SETUP}),
        Case(stack={"a": _at_rest(), "b": _ROLE}),
        Case(stack={"a": _at_rest(roleId="r2"), "b": _ROLE, "c": _SETUP}),
        Case(stack={"a": _at_rest(roleId=None), "b": _ROLE, "c": _SETUP}),
        Case(stack={"a": _at_rest("p2"), "b": _ROLE, "c": _SETUP}),
        Case(stack={"a": _at_rest(), "b": _ROLE, "c": (ATLAS_ROLE_SETUP, {"projectId": "p1", "providerName": "AWS"})}),
    ],
)
def key_role(stack: Stack) -> _About:
    def check(resource: Resource) -> Iterator[tuple[Resource, str]]:
        messages = _of_role(stack, resource) if resource.type == ATLAS_ROLE else _of_user(stack, resource)
        yield from ((resource, message) for message in messages)

    yield from about_each(stack.of(ATLAS_ENCRYPTION, ATLAS_ROLE), check)


def _of_user(stack: Stack, at_rest: Resource) -> Iterator[str]:
    yield from must_be_set(at_rest, "googleCloudKmsConfig.roleId")
    if not some_of(stack.of(ATLAS_ROLE), lambda role: _is_role(at_rest, role)):
        yield f"googleCloudKmsConfig.roleId is {at_rest.shown('googleCloudKmsConfig.roleId')}; no role here is that one"


def _is_role(at_rest: Resource, role: Resource) -> bool:
    if role.urn in at_rest.dependencies:
        return _same(at_rest, role, "projectId")
    return at_rest.text("googleCloudKmsConfig.roleId") == role.text("roleId") and _same(at_rest, role, "projectId")


def _of_role(stack: Stack, role: Resource) -> Iterator[str]:
    if not some_of(stack.of(ATLAS_ROLE_SETUP), lambda setup: _is_setup(role, setup)):
        yield "no setup of the same project asks for an identity on GCP"


def _is_setup(role: Resource, setup: Resource) -> bool:
    return setup.text("providerName") == "GCP" and _same(role, setup, "projectId")


def _advanced(**configuration: object) -> Case:
    kept = {"minimumEnabledTlsProtocol": "TLS1_2", "javascriptEnabled": False}
    return Case({"advancedConfiguration": {**kept, **configuration}})


@rule(
    "atl-tls",
    title="Atlas speaks TLS 1.2 or newer and runs no JavaScript",
    severity=Severity.HIGH,
    types=[ATLAS_CLUSTER],
    sources=["NIST 800-53: SC-8", "NIST 800-53: CM-7", "prowler clusters_tls_enabled", "CONN"],
    reason="older TLS can be broken on the way, and JavaScript in a query turns an injection into code that runs",
    fix="set advancedConfiguration.minimumEnabledTlsProtocol to TLS1_2 or TLS1_3 and javascriptEnabled to false",
    good=[_advanced(), _advanced(minimumEnabledTlsProtocol="TLS1_3")],
    bad=[
        _advanced(minimumEnabledTlsProtocol="TLS1_0"),
        _advanced(minimumEnabledTlsProtocol="TLS1_1"),
        _advanced(minimumEnabledTlsProtocol=None),
        _advanced(javascriptEnabled=True),
        _advanced(javascriptEnabled=None),
        _advanced(tlsCipherConfigMode="CUSTOM"),
        Case({}),
    ],
)
def tls(cluster: Resource) -> Iterator[str]:
    yield from must_be(cluster, "advancedConfiguration.minimumEnabledTlsProtocol", "TLS1_2", "TLS1_3")
    yield from must_be(cluster, "advancedConfiguration.javascriptEnabled", False)
    yield from must_be(cluster, "advancedConfiguration.tlsCipherConfigMode", None, "DEFAULT")
