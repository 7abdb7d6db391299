"""Who may enter the document store and what they are handed: users by workload identity, one secret (CONN, COR-15).

No password exists: a program signs in with a token of its own service account, which Atlas checks with Google.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_mongodbatlas as mongodbatlas

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.secrets import Secrets
from infra.derive.mongodb import MongodbPlan, MongodbUserPlan, SearchIndexPlan


@dataclass(frozen=True)
class MongodbAccessArgs:
    """The plan, the cluster and the private SRV string that leads to it."""

    plan: MongodbPlan
    cluster: mongodbatlas.AdvancedCluster
    private_srv: pulumi.Output[str]
    foundation: Foundation


class MongodbAccess(Component):
    """Database users without passwords, the connection string they read, and the indexes they search with."""

    secrets: Secrets

    def __init__(self, name: str, args: MongodbAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        plan = args.plan
        if plan.identity_provider:
            for user in plan.users:
                self._user(user, plan.identity_provider.id)
        for index in plan.search_indexes:
            self._search_index(index)
        # It holds no password; Secret Manager is the one way in which every store's connection is handed out.
        self.secrets = Secrets(self, args.foundation)
        secret = self.secrets.put(
            "mongodb-connection",
            args.private_srv.apply(plan.connection_string),
            *(user.key for user in plan.users),
        )
        self.register_outputs({"connectionSecret": secret.id})

    def _user(self, user: MongodbUserPlan, provider: str) -> None:
        cluster = self._args.cluster
        account = self._args.foundation.identities[user.key]
        mongodbatlas.DatabaseUser(
            f"mongodb-user-{user.key}",
            project_id=cluster.project_id,
            # Atlas compares with the token's `sub`, the account's number and not its address.
            username=account.unique_id.apply(lambda number: f"{provider}/{number}"),
            oidc_auth_type="USER",
            auth_database_name="$external",
            roles=[{"role_name": role, "database_name": self._args.plan.database} for role in user.roles],
            scopes=[{"name": cluster.name, "type": "CLUSTER"}],
            description=f"Service account of {user.key}",
            opts=self.inside(),
        )

    def _search_index(self, index: SearchIndexPlan) -> None:
        cluster = self._args.cluster
        mongodbatlas.SearchIndex(
            f"mongodb-search-{index.name}",
            name=index.name,
            project_id=cluster.project_id,
            cluster_name=cluster.name,
            database=self._args.plan.database,
            collection_name=index.collection,
            type="search",
            analyzer=index.analyzer,
            search_analyzer=index.analyzer,
            mappings_dynamic=False,
            mappings_fields=index.fields,
            opts=self.inside(),
        )
