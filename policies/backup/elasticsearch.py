"""Snapshots of Elasticsearch that outlive its deployment: a bucket of ours, and the credentials to write to it."""

import re
from collections.abc import Iterator

from policies.kit import Case, Parameter, Resource, Severity, Stack, Undecided, must_be, must_be_set, rule
from policies.kit.types import BUCKET, BUCKET_MEMBER, ELASTIC_DEPLOYMENT, ELASTIC_KEYSTORE, SERVICE_ACCOUNT_KEY

_WRITER = "roles/storage.objectAdmin"
_CREDENTIALS = re.compile(r"gcs\.client\.[^.]+\.credentials_file")

_DEPLOYMENT = (ELASTIC_DEPLOYMENT, {"name": "search"})
_WHOLE = {
    "deployment": _DEPLOYMENT,
    "credentials": (ELASTIC_KEYSTORE, {"settingName": "gcs.client.triptrip.credentials_file"}),
    "bucket": (BUCKET, {"name": "p-search-snapshots"}),
    "grant": (BUCKET_MEMBER, {"bucket": "p-search-snapshots", "role": _WRITER}),
    "key": (SERVICE_ACCOUNT_KEY, {"serviceAccountId": "snapshots"}),
}


def _without(name: str) -> Case:
    return Case(stack={other: each for other, each in _WHOLE.items() if other != name})


@rule(
    "els-snapshot",
    title="Every deployment of Elastic can write snapshots to a bucket of ours",
    severity=Severity.HIGH,
    types=[ELASTIC_DEPLOYMENT, ELASTIC_KEYSTORE, BUCKET, BUCKET_MEMBER, SERVICE_ACCOUNT_KEY],
    sources=["NIST 800-53: CP-9", "ES-SVC", "TGT-SEARCH-SLA"],
    reason="Elastic's own snapshots go with the deployment: after a wrong deletion nothing of the index is left",
    fix="set elasticsearch.snapshots in the stack file: it makes the bucket, its account with a key, and the setting "
    "in the keystore",
    good=[
        Case(stack=_WHOLE),
        Case(stack={"bucket": (BUCKET, {"name": "exports"})}),
    ],
    bad=[
        Case(stack={"deployment": _DEPLOYMENT}),
        *(_without(name) for name in _WHOLE if name != "deployment"),
        Case(stack={**_WHOLE, "second": _DEPLOYMENT}),
        Case(stack={**_WHOLE, "credentials": (ELASTIC_KEYSTORE, {"settingName": "s3.client.default.access_key"})}),
        Case(stack={**_WHOLE, "grant": (BUCKET_MEMBER, {"bucket": "other", "role": _WRITER})}),
        Case(
            stack={
                **_WHOLE,
                "grant": (BUCKET_MEMBER, {"bucket": "p-search-snapshots", "role": "roles/storage.objectViewer"}),
            }
        ),
    ],
)
def snapshot(stack: Stack) -> Iterator[tuple[Resource, str]]:
    deployments = stack.of(ELASTIC_DEPLOYMENT)
    if not deployments:
        return
    first = deployments[0]
    if not stack.of(SERVICE_ACCOUNT_KEY):
        yield first, "no service account has a key with which Elastic could write snapshots"
    # Which deployment a keystore belongs to is not known at the first preview: they are counted.
    credentials, of_credentials = _known(stack.of(ELASTIC_KEYSTORE), "settingName")
    found = [each for each in credentials if _CREDENTIALS.fullmatch(each.text("settingName"))]
    if len(found) + len(of_credentials) < len(deployments):
        yield first, f"{len(deployments)} deployments have {len(found)} credentials of a bucket in their keystores"
    grants, of_grants = _known(stack.of(BUCKET_MEMBER), "role", "bucket")
    buckets, of_buckets = _known(stack.of(BUCKET), "name")
    names = {each.text("name") for each in buckets}
    written = any(each.text("role") == _WRITER and each.text("bucket") in names for each in grants)
    if not written and not of_grants and not of_buckets:
        yield first, f"no account has {_WRITER} on a bucket of this stack"
    if (not written and (of_grants or of_buckets)) or len(found) < len(deployments) <= len(found) + len(of_credentials):
        raise Undecided("the bucket of snapshots or its credentials")


def _known(resources: list[Resource], *paths: str) -> tuple[list[Resource], list[Resource]]:
    """The resources whose values there can all be read, and those that wait for the update."""
    known = [each for each in resources if all(each.known(path) for path in paths)]
    return known, [each for each in resources if each not in known]


@rule(
    "els-snapshot-credentials",
    title="The keystore holds the credentials of snapshots as the file that Elasticsearch reads",
    severity=Severity.MEDIUM,
    types=[ELASTIC_KEYSTORE],
    sources=["NIST 800-53: CP-9", "ES-SVC"],
    reason="under another name, or as a text, the repository finds no credentials, and every snapshot fails unseen",
    fix="name the setting as the schema step's repository does, and keep asFile true",
    parameters={"client": Parameter("triptrip", "The name of the client in the repository that the schema step makes")},
    good=[Case({"settingName": "gcs.client.triptrip.credentials_file", "asFile": True, "value": "{}"})],
    bad=[
        Case({"settingName": "gcs.client.triptrip.credentials_file", "asFile": False, "value": "{}"}),
        Case({"settingName": "gcs.client.triptrip.credentials_file", "value": "{}"}),
        Case({"settingName": "gcs.client.default.credentials_file", "asFile": True, "value": "{}"}),
        Case({"settingName": "gcs.client.triptrip.credentials_file", "asFile": True}),
        Case({"asFile": True, "value": "{}"}),
    ],
)
def snapshot_credentials(setting: Resource, client: str) -> Iterator[str]:
    name = setting.text("settingName")
    if name and not name.startswith("gcs."):
        return
    yield from must_be(setting, "settingName", f"gcs.client.{client}.credentials_file")
    yield from must_be(setting, "asFile", True)
    yield from must_be_set(setting, "value")
