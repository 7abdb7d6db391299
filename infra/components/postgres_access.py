"""Who may enter PostgreSQL and what they are handed: service accounts, IAM users, connection strings (CONN, COR-18).

No password exists: a user signs in with a token of its service account. What it may do inside the database is granted
by the schema step, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.postgres import Postgres
from infra.components.secrets import Secrets
from infra.derive.postgres import PostgresPlan, UserPlan

_SIGN_IN_ROLES = ("roles/cloudsql.client", "roles/cloudsql.instanceUser")


@dataclass(frozen=True)
class PostgresAccessArgs:
    """What the users are built from."""

    plan: PostgresPlan
    postgres: Postgres
    foundation: Foundation


class PostgresAccess(Component):
    """One service account a user; sign-in only to this platform's instances; secrets only that account can read."""

    connection_secrets: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: PostgresAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._base = args.foundation
        keeper = Secrets(self, args.foundation)
        keeper.put("postgres-server-ca", args.postgres.server_certificates, *(user.key for user in args.plan.users))
        secrets: dict[str, pulumi.Output[str]] = {}
        for user in args.plan.users:
            self._user(user)
            for endpoint in user.endpoints:
                content = self._connection_string(user, endpoint)
                secret = keeper.put(f"postgres-{user.key}-{endpoint}", content, user.key)
                secrets[f"{user.key}-{endpoint}"] = secret.id
        self.connection_secrets = secrets
        self.register_outputs({"connectionSecrets": secrets})

    def _connection_string(self, user: UserPlan, endpoint: str) -> str:
        plan = self._args.plan
        return user.connection_string(self._base.gcp_project, plan.hosts[endpoint], plan.database)

    def _user(self, plan: UserPlan) -> None:
        """Let the program's account sign in, and make its database user."""
        base = self._base
        account = base.identities[plan.key]
        for role in _SIGN_IN_ROLES:
            gcp.projects.IAMMember(
                f"sign-in-{plan.key}-{role.rpartition('.')[2]}",
                project=base.gcp_project,
                role=role,
                member=account.member,
                condition=self._args.postgres.own_instances,
                opts=self.inside(base.services["cloudresourcemanager"]),
            )
        gcp.sql.User(
            f"postgres-user-{plan.key}",
            name=plan.database_user(base.gcp_project),
            instance=self._args.postgres.primary.name,
            type="CLOUD_IAM_SERVICE_ACCOUNT",
            # A user that owns objects cannot be dropped (terraform-provider-google#4299); it goes with its instance.
            deletion_policy="ABANDON",
            opts=self.inside(account),
        )
