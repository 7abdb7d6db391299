"""Service accounts and what is generated for them: nobody acts as another, and keys are the exception."""

import re
from collections.abc import Iterator, Sequence

from policies.exposure.members import is_agent, is_own_account, member_path, members
from policies.kit import Case, Parameter, Resource, Severity, last_part, must_be_set, must_reach, rule, stated
from policies.kit.types import ACCOUNT_MEMBER, GENERATED_PASSWORD, HMAC_KEY, REPOSITORY_MEMBER, SERVICE_ACCOUNT_KEY

_OWN = "serviceAccount:triptrip-prod-reporting@triptrip-prod.iam.gserviceaccount.com"
_AGENT = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
_RUN = "serviceAccount:service-123456789012@serverless-robot-prod.iam.gserviceaccount.com"
_RUN_AGENT = re.compile(r"serviceAccount:service-\d+@serverless-robot-prod\.iam\.gserviceaccount\.com")


def _as_recovery(
    member: str = "group:data-platform@triptrip.jp",
    account: str = "recovery-triptrip-prod",
    role: str = "roles/iam.serviceAccountTokenCreator",
) -> Case:
    address = f"projects/p/serviceAccounts/{account}@triptrip-prod.iam.gserviceaccount.com"
    return Case({"serviceAccountId": address, "member": member, "role": role})


@rule(
    "iam-impersonation",
    title="Only Google's agents act as a service account, and a group of ours as the one for recovery",
    severity=Severity.HIGH,
    types=[ACCOUNT_MEMBER],
    sources=["CIS GCP 5.0: 1.7", "NIST 800-53: AC-6"],
    reason="whoever makes tokens for an account has all its rights, and the logs show the account instead",
    fix="let the agent of the service act as it, with roles/iam.serviceAccountTokenCreator on this one account",
    parameters={
        "people": Parameter(("recovery-triptrip-",), "Starts of the ids of accounts as which groups of ours may act"),
        "domains": Parameter(("triptrip.jp",), "Domains of those groups"),
    },
    good=[Case({"role": "roles/iam.serviceAccountTokenCreator", "member": _AGENT}), _as_recovery()],
    bad=[
        _as_recovery(member="group:everybody@elsewhere.example"),
        _as_recovery(member="user:somebody@triptrip.jp"),
        _as_recovery(member=_OWN),
        _as_recovery(account="triptrip-prod-migration"),
        _as_recovery(role="roles/iam.serviceAccountUser"),
        Case({"role": "roles/iam.serviceAccountTokenCreator", "member": _OWN}),
        Case({"role": "roles/iam.serviceAccountTokenCreator", "member": "group:analysts@triptrip.jp"}),
        Case({"role": "roles/iam.serviceAccountKeyAdmin", "member": _AGENT}),
        Case({}),
    ],
)
def impersonation(grant: Resource, people: Sequence[str], domains: Sequence[str]) -> Iterator[str]:
    if grant.get("role") != "roles/iam.serviceAccountTokenCreator":
        yield stated(grant, "role", "roles/iam.serviceAccountTokenCreator")
    named = [member for member in members(grant) if not is_agent(member)]
    groups = all(each.startswith("group:") and each.rpartition("@")[2] in domains for each in named)
    if named and not (groups and last_part(grant.text("serviceAccountId")).startswith(tuple(people))):
        yield stated(grant, member_path(grant), "an agent of Google")


def _reader(**inputs: object) -> Case:
    kept = {"role": "roles/artifactregistry.reader", "member": _OWN}
    return Case({**kept, **inputs}, provider={"project": "triptrip-prod"})


