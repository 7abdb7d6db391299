"""How to read a grant: the resources of every service that let somebody in, and who is let in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from policies.kit import Node, Parameter, Resource

_GRANT = re.compile(r"gcp:.+I(?:AM|am)(Member|Binding|Policy)")
_AGENT_DOMAIN = (
    r"(?:gcp-sa-[a-z0-9-]+|gs-project-accounts|cloud-redis|serverless-robot-prod|bigquery-encryption|compute-system)"
)
_AGENT = re.compile(rf"serviceAccount:[a-z0-9-]+@{_AGENT_DOMAIN}\.iam\.gserviceaccount\.com")
_ACCOUNT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]@([a-z][a-z0-9-]+)\.iam\.gserviceaccount\.com")

PUBLIC = ("allUsers", "allAuthenticatedUsers")
PARTNERS = Parameter(
    (r"mongodb-atlas-[0-9a-z]+@p-[0-9a-z]+\.iam\.gserviceaccount\.com",),
    "Patterns of partners' service accounts that may use a key",
)
WRITERS = Parameter(
    (
        r"mongodb-atlas-[0-9a-z]+@p-[0-9a-z]+\.iam\.gserviceaccount\.com",
        # Memorystore for Redis writes as an account of Google's own project (persistenceIamIdentity).
        r"[0-9]+-compute@developer\.gserviceaccount\.com",
    ),
    "Patterns of others' service accounts that may create objects in a bucket of copies, and do nothing else there",
)
OWN_ROLES = Parameter(
    (r"projects/[a-z0-9-]+/roles/triptrip_[a-z]+_(?:copies|drill|export|purge|start)_[a-z]+_[0-9]+",),
    "Patterns of roles of ours that may be granted; iam-custom-role says what they may hold",
)


def is_own_role(role: str, patterns: Sequence[str]) -> bool:
    """Whether it is a role of ours that one of the patterns describes."""
    return any(re.fullmatch(pattern, role) for pattern in patterns)


def kind_of_grant(resource: Resource) -> str:
    """Member, Binding or Policy for a resource that grants roles, else an empty text."""
    found = _GRANT.fullmatch(resource.type)
    return found[1] if found else ""


def members(grant: Node) -> list[str]:
    """Who is let in by a member or a binding."""
    return [*grant.texts("member"), *grant.texts("members")]


def member_path(grant: Node) -> str:
    """The input that names who is let in."""
    return "members" if grant.has("members") else "member"


def is_agent(member: str) -> bool:
    """Whether it is an account that one of Google's services acts as in the project."""
    return bool(_AGENT.fullmatch(member))


def is_partner(member: str, patterns: Sequence[str]) -> bool:
    """Whether it is a service account of a partner that one of the patterns describes."""
    kind, _, address = member.partition(":")
    return kind == "serviceAccount" and any(re.fullmatch(pattern, address) for pattern in patterns)


def is_own_address(address: str, project: str) -> bool:
    """Whether it is the address of a service account of this project; of any, when the project is not known."""
    found = _ACCOUNT.fullmatch(address)
    return found is not None and (not project or found[1] == project)


def is_own_account(member: str, project: str) -> bool:
    """Whether it is a service account of this project."""
    kind, _, address = member.partition(":")
    return kind == "serviceAccount" and is_own_address(address, project)


def project_of(resource: Resource) -> str:
    """The Google Cloud project that a resource is in: its own, else its provider's; empty when neither says."""
    return resource.text("project") or resource.provider.text("project")
