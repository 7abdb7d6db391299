"""Who may enter PostgreSQL and what they are handed: service accounts, IAM users, connection strings (CONN, COR-18).

A user signs in with a token of its service account; one that passes through a pool, which takes no tokens, with a
password (ADR 0022). What it may do inside the database is granted by the schema step, not here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.passwords import new_password
from infra.components.postgres import Postgres
from infra.components.secrets import Secrets
from infra.derive.pooler import SERVER_CERTIFICATES_SECRET
from infra.derive.postgres import PostgresPlan, UserPlan
from infra.derive.postgres_entrance import Door
from infra.settings.postgres import POOLER

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
    server_certificates: Sequence[pulumi.Resource]
    secrets: Secrets

    def __init__(self, name: str, args: PostgresAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._base = args.foundation
        self.secrets = keeper = Secrets(self, args.foundation)
        readers = [user.key for user in args.plan.users] + ([POOLER] if args.plan.pooler else [])
        keeper.put(SERVER_CERTIFICATES_SECRET, args.postgres.server_certificates, *readers)
        self.server_certificates = tuple(keeper.made)
        secrets: dict[str, pulumi.Output[str]] = {}
        for user in args.plan.users:
            self._iam_user(user)
            password = self._pooled_user(user) if user.is_pooled else None
            for purpose, door in user.doors.items():
                content = self._connection_string(user, door, password)
                secret = keeper.put(f"postgres-{user.key}-{purpose}", content, user.key)
                secrets[f"{user.key}-{purpose}"] = secret.id
        self.connection_secrets = secrets
        self.register_outputs({"connectionSecrets": secrets})

    def _connection_string(self, user: UserPlan, door: Door, password: pulumi.Output[str] | None) -> pulumi.Input[str]:
        name = user.database_user(self._base.gcp_project)
        if password is None:
            return door.connection_string(name)
        return password.apply(lambda known: door.connection_string(name, known))

    def _pooled_user(self, plan: UserPlan) -> pulumi.Output[str]:
        """Make a database user with a password, which pools can pass on; returns the password."""
        base, tier = self._base, self._args.plan
        password = new_password(self, f"postgres-password-{plan.key}", tier.password_version)
        gcp.sql.User(
            f"postgres-pooled-user-{plan.key}",
            name=plan.key,
            instance=self._args.postgres.primary.name,
            type="BUILT_IN",
            password_wo=password,
            password_wo_version=tier.password_version,
            database_roles=plan.database_roles,
            # A user that owns objects cannot be dropped (terraform-provider-google#4299); it goes with its instance.
            deletion_policy="ABANDON",
            opts=self.inside(),
        )
        if tier.pooler:
            gcp.secretmanager.SecretIamMember(
                f"pooler-authority-reader-{plan.key}",
                secret_id=f"projects/{base.gcp_project}/secrets/{tier.pooler.certificate_authority}",
                role="roles/secretmanager.secretAccessor",
                member=base.identities.member(plan.key),
                opts=self.inside(base.services["secretmanager"]),
            )
        return password

    def _iam_user(self, plan: UserPlan) -> None:
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
            name=plan.account_user(base.gcp_project),
            instance=self._args.postgres.primary.name,
            type="CLOUD_IAM_SERVICE_ACCOUNT",
            # A user that owns objects cannot be dropped (terraform-provider-google#4299); it goes with its instance.
            deletion_policy="ABANDON",
            opts=self.inside(account),
        )