@rule(
    "iam-repository-readers",
    title="Repositories of images are read by this stack's accounts and by Cloud Run, and written by nobody here",
    severity=Severity.HIGH,
    types=[REPOSITORY_MEMBER],
    sources=["NIST 800-53: AC-6", "NIST 800-53: CM-5", "CKV_GCP_101"],
    reason="who can write to a repository decides what the machines run, and who can read it knows their programs",
    fix="grant roles/artifactregistry.reader, to the service account of the machines or to Cloud Run's agent",
    good=[_reader(), _reader(project="triptrip-images"), _reader(member=_RUN)],
    bad=[
        _reader(role="roles/artifactregistry.writer"),
        _reader(role="roles/artifactregistry.repoAdmin"),
        _reader(role=None),
        _reader(member="group:analysts@triptrip.jp"),
        _reader(member=_AGENT),
        _reader(member="serviceAccount:somebody@triptrip-images.iam.gserviceaccount.com", project="triptrip-images"),
        _reader(member=None),
    ],
)
def repository_readers(grant: Resource) -> Iterator[str]:
    if grant.get("role") != "roles/artifactregistry.reader":
        yield stated(grant, "role", "roles/artifactregistry.reader")
    # The repository may lie in another project; whoever reads it is of the stack's own.
    project = grant.provider.text("project")
    named = members(grant)
    # Cloud Run fetches the images of its jobs as itself.
    if not named or not all(is_own_account(member, project) or _RUN_AGENT.fullmatch(member) for member in named):
        yield stated(grant, member_path(grant), "a service account of this project, or Cloud Run's agent")


def _key(account: str = "snapshots-triptrip-prod") -> dict[str, object]:
    address = f"{account}@triptrip-prod.iam.gserviceaccount.com"
    return {"keepers": {"generation": "1"}, "serviceAccountId": f"projects/p/serviceAccounts/{address}"}


def _keys(name: str, inputs: dict[str, object]) -> Case:
    return Case(stack={name: (SERVICE_ACCOUNT_KEY, inputs)})


@rule(
    "iam-no-keys",
    title="Service accounts have no keys",
    severity=Severity.HIGH,
    types=[SERVICE_ACCOUNT_KEY, HMAC_KEY],
    sources=["CIS GCP 5.0: 1.5", "NIST 800-53: IA-5", "CKV2_GCP_3"],
    reason="a key works from anywhere until somebody deletes it, and a copy of it leaves no trace",
    fix="let the program run as its service account; a partner's key and its account are named in the parameters",
    parameters={
        "keys": Parameter(("elasticsearch-snapshot-key",), "Keys, by their name in the program, that may be made"),
        "accounts": Parameter(("snapshots-triptrip-prod",), "Accounts, by their id, that may have a key"),
    },
    good=[_keys("elasticsearch-snapshot-key", _key())],
    bad=[
        _keys("another-key", _key()),
        _keys("elasticsearch-snapshot-key", _key("triptrip-prod-application")),
        _keys("elasticsearch-snapshot-key", {}),
        Case({"serviceAccountEmail": "snapshots-triptrip-prod@p.iam.gserviceaccount.com"}, HMAC_KEY),
    ],
)
def no_keys(key: Resource, keys: Sequence[str], accounts: Sequence[str]) -> Iterator[str]:
    # The name is known at the first preview, when the account's address is not.
    if key.type == HMAC_KEY or key.name not in keys:
        yield f"{key.name} is a key; only {', '.join(keys) or 'none'} may be made"
    elif last_part(key.text("serviceAccountId")).partition("@")[0] not in accounts:
        yield stated(key, "serviceAccountId", f"that of {' or '.join(accounts) or 'no account'}")


@rule(
    "iam-keys-renewed",
    title="Keys and passwords that are made here can be renewed",
    severity=Severity.MEDIUM,
    types=[SERVICE_ACCOUNT_KEY, GENERATED_PASSWORD],
    sources=["CIS GCP 5.0: 1.8", "NIST 800-53: IA-5"],
    reason="without a generation to raise, a key that leaked can only be replaced by hand",
    fix="set keepers to the generation or version from the stack file",
    good=[Case({"keepers": {"generation": "1"}}, SERVICE_ACCOUNT_KEY)],
    bad=[Case({}, SERVICE_ACCOUNT_KEY), Case({}, GENERATED_PASSWORD)],
)
def keys_renewed(key: Resource) -> Iterator[str]:
    yield from must_be_set(key, "keepers")


@rule(
    "pwd-length",
    title="Generated passwords are long",
    severity=Severity.MEDIUM,
    types=[GENERATED_PASSWORD],
    sources=["NIST 800-53: IA-5"],
    reason="a short password is guessed from a stolen hash within days",
    fix="set length to at least 40",
    parameters={"characters": Parameter(40, "Characters that a generated password has at least")},
    good=[Case({"length": 64})],
    bad=[Case({"length": 16}), Case({})],
)
def password_length(password: Resource, characters: int) -> Iterator[str]:
    yield from must_reach(password, "length", characters, "characters")
