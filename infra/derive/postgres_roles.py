"""Which group role of PostgreSQL each database user belongs to; nobody can sign in to a group role (NOLOGIN).

`schema/postgres` makes the roles, grants them their rights and puts every user into its own.
"""

from collections.abc import Mapping

from infra.derive.features import asked_by_exporters
from infra.derive.names import ORGANISATION, Names
from infra.settings import Settings
from infra.settings.postgres import MONITOR, POOLER, PostgresSettings

FEDERATION_USER = "bigquery"
"""The user behind BigQuery's connection."""


def group_role(role: str) -> str:
    """The group role of a user's setting: read is triptrip_read."""
    return f"{ORGANISATION}_{role}"


OWNER_ROLE = group_role("owner")
"""Owns everything inside the database; the schema step's alone."""

REPORT_ROLE = group_role("report")
POOLER_ROLE = group_role("pooler")
"""May look up who signs in and let the heart beat, and read nothing."""

MONITOR_ROLE = group_role("monitor")
"""May ask how much, how often and how late, and read no row; the exporters beside the pooler (ADR 0028)."""

GROUP_ROLES = (OWNER_ROLE, group_role("read"), group_role("write"), REPORT_ROLE, POOLER_ROLE, MONITOR_ROLE)

FEDERATION_ROLE = REPORT_ROLE


def account_user(account_id: str, gcp_project: str) -> str:
    """The name of an account inside PostgreSQL: its address without the last part, as Cloud SQL wants it."""
    return f"{account_id}@{gcp_project}.iam"


def memberships(postgres: PostgresSettings, settings: Settings, names: Names) -> Mapping[str, str]:
    """Every database user that the stack declares, by name, with its group role.

    A pooled program has two users: its account's, and the one with a password that passes the pool.
    """
    found: dict[str, str] = {}
    for key, user in postgres.users.items():
        found[account_user(names.of(key), settings.project.gcp_project)] = group_role(user.role)
        if user.pooled:
            found[key] = group_role(user.role)
    if settings.bigquery and settings.bigquery.federation:
        found[FEDERATION_USER] = FEDERATION_ROLE
    if postgres.pooler.kind == "pgbouncer":
        found[POOLER] = POOLER_ROLE
    if "postgres" in asked_by_exporters(settings):
        found[MONITOR] = MONITOR_ROLE
    return dict(sorted(found.items()))


def declared(postgres: PostgresSettings, role: str) -> tuple[str, ...] | None:
    """What a user with a password is declared with; None while the group roles are not made yet."""
    return (role,) if postgres.database_roles else None
