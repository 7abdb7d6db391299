"""The programs that use the stores: one service account each, the same for every store it uses (ADR 0005)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.project_services import ProjectServices
from infra.derive.identities import IdentityPlan


@dataclass(frozen=True)
class IdentitiesArgs:
    """What the accounts are built from."""

    plans: tuple[IdentityPlan, ...]
    services: ProjectServices


class Identities(Component):
    """Service accounts without keys: a program runs as its account, and each store grants it what it may do there."""

    accounts: Mapping[str, gcp.serviceaccount.Account]

    def __init__(self, name: str, args: IdentitiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.accounts = {
            plan.key: gcp.serviceaccount.Account(
                f"account-{plan.key}",
                account_id=plan.account_id,
                display_name=f"Data platform client {plan.key}",
                opts=self.inside(args.services["iam"]),
            )
            for plan in args.plans
        }
        self.register_outputs({"accounts": {key: account.email for key, account in self.accounts.items()}})

    def __getitem__(self, client: str) -> gcp.serviceaccount.Account:
        """The account of a program; KeyError when no store names it."""
        return self.accounts[client]

    def member(self, client: str) -> pulumi.Output[str]:
        """The account as IAM policies name it."""
        member: pulumi.Output[str] = self.accounts[client].member
        return member
