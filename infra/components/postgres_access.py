"""Who may enter PostgreSQL and what they are handed: service accounts, IAM users, connection strings (CONN, COR-18).

No password exists: a user signs in with a token of its service account. What it may do inside the database is granted
by the schema step, not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.encryption import Encryption
from infra.components.postgres import Postgres
from infra.components.project_services import ProjectServices
from infra.derive.names import Names
from infra.derive.postgres import PostgresPlan, UserPlan

_SIGN_IN_ROLES = ("roles/cloudsql.client", "roles/cloudsql.instanceUser")
_AUDITED = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")


@dataclass(frozen=True)
class PostgresAccessArgs:
    """What the users are built from."""

    plan: PostgresPlan
    names: Names
    gcp_project: str
    region: str
    postgres: Postgres
    encryption: Encryption
    services: ProjectServices


class PostgresAccess(Component):
    """One service account a user; sign-in only to this platform's instances; secrets only that account can read."""

    connection_secrets: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: PostgresAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._audit()
        self._certificates = self._secret("postgres-server-ca", args.postgres.server_certificates)
        secrets: dict[str, pulumi.Output[str]] = {}
        for user in args.plan.users:
            member = self._user(user)
            self._readable("postgres-server-ca", user.key, self._certificates, member)
            for endpoint in user.endpoints:
                key = f"postgres-{user.key}-{endpoint}"
                secret = self._secret(key, self._connection_string(user, endpoint))
                self._readable(key, user.key, secret, member)
                secrets[f"{user.key}-{endpoint}"] = secret.id
        self.connection_secrets = secrets
        self.register_outputs({"connectionSecrets": secrets})

    def _connection_string(self, user: UserPlan, endpoint: str) -> str:
        plan = self._args.plan
        return user.connection_string(self._args.gcp_project, plan.hosts[endpoint], plan.database)

    def _user(self, plan: UserPlan) -> pulumi.Output[str]:
        """Create the account, its grants and its database user; returns the IAM member."""
        args = self._args
        account = gcp.serviceaccount.Account(
            f"account-{plan.key}",
            account_id=plan.account_id,
            display_name=f"PostgreSQL user {plan.key}",
            opts=self.inside(args.services["iam"]),
        )
        for role in _SIGN_IN_ROLES:
            gcp.projects.IAMMember(
                f"sign-in-{plan.key}-{role.rpartition('.')[2]}",
                project=args.gcp_project,
                role=role,
                member=account.member,
                condition=self._own_instances(),
                opts=self.inside(args.services["cloudresourcemanager"]),
            )
        gcp.sql.User(
            f"postgres-user-{plan.key}",
            name=plan.database_user(args.gcp_project),
            instance=args.postgres.primary.name,
            type="CLOUD_IAM_SERVICE_ACCOUNT",
            # A user that owns objects cannot be dropped (terraform-provider-google#4299); it goes with its instance.
            deletion_policy="ABANDON",
            opts=self.inside(account),
        )
        member: pulumi.Output[str] = account.member
        return member

    def _own_instances(self) -> dict[str, str]:
        args = self._args
        prefix = f"projects/{args.gcp_project}/instances/{args.names.of('postgres')}"
        return {
            "title": "own-postgres-instances",
            "description": "Only this platform's PostgreSQL instances",
            "expression": f'resource.service == "sqladmin.googleapis.com" && resource.name.startsWith("{prefix}")',
        }

    def _secret(self, key: str, content: pulumi.Input[str]) -> gcp.secretmanager.Secret:
        args = self._args
        encryption = args.encryption.key("secrets", args.region)
        secret = gcp.secretmanager.Secret(
            f"secret-{key}",
            secret_id=args.names.of(key),
            replication={
                "user_managed": {
                    "replicas": [
                        {
                            "location": args.region,
                            "customer_managed_encryption": {"kms_key_name": encryption.key_id},
                        }
                    ]
                }
            },
            opts=self.inside(encryption.grant, args.services["secretmanager"]),
        )
        gcp.secretmanager.SecretVersion(
            f"secret-version-{key}",
            secret=secret.id,
            secret_data=content,
            # A new content makes a new version; the old one stays, disabled, for a client that must go back.
            deletion_policy="DISABLE",
            opts=self.inside(protect=False),
        )
        return secret

    def _readable(self, key: str, user: str, secret: gcp.secretmanager.Secret, member: pulumi.Output[str]) -> None:
        gcp.secretmanager.SecretIamMember(
            f"secret-reader-{key}-{user}",
            secret_id=secret.id,
            role="roles/secretmanager.secretAccessor",
            member=member,
            opts=self.inside(),
        )

    def _audit(self) -> None:
        """Switch on the data access logs, where pgAudit's rows land; they are off by default."""
        gcp.projects.IAMAuditConfig(
            "audit-cloudsql",
            project=self._args.gcp_project,
            service="cloudsql.googleapis.com",
            audit_log_configs=[{"log_type": kind} for kind in _AUDITED],
            opts=self.inside(self._args.services["cloudresourcemanager"]),
        )
