"""Queries of PostgreSQL from BigQuery: a connection, the database user behind it, and who may use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.encryption import ENCRYPT_DECRYPT
from infra.components.foundation import Foundation
from infra.components.passwords import new_password
from infra.components.postgres import Postgres
from infra.derive.bigquery import FederationPlan


@dataclass(frozen=True)
class FederationArgs:
    """What the way into PostgreSQL is built from."""

    plan: FederationPlan
    location: str
    foundation: Foundation
    postgres: Postgres


class Federation(Component):
    """A connection to one instance, over the private path of Google's services.

    A connection signs in with a password and nothing else. It is made here, written to both ends through write-only
    fields, and kept nowhere else; what the user may read is granted by the schema step.
    """

    program_grants: Mapping[str, pulumi.Resource]

    def __init__(self, name: str, args: FederationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._base = args.foundation
        self._key = args.foundation.encryption.key("bigquery", args.location)
        password = new_password(self, "bigquery-password", args.plan.password_version)
        connection = self._connection(password, self._user(password))
        self._let_reach(connection)
        for group in args.plan.user_groups:
            self._let_use(connection, group, f"group:{group}")
        self.program_grants = {
            program: self._let_use(connection, program, self._base.identities.member(program))
            for program in args.plan.user_programs
        }
        self.register_outputs({"connection": connection.name})

    def _user(self, password: pulumi.Output[str]) -> gcp.sql.User:
        return gcp.sql.User(
            "bigquery-user",
            name=self._args.plan.user,
            # Replicas take their users from the primary.
            instance=self._args.postgres.primary.name,
            type="BUILT_IN",
            password_wo=password,
            password_wo_version=self._args.plan.password_version,
            database_roles=self._args.plan.database_roles,
            # A user that owns objects cannot be dropped (terraform-provider-google#4299); it goes with its instance.
            deletion_policy="ABANDON",
            opts=self.inside(),
        )

    def _connection(self, password: pulumi.Output[str], user: gcp.sql.User) -> gcp.bigquery.Connection:
        args = self._args
        plan, postgres = args.plan, args.postgres
        instance = postgres.replicas[plan.replica] if plan.replica else postgres.primary
        return gcp.bigquery.Connection(
            "bigquery-connection",
            connection_id=plan.connection,
            project=self._base.gcp_project,
            location=args.location,
            description="PostgreSQL, for EXTERNAL_QUERY",
            kms_key_name=self._key.key_id,
            cloud_sql={
                "instance_id": instance.connection_name,
                "database": postgres.database.name,
                "type": "POSTGRES",
                "credential": {
                    "username": user.name,
                    "password_wo": password,
                    "password_wo_version": str(plan.password_version),
                },
            },
            opts=self.inside(self._key.grant, self._key_grant()),
        )

    def _key_grant(self) -> pulumi.Resource:
        """Let the agent of connections encrypt the password it keeps; it is another one than the tables'."""
        grant: pulumi.Resource = gcp.kms.CryptoKeyIAMMember(
            "bigquery-connection-key",
            crypto_key_id=self._key.key_id,
            role=ENCRYPT_DECRYPT,
            member=self._base.services.agent_member("bigqueryconnection", self),
            opts=self.inside(),
        )
        return grant

    def _let_reach(self, connection: gcp.bigquery.Connection) -> None:
        """Let the connection's own account reach this platform's instances."""
        base = self._base
        account = connection.cloud_sql.apply(lambda sql: f"serviceAccount:{sql['service_account_id']}")
        gcp.projects.IAMMember(
            "bigquery-connection-client",
            project=base.gcp_project,
            role="roles/cloudsql.client",
            # The block is secret for the password in it; the account's address is not.
            member=pulumi.Output.unsecret(account),
            condition=self._args.postgres.own_instances,
            # A connection that moves to another instance gets another account: its grant is made anew with it.
            opts=self.inside(base.services["cloudresourcemanager"], protect=False),
        )

    def _let_use(
        self, connection: gcp.bigquery.Connection, name: str, member: pulumi.Input[str]
    ) -> gcp.bigquery.ConnectionIamMember:
        return gcp.bigquery.ConnectionIamMember(
            f"bigquery-connection-user-{name}",
            project=self._base.gcp_project,
            location=self._args.location,
            connection_id=connection.connection_id,
            role="roles/bigquery.connectionUser",
            member=member,
            opts=self.inside(),
        )
