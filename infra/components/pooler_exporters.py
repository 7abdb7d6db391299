"""What the exporters on the pooler's machines sign in with, and what their account may read for it (ADR 0028)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.passwords import new_password
from infra.components.postgres import Postgres
from infra.components.secrets import Secrets
from infra.derive.exporters import PASSWORD_SECRET, Exporters
from infra.derive.pooler import PoolerPlan
from infra.settings.postgres import MONITOR, POOLER


@dataclass(frozen=True)
class PoolerExportersArgs:
    """What they are built from."""

    plan: PoolerPlan
    exporters: Exporters
    password_version: int
    postgres: Postgres
    foundation: Foundation


class PoolerExporters(Component):
    """The monitoring role's user, and the rights of the machines' account.

    No machine waits for these: an exporter whose secret is not there yet is started again until it is.
    """

    def __init__(self, name: str, args: PoolerExportersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._base = args.foundation
        if args.exporters.asks_postgres:
            self._sign_in()
        for secret in args.exporters.given:
            self._read(secret)
        if args.exporters.repository != args.plan.repository:
            self._image()
        self.register_outputs({})

    def _sign_in(self) -> None:
        args = self._args
        password = new_password(self, "monitor-password", args.password_version)
        gcp.sql.User(
            "monitor-user",
            name=MONITOR,
            instance=args.postgres.primary.name,
            type="BUILT_IN",
            password_wo=password,
            password_wo_version=args.password_version,
            database_roles=args.plan.monitor_roles,
            # As every other user: it goes with its instance (terraform-provider-google#4299).
            deletion_policy="ABANDON",
            opts=self.inside(),
        )
        Secrets(self, self._base).put(PASSWORD_SECRET, password, POOLER)

    def _read(self, secret: str) -> None:
        """Let the machines' account read a secret that was made by hand."""
        base = self._base
        gcp.secretmanager.SecretIamMember(
            f"exporter-secret-reader-{secret}",
            secret_id=f"projects/{base.gcp_project}/secrets/{secret}",
            role="roles/secretmanager.secretAccessor",
            member=base.identities.member(POOLER),
            opts=self.inside(base.services["secretmanager"]),
        )

    def _image(self) -> None:
        repository = self._args.exporters.repository
        gcp.artifactregistry.RepositoryIamMember(
            "exporter-image-reader",
            project=repository.project,
            location=repository.location,
            repository=repository.name,
            role="roles/artifactregistry.reader",
            member=self._base.identities.member(POOLER),
            opts=self.inside(),
        )
